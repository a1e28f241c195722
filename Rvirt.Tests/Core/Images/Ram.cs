using System;
using Rvirt.Core.Images;
using Rvirt.Core.Memory;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Core.Images;

/// <summary>A guest's RAM at 0x80000000, filled with 0xee unless told otherwise, and a file to load into it; both end before forbidden pages.</summary>
internal sealed unsafe class Ram : IDisposable
{
    public const ulong Base = 0x80000000;

    private readonly GuardedBuffer _memory;
    private readonly GuardedBuffer _file;

    public Ram(ReadOnlySpan<byte> file, int length = 0x300000, bool fill = true)
    {
        _memory = new GuardedBuffer(length);
        if (fill)
        {
            _memory.Span.Fill(0xee);
        }

        _file = new GuardedBuffer(file);
    }

    public GuestMemory Memory => new(Base, _memory.Length, 0x1_0000_0000, _memory.Pointer);

    public Span<byte> FileBytes => _file.Span;

    public ImageError Check(out KernelImage image) => KernelImage.Check(_file.Pointer, _file.Length, Base, _memory.Length, out image);

    public Span<byte> At(ulong address, int length) => _memory.Span.Slice((int)(address - Base), length);

    public void Dispose()
    {
        _memory.Dispose();
        _file.Dispose();
    }
}
