using System;
using System.IO;

namespace Rvirt.Tests.SystemTests;

/// <summary>A folder that goes away with its test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rvirt-test-");

    /// <summary>The path of a file in it.</summary>
    public string File(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Puts a file into it and gives its path.</summary>
    public string Write(string name, ReadOnlySpan<byte> content)
    {
        using var stream = System.IO.File.Create(File(name));
        stream.Write(content);
        return File(name);
    }

    /// <summary>A sparse copy of a disk, or of the guest's root disk where none is named.</summary>
    public string CopyDisk(string name, string? from = null)
    {
        var (status, output) = Commands.Run("cp", ["--sparse=always", "--reflink=auto", from ?? Repository.Disk, File(name)]);
        return status == 0 ? File(name) : throw new IOException(output);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
