using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.PortableExecutable;
using ICSharpCode.Decompiler.Metadata;
using ICSharpCode.Decompiler.TypeSystem;
using ICSharpCode.Decompiler.TypeSystem.Implementation;
using Rvirt.Aot.Diagnostics;

namespace Rvirt.Aot.Loading;

/// <summary>Loads the roots and every assembly they reach, and makes one type system of them.</summary>
public sealed class ProgramLoader
{
    /// <summary>As near to the metadata as the reader allows; anything more changes what types look like.</summary>
    private const TypeSystemOptions Options = TypeSystemOptions.FunctionPointers | TypeSystemOptions.RefStructs;

    private readonly Dictionary<string, string> _paths = new(StringComparer.OrdinalIgnoreCase);
    private readonly DiagnosticBag _diagnostics;

    private ProgramLoader(DiagnosticBag diagnostics) => _diagnostics = diagnostics;

    /// <summary>Loads a program.</summary>
    /// <param name="roots">Assemblies whose exports are compiled.</param>
    /// <param name="references">Other assemblies; ones of the framework are ignored for those beside the core library.</param>
    /// <param name="coreLibrary">System.Private.CoreLib.dll; its directory holds the rest of the framework.</param>
    /// <param name="diagnostics">Where errors go.</param>
    public static LoadedProgram? Load(
        IReadOnlyList<string> roots, IReadOnlyList<string> references, string coreLibrary, DiagnosticBag diagnostics)
    {
        var loader = new ProgramLoader(diagnostics);
        return loader.LoadAll(roots, references, coreLibrary);
    }

    private LoadedProgram? LoadAll(IReadOnlyList<string> roots, IReadOnlyList<string> references, string coreLibrary)
    {
        foreach (var path in references.Concat(roots))
        {
            _paths[Path.GetFileNameWithoutExtension(path)] = path;
        }
        foreach (var path in Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(coreLibrary))!, "*.dll"))
        {
            _paths[Path.GetFileNameWithoutExtension(path)] = path;
        }
        _paths["System.Private.CoreLib"] = coreLibrary;
        foreach (var path in references.Where(path => !File.Exists(path)))
        {
            _diagnostics.Add(DiagnosticCode.MissingAssembly, $"assembly {path} does not exist");
        }
        if (_diagnostics.HasErrors)
        {
            return null;
        }

        var files = new Dictionary<string, PEFile>(StringComparer.OrdinalIgnoreCase);
        var queue = new Queue<string>(roots.Select(path => Path.GetFileNameWithoutExtension(path)!));
        queue.Enqueue("System.Private.CoreLib");
        while (queue.TryDequeue(out var name))
        {
            if (files.ContainsKey(name) || !_paths.TryGetValue(name, out var path))
            {
                continue;
            }
            if (!File.Exists(path))
            {
                _diagnostics.Add(DiagnosticCode.MissingAssembly, $"assembly {path} does not exist");
                return null;
            }
            var file = new PEFile(path, PEStreamOptions.PrefetchEntireImage);
            files.Add(name, file);
            foreach (var reference in file.AssemblyReferences)
            {
                queue.Enqueue(reference.Name);
            }
        }
        var rootFiles = roots.Select(path => files[Path.GetFileNameWithoutExtension(path)]).ToList();
        var others = files.Values.Except(rootFiles.Take(1)).Select(file => file.WithOptions(Options));
        var compilation = new SimpleCompilation(rootFiles[0].WithOptions(Options), others);
        var modules = compilation.Modules.OfType<MetadataModule>().ToList();
        var rootModules = rootFiles.Select(file => modules.Single(module => ReferenceEquals(module.MetadataFile, file))).ToList();
        return new LoadedProgram(compilation, rootModules, modules);
    }
}

/// <summary>The assemblies of a program under one type system.</summary>
public sealed record LoadedProgram(ICompilation Compilation, IReadOnlyList<MetadataModule> Roots, IReadOnlyList<MetadataModule> Modules);
