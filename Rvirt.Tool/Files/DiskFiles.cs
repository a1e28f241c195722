using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Rvirt.Tool.Files;

/// <summary>The files of this machine.</summary>
public sealed class DiskFiles : IFiles
{
    /// <inheritdoc/>
    public bool IsFolder(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public void MakeFolder(string path) => Directory.CreateDirectory(path);

    /// <inheritdoc/>
    public Stream Create(string path) => File.Create(path);

    /// <inheritdoc/>
    public void Flush(Stream file) => ((FileStream)file).Flush(flushToDisk: true);

    /// <inheritdoc/>
    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <inheritdoc/>
    public void Remove(string path) => File.Delete(path);

    /// <inheritdoc/>
    public IEnumerable<string> Find(string folder, string begin, string end) => [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))
        .Where(name => name.StartsWith(begin, StringComparison.Ordinal) && name.EndsWith(end, StringComparison.Ordinal))];

    /// <inheritdoc/>
    public int Process => Environment.ProcessId;

    /// <inheritdoc/>
    public bool IsRunning(int process) => Directory.Exists($"/proc/{process}");
}
