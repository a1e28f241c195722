using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using ICSharpCode.Decompiler.IL;
using Rvirt.Aot.Options;

namespace Rvirt.Aot.Linking;

/// <summary>The name of a compiled module in an <see cref="ObjectCache"/>: a hash of the compiler, its options and every assembly that it reads.</summary>
public static class ModuleKey
{
    /// <summary>Makes the key. Options that only assembly files or the linker see are not part of it: images that share a module differ in those.</summary>
    /// <param name="options">What is compiled, and how.</param>
    /// <param name="coreLibrary">System.Private.CoreLib.dll, in the folder of the rest of the framework.</param>
    /// <returns>Null where something is missing; the compiler says what.</returns>
    public static string? Of(CompilerOptions options, string coreLibrary)
    {
        var framework = Path.GetDirectoryName(Path.GetFullPath(coreLibrary));
        if (!Directory.Exists(framework) || options.Roots.Concat(options.References).Any(path => !File.Exists(path)) || ObjectKey.Identify(options.Clang) is not { } clang)
        {
            return null;
        }
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ObjectKey.Add(hash, $"{typeof(ModuleKey).Module.ModuleVersionId} {typeof(ILReader).Module.ModuleVersionId} {clang}");
        ObjectKey.Add(hash, string.Create(CultureInfo.InvariantCulture, $"{options.Optimization} {options.Architecture} {options.StackLimit} {options.CheckOnly}"));
        AddList(hash, options.Exports);
        AddList(hash, options.PathMap);
        // An installed package is not written to again.
        AddList(hash, [coreLibrary, .. new DirectoryInfo(framework).GetFiles("*.dll").OrderBy(file => file.Name, StringComparer.Ordinal).Select(Identify)]);
        AddFiles(hash, options.Roots);
        AddFiles(hash, options.References);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Identify(FileInfo file) => string.Create(CultureInfo.InvariantCulture, $"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}");

    private static void AddList(IncrementalHash hash, IReadOnlyList<string> texts)
    {
        ObjectKey.Add(hash, string.Create(CultureInfo.InvariantCulture, $"{texts.Count}"));
        foreach (var text in texts)
        {
            ObjectKey.Add(hash, text);
        }
    }

    /// <summary>Assemblies and the source positions beside them.</summary>
    private static void AddFiles(IncrementalHash hash, IReadOnlyList<string> paths)
    {
        AddList(hash, [.. paths.Select(path => Path.GetFileName(path))]);
        foreach (var path in paths.SelectMany(path => new[] { path, Path.ChangeExtension(path, ".pdb") }))
        {
            var bytes = File.Exists(path) ? File.ReadAllBytes(path) : [];
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
    }
}
