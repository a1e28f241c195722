using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Options;

namespace Rvirt.Aot.Linking;

/// <summary>Makes an ELF of LLVM assembly and assembly files.</summary>
public sealed class ImageLinker(CompilerOptions options, PathMap paths, DiagnosticBag diagnostics)
{
    private readonly ToolRunner _tools = new(diagnostics);

    private readonly ObjectCache? _cache = options.ObjectCache is { } directory ? new ObjectCache(directory) : null;

    private readonly List<string> _objects = [];

    /// <summary>Links a module of an earlier run with the assembly files.</summary>
    /// <param name="key">The module's key, see <see cref="ModuleKey"/>.</param>
    /// <param name="workDirectory">Directory for what lies between.</param>
    /// <param name="note">What was said of the module.</param>
    /// <returns>Whether that succeeded; null where there is no such module, and nothing was done.</returns>
    public bool? LinkKnown(string key, string workDirectory, out string note)
    {
        note = "";
        Directory.CreateDirectory(workDirectory);
        if (_cache?.TakeModule(key) is not { } module || !_cache.TryTake(module.ObjectKey, ModuleObject(workDirectory)))
        {
            return null;
        }
        note = module.Note;
        Assemble(null, module.Offsets, workDirectory);
        return !diagnostics.HasErrors && Link();
    }

    /// <summary>Compiles, assembles and links; false when any of it failed.</summary>
    /// <param name="llvm">The module as LLVM assembly.</param>
    /// <param name="offsets">Text of the generated include.</param>
    /// <param name="workDirectory">Directory for what lies between.</param>
    /// <param name="key">The key that later runs find the module by; null where none shall.</param>
    /// <param name="checkFrames">Given the frames of the compiled functions, when a stack limit is set; says how much stack they use.</param>
    public bool Link(string llvm, string offsets, string workDirectory, string? key = null, Func<IReadOnlyDictionary<string, int>, string>? checkFrames = null)
    {
        var objectKey = Assemble(llvm, offsets, workDirectory);
        var note = "";
        if (!diagnostics.HasErrors && checkFrames is not null && ReadFrames(ModuleObject(workDirectory)) is { } frames)
        {
            note = checkFrames(frames);
        }
        if (diagnostics.HasErrors)
        {
            return false;
        }
        if (key is not null && objectKey is not null)
        {
            _cache?.KeepModule(key, new CompiledModule(objectKey, note, offsets));
        }
        return Link();
    }

    /// <summary>Makes a file under a name that is this run's alone, as another one may make the same image at this moment, and renames it when it is whole.</summary>
    /// <returns>What <paramref name="make"/> returned; false where it is not whole, and nothing is left of it.</returns>
    private static bool Finish(string path, Func<string, bool> make)
    {
        var unfinished = $"{path}.{Guid.NewGuid():N}.unfinished";
        try
        {
            if (!make(unfinished))
            {
                return false;
            }
            File.Move(unfinished, path, overwrite: true);
            return true;
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    private static string ModuleObject(string workDirectory) => Path.Combine(workDirectory, "0.image.o");

    /// <summary>Makes the objects of the assembly files, and that of the module where it is not there.</summary>
    /// <returns>The key of the module's object; null where it was there, is not kept, or failed.</returns>
    private string? Assemble(string? llvm, string offsets, string workDirectory)
    {
        Directory.CreateDirectory(workDirectory);
        // Clang names a file without code after the place of its own temporary one.
        var scratch = Path.Combine(workDirectory, "scratch");
        Directory.CreateDirectory(scratch);
        _tools.TemporaryDirectory = scratch;
        File.WriteAllText(Path.Combine(workDirectory, AsmOffsetsFile.FileName), offsets);
        var runtime = Path.Combine(workDirectory, "memory.S");
        using (var resource = typeof(ImageLinker).Assembly.GetManifestResourceStream("Rvirt.Aot.Runtime.memory.S")!)
        using (var file = File.Create(runtime))
        {
            resource.CopyTo(file);
        }

        string? moduleKey = null;
        var jobs = new List<Action>();
        _objects.Clear();
        _objects.Add(ModuleObject(workDirectory));
        string[] target =
        [
            "--target=riscv64-unknown-elf", $"-march={options.Architecture}", "-mabi=lp64", "-mcmodel=medany", "-fpie",
            "-ffunction-sections", "-fdata-sections", "-Wno-unused-command-line-argument",
        ];
        // Constants kept in registers across a loop cost a trap handler that loops once the saving of those registers.
        if (llvm is not null)
        {
            var module = Path.Combine(workDirectory, "image.ll");
            File.WriteAllText(module, llvm);
            string[] arguments = [.. target, $"-O{options.Optimization}", "-Wno-override-module", "-fstack-size-section", "-mllvm", "-disable-machine-licm"];
            jobs.Add(() => moduleKey = Compile(module, ModuleObject(workDirectory), arguments, workDirectory));
        }
        // DWARF 5 would hold a checksum of the preprocessed text, in which clang writes the paths as they are.
        // Neither the caller's directory nor that of what lies between is a matter of the image.
        string[] names = ["-fdebug-compilation-dir=/_", .. paths.ForClang(), $"-ffile-prefix-map={workDirectory}=/_/Rvirt.Aot/Runtime", $"-ffile-prefix-map={scratch}=/_"];
        foreach (var source in options.Assembly.Append(runtime))
        {
            var made = Path.Combine(workDirectory, $"{_objects.Count}.{Path.GetFileNameWithoutExtension(source)}.o");
            _objects.Add(made);
            string[] arguments = [.. target, "-x", "assembler-with-cpp", "-gdwarf-4", .. names, $"-I{workDirectory}", .. options.Includes.Select(include => $"-I{include}"), .. options.Defines.Select(define => $"-D{define}")];
            jobs.Add(() => Compile(source, made, arguments, workDirectory));
        }
        Parallel.Invoke(new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, [.. jobs]);
        _cache?.Trim();
        return moduleKey;
    }

    private bool Link()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Output))!);
        var arguments = new List<string> { "--gc-sections", "--icf=all", "--print-icf-sections", "-X", "--no-dynamic-linker", "-z", "norelro", "-z", "nognustack", "--build-id=none" };
        arguments.AddRange(options.IsPositionIndependent
            ? ["-pie", "--pack-dyn-relocs=relr", "-z", "text"]
            : ["-static"]);
        if (options.LinkerScript is not null)
        {
            arguments.AddRange(["-T", options.LinkerScript]);
        }
        foreach (var define in options.Defines.Where(define => define.Contains('=', StringComparison.Ordinal)))
        {
            arguments.Add($"--defsym={define}");
        }
        arguments.AddRange(_objects);
        return Finish(options.Output, unfinished =>
            LinkFolded(["-o", unfinished, .. arguments]) && CheckRelocations(unfinished) && WriteSymbols(unfinished) && WriteFlatBinary(unfinished));
    }

    /// <summary>Links, and once more where lld folded functions that have places of their own.</summary>
    private bool LinkFolded(IReadOnlyList<string> arguments)
    {
        if (_tools.Capture(options.Linker, arguments) is not { } report)
        {
            return false;
        }
        var module = _objects[0];
        var apart = FoldedFunctions.ToKeepApart(report, module);
        if (apart.Count == 0)
        {
            return true;
        }
        // Lld finds only global symbols by name.
        var global = $"{module}.global";
        return _tools.Run(options.ObjCopy, [.. apart.Select(symbol => $"--globalize-symbol={symbol}"), module, global])
            && _tools.Run(options.Linker, [.. arguments.Select(argument => argument == module ? global : argument), .. apart.Select(symbol => $"--keep-unique={symbol}")]);
    }

    /// <summary>Makes an object, or takes it from those of earlier runs.</summary>
    /// <returns>The key that it is kept by; null where it is not kept.</returns>
    private string? Compile(string source, string target, IReadOnlyList<string> arguments, string workDirectory)
    {
        // The work directory is another one in each run; what of it is read is part of the key.
        var key = _cache is null
            ? null
            : ObjectKey.Of(options.Clang, arguments.Append(source).Select(argument => argument.Replace(workDirectory, "", StringComparison.Ordinal)), source, [workDirectory, .. options.Includes]);
        if (key is not null && _cache!.TryTake(key, target))
        {
            return key;
        }
        if (!_tools.Run(options.Clang, arguments.Concat(["-c", source, "-o", target])) || key is null)
        {
            return null;
        }
        _cache!.Keep(key, target);
        return key;
    }

    /// <summary>Bytes of stack of each function of an object, by symbol.</summary>
    private Dictionary<string, int>? ReadFrames(string path)
    {
        // Lines of a size and a name, below a heading.
        var lines = _tools.Capture(options.ReadElf, ["--stack-sizes", path])?.Split('\n').Select(line => line.Trim().Split(' ', 2));
        return lines?.Where(parts => parts.Length == 2 && int.TryParse(parts[0], out _)).ToDictionary(
            parts => parts[1].Trim(), parts => int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>The image applies only packed relative relocations itself (RELR, the ELF gABI's "Relative Relocation Table").</summary>
    private bool CheckRelocations(string image)
    {
        if (!options.IsPositionIndependent)
        {
            return true;
        }
        var text = _tools.Capture(options.ReadElf, ["-r", "--wide", image]);
        if (text is null)
        {
            return false;
        }
        // A pointer that is not aligned cannot be packed, and is listed elsewhere.
        var packed = false;
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith("Relocation section", StringComparison.Ordinal))
            {
                packed = line.Contains("'.relr.dyn'", StringComparison.Ordinal);
            }
            else if (!packed && line.Contains("R_RISCV_", StringComparison.Ordinal))
            {
                diagnostics.Add(DiagnosticCode.Relocation, $"the image needs a relocation it cannot apply: {line.Trim()}");
            }
        }
        return !diagnostics.HasErrors;
    }

    private bool WriteFlatBinary(string image)
    {
        if (options.FlatBinary is null)
        {
            return true;
        }
        return Finish(options.FlatBinary, unfinished => _tools.Run(options.ObjCopy, ["-O", "binary", image, unfinished]));
    }

    private bool WriteSymbols(string image)
    {
        if (options.Symbols is null)
        {
            return true;
        }
        var text = _tools.Capture(options.Nm, ["-n", "--defined-only", image]);
        if (text is null)
        {
            return false;
        }
        var lines = text.Split('\n')
            .Select(line => line.Split(' ', 3))
            .Where(parts => parts.Length == 3)
            .Select(parts => $"{parts[0]} {parts[2]}");
        return Finish(options.Symbols, unfinished =>
        {
            File.WriteAllLines(unfinished, lines);
            return true;
        });
    }
}
