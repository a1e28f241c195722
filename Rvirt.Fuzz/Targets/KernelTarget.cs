using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Rvirt.Core.Images;
using Rvirt.Core.Memory;
using Rvirt.Fuzz.Engine;
using Rvirt.Testing.Memory;

namespace Rvirt.Fuzz.Targets;

/// <summary>ELF, flat Image and flat binary loaders. What they load is what a second loader loads, byte for byte over all of the guest's RAM.</summary>
internal sealed unsafe class KernelTarget : IFuzzTarget
{
    private const ulong Base = 0x8000_0000;
    private const int RamLength = 0x28_0000;
    private const byte Untouched = 0xee;

    // One for all runs: it is as it was after each.
    private readonly GuardedBuffer _ram = new(RamLength);
    private readonly byte[] _expected = new byte[RamLength];

    public KernelTarget()
    {
        _ram.Span.Fill(Untouched);
        _expected.AsSpan().Fill(Untouched);
    }

    public string Name => "kernel";

    public int MaximumLength => 16384;

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1], [.. "RSC\x05"u8], [1, 0, 0, 0, 5, 0, 0, 0], [0xf3, 0], [0, 0, 0x20, 0x80, 0, 0, 0, 0],
        [0, 0, 0x28, 0x80, 0, 0, 0, 0], [0, 0, 0, 0x80, 0, 0, 0, 0], [0x13, 0, 0, 0], [0x6f, 0, 0, 0],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        using var file = new GuardedBuffer(input);
        var error = KernelImage.Check(file.Pointer, file.Length, Base, RamLength, out var image);
        if (error != ImageError.None)
        {
            return;
        }

        FuzzException.Require(image.Start >= Base && image.Start < image.End && image.End <= Base + RamLength, "the kernel is not in RAM");
        FuzzException.Require(image.Entry >= image.Start && image.Entry < image.End && image.Entry % 2 == 0, "the entry point is not in the kernel");
        var memory = new GuestMemory(Base, RamLength, 0x1_0000_0000, _ram.Pointer);
        FuzzException.Require(image.Load(memory), "a kernel that was checked does not load");
        Expect(input, image);
        FuzzException.Require(_ram.Span.SequenceEqual(_expected), "the loaders differ");
        FuzzException.Require(image.Load(memory) && _ram.Span.SequenceEqual(_expected), "loading it again is something else");
        FuzzException.Require(file.Span.SequenceEqual(input), "loading changed the file");

        var other = new GuestMemory(Base, 0x1000, 0x1_0000_0000, _ram.Pointer);
        if (image.End > Base + 0x1000)
        {
            FuzzException.Require(!image.Load(other) || image.Start < Base + 0x1000, "a kernel was loaded to RAM that it does not fit");
        }

        Range(image.Start, image.End, _ram.Span).Fill(Untouched);
        Range(image.Start, image.End, _expected).Fill(Untouched);
    }

    private static Span<byte> Range(ulong start, ulong end, Span<byte> ram) => ram[(int)(start - Base)..(int)(end - Base)];

    private void Expect(ReadOnlySpan<byte> file, in KernelImage image)
    {
        if (image.Kind != ImageKind.Elf)
        {
            Range(image.Start, image.End, _expected).Clear();
            file.CopyTo(Range(image.Start, image.End, _expected));
            return;
        }

        var headers = (int)BinaryPrimitives.ReadUInt64LittleEndian(file[32..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(file[56..]);
        var entered = false;
        for (var i = 0; i < count; i++)
        {
            var header = file.Slice(headers + (56 * i), 56);
            var size = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != 1 || size == 0)
            {
                continue;
            }

            var place = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
            var content = file.Slice((int)BinaryPrimitives.ReadUInt64LittleEndian(header[8..]), (int)BinaryPrimitives.ReadUInt64LittleEndian(header[32..]));
            var target = Range(place, place + size, _expected);
            target.Clear();
            content.CopyTo(target);
            entered |= image.Entry - place < (ulong)content.Length;
        }

        FuzzException.Require(entered, "the entry point is in no segment's file part");
    }
}
