using System;
using System.CommandLine;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Options;

namespace Rvirt.Aot.Cli;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        var roots = new Option<string[]>("--root") { Description = "Assembly whose exports are compiled.", AllowMultipleArgumentsPerToken = true, Required = true };
        var references = new Option<string[]>("--reference") { Description = "Assembly that the roots use.", AllowMultipleArgumentsPerToken = true };
        var exports = new Option<string[]>("--export") { Description = "Export to compile; all when none is named.", AllowMultipleArgumentsPerToken = true };
        var assembly = new Option<string[]>("--asm") { Description = "Assembly file to link in.", AllowMultipleArgumentsPerToken = true };
        var includes = new Option<string[]>("--include") { Description = "Directory of includes of assembly files.", AllowMultipleArgumentsPerToken = true };
        var script = new Option<string?>("--linker-script") { Description = "Linker script." };
        var defines = new Option<string[]>("--define") { Description = "NAME=VALUE for assembly files and the linker script.", AllowMultipleArgumentsPerToken = true };
        var pathMap = new Option<string[]>("--path-map") { Description = "FROM=TO: what debug information calls the paths that begin with FROM.", AllowMultipleArgumentsPerToken = true };
        var pie = new Option<bool>("--pie") { Description = "Link a static-pie that relocates itself." };
        var optimization = new Option<string>("--opt") { Description = "0, 1, 2, s or 3.", DefaultValueFactory = _ => "2" };
        var output = new Option<string>("--output") { Description = "ELF to write.", DefaultValueFactory = _ => "image.elf" };
        var emit = new Option<string?>("--emit-llvm") { Description = "Directory to leave LLVM assembly and objects in." };
        var cache = new Option<string?>("--object-cache") { Description = "Directory of objects of earlier runs: what did not change is taken from there." };
        var flat = new Option<string?>("--flat") { Description = "File for the image's bytes as they lie in memory." };
        var symbols = new Option<string?>("--symbols") { Description = "File for addresses and names." };
        var corelib = new Option<string?>("--corelib") { Description = "System.Private.CoreLib.dll, or its directory." };
        var march = new Option<string>("--march") { Description = "Instruction set.", DefaultValueFactory = _ => CompilerOptions.DefaultArchitecture };
        var stackLimit = new Option<int?>("--stack-limit") { Description = "Most bytes of stack that an export may use; recursion is refused then." };
        var check = new Option<bool>("--check") { Description = "Compile every method of the roots that is not generic, and write nothing." };
        var verbose = new Option<bool>("--verbose") { Description = "Print what took how long." };
        var command = new RootCommand("Compiles freestanding C# to a riscv64 ELF. What follows -- is the next image; the first that fails is the last.")
        {
            roots, references, exports, assembly, includes, script, defines, pathMap, pie, optimization, output, emit, cache, flat, symbols, corelib, march, stackLimit, check, verbose,
        };
        command.SetAction(parsed =>
        {
            var diagnostics = new DiagnosticBag();
            var succeeded = CompilerDriver.Run(
                new CompilerOptions
                {
                    Roots = parsed.GetValue(roots)!,
                    References = parsed.GetValue(references) ?? [],
                    Exports = parsed.GetValue(exports) ?? [],
                    Assembly = parsed.GetValue(assembly) ?? [],
                    Includes = parsed.GetValue(includes) ?? [],
                    LinkerScript = parsed.GetValue(script),
                    Defines = parsed.GetValue(defines) ?? [],
                    PathMap = parsed.GetValue(pathMap) ?? [],
                    IsPositionIndependent = parsed.GetValue(pie),
                    Optimization = parsed.GetValue(optimization)!,
                    Output = parsed.GetValue(output)!,
                    EmitLlvm = parsed.GetValue(emit),
                    ObjectCache = parsed.GetValue(cache),
                    FlatBinary = parsed.GetValue(flat),
                    Symbols = parsed.GetValue(symbols),
                    CoreLibrary = parsed.GetValue(corelib),
                    Architecture = parsed.GetValue(march)!,
                    StackLimit = parsed.GetValue(stackLimit),
                    CheckOnly = parsed.GetValue(check),
                    Verbose = parsed.GetValue(verbose),
                },
                diagnostics,
                Console.Error);
            foreach (var diagnostic in diagnostics.All)
            {
                Console.Error.WriteLine(diagnostic);
            }
            return succeeded && !diagnostics.HasErrors ? 0 : 1;
        });
        for (var start = 0; ;)
        {
            var end = Array.IndexOf(arguments, "--", start);
            var status = command.Parse(end < 0 ? arguments[start..] : arguments[start..end]).Invoke();
            if (status != 0 || end < 0)
            {
                return status;
            }
            start = end + 1;
        }
    }
}
