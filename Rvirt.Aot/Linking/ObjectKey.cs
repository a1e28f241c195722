using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Rvirt.Aot.Linking;

/// <summary>The name of an object in an <see cref="ObjectCache"/>: a hash of the tool, its arguments and every file that it reads.</summary>
public static partial class ObjectKey
{
    /// <summary>Makes the key of an object that is compiled of a source and what the source includes.</summary>
    /// <param name="tool">The compiler, as it is started.</param>
    /// <param name="arguments">Its arguments, without names of files that differ from run to run.</param>
    /// <param name="source">The source file.</param>
    /// <param name="includes">Where its includes are looked for, after its own directory.</param>
    /// <returns>Null where it cannot be told which files are read: such an object is made each time.</returns>
    public static string? Of(string tool, IEnumerable<string> arguments, string source, IReadOnlyList<string> includes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (Identify(tool) is not { } program)
        {
            return null;
        }
        Add(hash, program);
        foreach (var argument in arguments)
        {
            Add(hash, argument);
        }
        return AddFile(hash, source, includes, []) ? Convert.ToHexStringLower(hash.GetHashAndReset()) : null;
    }

    private static bool AddFile(IncrementalHash hash, string path, IReadOnlyList<string> includes, HashSet<string> seen)
    {
        if (!seen.Add(path))
        {
            return true;
        }
        var text = File.ReadAllText(path);
        Add(hash, text);
        if (Path.GetExtension(path) is not (".S" or ".inc" or ".h"))
        {
            return true;
        }
        foreach (Match line in Include().Matches(text))
        {
            // What is not a plain #include "NAME" may name any file.
            if (line.Groups["name"] is not { Success: true, Value: var name })
            {
                return false;
            }
            var found = includes.Prepend(Path.GetDirectoryName(path)!).Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
            if (found is null || !AddFile(hash, found, includes, seen))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Adds a text so that no two sequences of texts are the same bytes.</summary>
    internal static void Add(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }

    /// <summary>Tells a program from another one, and from itself in another version; null where it is not installed.</summary>
    internal static string? Identify(string tool)
    {
        var places = tool.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? [tool]
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(directory => Path.Combine(directory, tool));
        return places.Select(path => new FileInfo(path)).Where(file => file.Exists)
            .Select(file => file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target ? target : file)
            .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}")).FirstOrDefault();
    }

    [GeneratedRegex("""^[ \t]*(?:#[ \t]*(?:include|include_next|embed)\b(?:[ \t]*"(?<name>[^"\n]+)")?|.*(?:\.include|\.incbin|__has_include)\b)""", RegexOptions.Multiline)]
    private static partial Regex Include();
}
