using System;
using System.Globalization;
using System.IO;
using System.Threading;

namespace Rvirt.Tool.Files;

/// <summary>
/// Files that appear whole or not at all: written beside their place and renamed once nothing can fail any more.
/// Each run writes to a file of its own, named after its process, so that two may make the same one: the last to be whole stays.
/// What a process left that was killed is removed by the next one that makes the file.
/// </summary>
/// <param name="files">Where they are.</param>
public sealed class WholeFile(IFiles files)
{
    private const string End = ".unfinished";

    private static int s_made;

    /// <summary>Those of this machine.</summary>
    public static WholeFile OnDisk { get; } = new(new DiskFiles());

    /// <summary>Makes or replaces a file.</summary>
    /// <param name="path">Where it shall be.</param>
    /// <param name="write">Writes it to the path it is given; when this throws, or gives false, the old file stays and nothing is left over.</param>
    /// <returns>What <paramref name="write"/> gave.</returns>
    public bool Make(string path, Func<string, bool> write)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full) ?? throw new IOException($"{path} is a folder");
        if (files.IsFolder(full))
        {
            throw new IOException($"{path} is a folder");
        }

        files.MakeFolder(folder);
        var begin = $".{Path.GetFileName(full)}.";
        RemoveLeft(folder, begin);
        var unfinished = Path.Combine(folder, FormattableString.Invariant($"{begin}{files.Process}-{Interlocked.Increment(ref s_made)}{End}"));
        try
        {
            if (write(unfinished))
            {
                files.Rename(unfinished, full);
                return true;
            }
        }
        catch
        {
            // Why it failed is told, not that what is left of it could not be removed either.
            try
            {
                files.Remove(unfinished);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
            }

            throw;
        }

        files.Remove(unfinished);
        return false;
    }

    /// <summary>Writes a stream to a new file, down to the disk, so that a full one is noticed here.</summary>
    public void Fill(string path, Stream content)
    {
        using var file = files.Create(path);
        content.CopyTo(file);
        files.Flush(file);
    }

    private void RemoveLeft(string folder, string begin)
    {
        foreach (var name in files.Find(folder, begin, End))
        {
            var owner = name[begin.Length..^End.Length].Split('-');
            if (owner.Length == 2 && int.TryParse(owner[0], NumberStyles.None, CultureInfo.InvariantCulture, out var process) && !files.IsRunning(process))
            {
                files.Remove(Path.Combine(folder, name));
            }
        }
    }
}
