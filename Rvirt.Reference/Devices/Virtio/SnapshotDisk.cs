using System;
using System.Collections.Generic;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>A file as a disk. What is written stays in memory: the file never changes.</summary>
public sealed class SnapshotDisk : IDisk, IDisposable
{
    private const int BlockSize = 4096;

    private readonly SafeFileHandle _file;
    private readonly Dictionary<long, byte[]> _written = [];

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file; what is behind its last whole sector is no part of the disk.</param>
    public SnapshotDisk(string path)
    {
        _file = File.OpenHandle(path);
        Length = RandomAccess.GetLength(_file) / VirtioBlock.SectorSize * VirtioBlock.SectorSize;
    }

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var within = (int)(offset % BlockSize);
            var length = Math.Min(BlockSize - within, destination.Length);
            if (_written.TryGetValue(offset / BlockSize, out var block))
            {
                block.AsSpan(within, length).CopyTo(destination);
            }
            else
            {
                RandomAccess.Read(_file, destination[..length], offset);
            }

            destination = destination[length..];
            offset += length;
        }
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            var number = offset / BlockSize;
            var within = (int)(offset % BlockSize);
            var length = Math.Min(BlockSize - within, source.Length);
            if (!_written.TryGetValue(number, out var block))
            {
                block = new byte[BlockSize];
                RandomAccess.Read(_file, block, number * BlockSize);
                _written.Add(number, block);
            }

            source[..length].CopyTo(block.AsSpan(within));
            source = source[length..];
            offset += length;
        }
    }

    /// <summary>Closes the file; what was written is gone.</summary>
    public void Dispose() => _file.Dispose();
}
