using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Linking;
using Rvirt.Aot.Llvm;
using Rvirt.Aot.Loading;
using Rvirt.Aot.Options;
using Rvirt.Aot.Policy;

namespace Rvirt.Aot.Cli;

/// <summary>Runs the whole compiler: load, compile, verify, write, link.</summary>
public static class CompilerDriver
{
    /// <summary>Compiles an image; errors go to <paramref name="diagnostics"/>.</summary>
    public static bool Run(CompilerOptions options, DiagnosticBag diagnostics, TextWriter log)
    {
        var watch = Stopwatch.StartNew();
        if (CoreLibraryLocator.Find(options.CoreLibrary) is not { } coreLibrary)
        {
            diagnostics.Add(DiagnosticCode.MissingAssembly, "the core library was not found; name System.Private.CoreLib.dll with --corelib");
            return false;
        }
        var paths = PathMap.Parse(options.PathMap, out var bad);
        if (bad is not null)
        {
            diagnostics.Add(DiagnosticCode.BadOption, $"--path-map {bad} is not of the form FROM=TO");
            return false;
        }
        if (options.CheckOnly)
        {
            return Compile(options, coreLibrary, paths, null, "", watch, diagnostics, log);
        }
        var key = options.ObjectCache is null ? null : ModuleKey.Of(options, coreLibrary);
        var directory = options.EmitLlvm ?? Path.Combine(Path.GetTempPath(), $"rvirt-aot-{Environment.ProcessId}-{Guid.NewGuid():N}");
        try
        {
            // What is asked for as LLVM assembly is compiled in any case.
            if (key is not null && options.EmitLlvm is null && new ImageLinker(options, paths, diagnostics).LinkKnown(key, directory, out var note) is { } linked)
            {
                if (note.Length > 0)
                {
                    log.WriteLine(note);
                }
                if (options.Verbose)
                {
                    log.WriteLine($"the module is that of an earlier run; clang and lld {watch.ElapsedMilliseconds} ms");
                }
                return linked;
            }
            return Compile(options, coreLibrary, paths, key, directory, watch, diagnostics, log);
        }
        finally
        {
            if (options.EmitLlvm is null && Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    private static bool Compile(
        CompilerOptions options, string coreLibrary, PathMap paths, string? key, string directory, Stopwatch watch, DiagnosticBag diagnostics, TextWriter log)
    {
        if (ProgramLoader.Load(options.Roots, options.References, coreLibrary, diagnostics) is not { } loaded)
        {
            return false;
        }
        var load = watch.ElapsedMilliseconds;
        var compiler = new ProgramCompiler(loaded, diagnostics);
        if (options.CheckOnly)
        {
            compiler.RunOnEverything();
        }
        else
        {
            compiler.Run(options.Exports);
        }
        if (diagnostics.HasErrors)
        {
            return false;
        }
        foreach (var error in IrVerifier.Verify(compiler.Module))
        {
            diagnostics.Add(DiagnosticCode.Internal, error);
        }
        if (diagnostics.HasErrors || options.CheckOnly)
        {
            log.WriteLine(options.CheckOnly ? $"{compiler.InstanceCount} methods checked" : "");
            return !diagnostics.HasErrors;
        }
        var lower = watch.ElapsedMilliseconds;
        var text = LlvmWriter.Write(compiler.Module, nameOfSource: paths.Apply);
        var offsets = AsmOffsetsFile.Build(loaded.Modules, compiler.Layouts);
        var write = watch.ElapsedMilliseconds;
        string CheckFrames(IReadOnlyDictionary<string, int> frames)
        {
            var depth = new StackUse(new CallGraph(compiler.Module), frames, diagnostics).Check(compiler.Module, options.StackLimit.Value);
            var note = $"stack: {depth.Bytes} bytes at most, through {string.Join(" / ", depth.Path)}";
            log.WriteLine(note);
            return note;
        }

        if (!new ImageLinker(options, paths, diagnostics).Link(text, offsets, directory, key, options.StackLimit is null ? null : CheckFrames))
        {
            return false;
        }
        if (options.Verbose)
        {
            log.WriteLine($"{compiler.InstanceCount} methods; load {load} ms, compile {lower - load} ms, write {write - lower} ms, clang and lld {watch.ElapsedMilliseconds - write} ms");
        }
        return true;
    }
}
