using System;
using System.Runtime.InteropServices;

namespace Rvirt.Testing.Memory;

/// <summary>Bytes that end right before a page nobody may touch: a read past the end kills the test run.</summary>
// SAFETY: the mapping is made in the constructor, is as long as the bytes and a page, and is there until Dispose; the guard page is no part of the span.
public sealed unsafe class GuardedBuffer : IDisposable
{
    private const int PageSize = 4096;
    private readonly nint _mapping;
    private readonly nuint _mapped;

    /// <summary>Maps bytes that are zero.</summary>
    /// <param name="length">How many; memory is taken as they are touched.</param>
    public GuardedBuffer(long length)
    {
        var pages = (nuint)((length + PageSize - 1) / PageSize * PageSize);
        _mapped = pages + PageSize;
        _mapping = Map(0, _mapped, 3, 0x4022, -1, 0);
        if (_mapping == -1 || Protect(_mapping + (nint)pages, PageSize, 0) != 0)
        {
            throw new InvalidOperationException("mmap failed");
        }

        Pointer = (byte*)_mapping + (nint)pages - length;
        Length = (ulong)length;
    }

    /// <summary>Maps a copy.</summary>
    /// <param name="content">What is copied.</param>
    public GuardedBuffer(ReadOnlySpan<byte> content)
        : this(content.Length) => content.CopyTo(Span);

    /// <summary>The first byte; aligned as the length is, for the end is that of a page.</summary>
    public byte* Pointer { get; }

    /// <summary>How many bytes there are.</summary>
    public ulong Length { get; }

    /// <summary>All of them, where they are fewer than 2 GiB.</summary>
    public Span<byte> Span => new(Pointer, (int)Length);

    /// <summary>From now on nobody may touch the whole pages within these bytes either.</summary>
    /// <param name="offset">The first of them.</param>
    /// <param name="length">How many.</param>
    public void Forbid(long offset, long length)
    {
        var start = ((nint)Pointer + (nint)offset + PageSize - 1) / PageSize * PageSize;
        var end = ((nint)Pointer + (nint)(offset + length)) / PageSize * PageSize;
        if (Protect(start, (nuint)(end - start), 0) != 0)
        {
            throw new InvalidOperationException("mprotect failed");
        }
    }

    /// <summary>Unmaps them.</summary>
    public void Dispose() => _ = Unmap(_mapping, _mapped);

    [DllImport("libc", EntryPoint = "mmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Protect(nint address, nuint length, int protection);

    [DllImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unmap(nint address, nuint length);
}
