using System;
using System.IO;

namespace Rvirt.Tool.Files;

/// <summary>Files that appear whole or not at all: written beside their place and renamed once nothing can fail any more.</summary>
public static class WholeFile
{
    /// <summary>Makes or replaces a file.</summary>
    /// <param name="path">Where it shall be.</param>
    /// <param name="write">Writes it to the path it is given; when this throws, or gives false, the old file stays and nothing is left over.</param>
    /// <returns>What <paramref name="write"/> gave.</returns>
    public static bool Make(string path, Func<string, bool> write)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full) ?? throw new IOException($"{path} is a folder");
        if (Directory.Exists(full))
        {
            throw new IOException($"{path} is a folder");
        }

        Directory.CreateDirectory(folder);
        var unfinished = Path.Combine(folder, $".{Path.GetFileName(full)}.unfinished");
        try
        {
            var good = write(unfinished);
            if (good)
            {
                File.Move(unfinished, full, overwrite: true);
            }

            return good;
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>Writes a stream to a new file, down to the disk, so that a full one is noticed here.</summary>
    public static void Fill(string path, Stream content)
    {
        using var file = File.Create(path);
        content.CopyTo(file);
        file.Flush(flushToDisk: true);
    }
}
