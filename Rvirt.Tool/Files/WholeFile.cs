using System;
using System.IO;

namespace Rvirt.Tool.Files;

/// <summary>Files that appear whole or not at all: written beside their place and renamed once nothing can fail any more.</summary>
/// <param name="files">Where they are.</param>
public sealed class WholeFile(IFiles files)
{
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
        var unfinished = Path.Combine(folder, $".{Path.GetFileName(full)}.unfinished");
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
}
