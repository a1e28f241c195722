using System;
using System.Buffers.Binary;
using Rvirt.Core.Memory;

namespace Rvirt.Core.Images;

/// <summary>A 64-bit little-endian riscv ELF executable (System V gABI, chapters 4 and 5), loaded by its program headers at its physical addresses.</summary>
internal static unsafe class ElfFile
{
    private const int HeaderLength = 64;
    private const int ProgramHeaderLength = 56;
    private const int MaximumProgramHeaders = 64;
    private const byte Class64 = 2;
    private const byte LittleEndian = 1;
    private const byte CurrentVersion = 1;
    private const ushort TypeExecutable = 2;
    private const ushort TypeDynamic = 3;
    private const ushort MachineRiscv = 243;
    private const uint SegmentLoad = 1;
    private const uint SegmentInterpreter = 3;

    public static ReadOnlySpan<byte> Magic => [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    public static ImageError Check(byte* file, ulong length, ulong ramBase, ulong ramLength, out KernelImage image)
    {
        image = default;
        var error = CheckHeader(file, length, out var headers, out var count, out var entry);
        if (error != ImageError.None)
        {
            return error;
        }

        var start = ulong.MaxValue;
        var end = 0UL;
        for (var i = 0; i < count; i++)
        {
            var segment = ReadSegment(file, headers, i);
            if (segment.Type == SegmentInterpreter)
            {
                return ImageError.ElfNeedsInterpreter;
            }

            if (segment.Type != SegmentLoad || segment is { MemorySize: 0, FileSize: 0 })
            {
                continue;
            }

            error = CheckSegment(segment, length, ramBase, ramLength);
            if (error != ImageError.None)
            {
                return error;
            }

            start = Math.Min(start, segment.Physical);
            end = Math.Max(end, segment.Physical + segment.MemorySize);
        }

        if (end == 0)
        {
            return ImageError.ElfNothingToLoad;
        }

        if (HasOverlap(file, headers, count))
        {
            return ImageError.ElfSegmentsOverlap;
        }

        if (!TryEntry(file, headers, count, entry, out entry))
        {
            return ImageError.ElfWrongEntry;
        }

        image = new KernelImage(file, length, ImageKind.Elf, entry, start, end);
        return ImageError.None;
    }

    public static bool Load(byte* file, ulong length, in GuestMemory memory)
    {
        if (Check(file, length, memory.GuestBase, memory.Length, out _) != ImageError.None)
        {
            return false;
        }

        CheckHeader(file, length, out var headers, out var count, out _);
        for (var i = 0; i < count; i++)
        {
            var segment = ReadSegment(file, headers, i);
            if (segment.Type == SegmentLoad
                && !(Blocks.TryCopy(memory, segment.Physical, file + segment.Offset, segment.FileSize)
                    && Blocks.TryClear(memory, segment.Physical + segment.FileSize, segment.MemorySize - segment.FileSize)))
            {
                return false;
            }
        }

        return true;
    }

    private static ImageError CheckHeader(byte* file, ulong length, out ulong headers, out int count, out ulong entry)
    {
        headers = 0;
        count = 0;
        entry = 0;
        if (length < HeaderLength)
        {
            return ImageError.ElfHeaderTruncated;
        }

        // SAFETY: that many bytes are there, checked above.
        var header = new ReadOnlySpan<byte>(file, HeaderLength);
        if (header[4] != Class64)
        {
            return ImageError.ElfWrongClass;
        }

        if (header[5] != LittleEndian)
        {
            return ImageError.ElfWrongEndianness;
        }

        if (header[6] != CurrentVersion || BinaryPrimitives.ReadUInt32LittleEndian(header[20..]) != CurrentVersion)
        {
            return ImageError.ElfWrongVersion;
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(header[18..]) != MachineRiscv)
        {
            return ImageError.ForeignMachine;
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(header[16..]) is not (TypeExecutable or TypeDynamic))
        {
            return ImageError.ElfWrongType;
        }

        entry = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        headers = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        count = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        return BinaryPrimitives.ReadUInt16LittleEndian(header[54..]) == ProgramHeaderLength
            && count is > 0 and <= MaximumProgramHeaders
            && headers <= length
            && (ulong)count * ProgramHeaderLength <= length - headers
            ? ImageError.None
            : ImageError.ElfWrongProgramHeaders;
    }

    private static ImageError CheckSegment(in Segment segment, ulong length, ulong ramBase, ulong ramLength)
    {
        if (segment.FileSize > segment.MemorySize || (segment.Alignment & (segment.Alignment - 1)) != 0)
        {
            return ImageError.ElfWrongSegment;
        }

        if (segment.Offset > length || segment.FileSize > length - segment.Offset)
        {
            return ImageError.ElfSegmentTruncated;
        }

        var place = segment.Physical - ramBase;
        return segment.Physical < ramBase || place > ramLength || segment.MemorySize > ramLength - place
            ? ImageError.ElfSegmentOutside
            : ImageError.None;
    }

    private static bool HasOverlap(byte* file, ulong headers, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var one = ReadSegment(file, headers, i);
            for (var j = 0; j < i && one is { Type: SegmentLoad, MemorySize: not 0 }; j++)
            {
                var other = ReadSegment(file, headers, j);
                if (other is { Type: SegmentLoad, MemorySize: not 0 }
                    && one.Physical < other.Physical + other.MemorySize
                    && other.Physical < one.Physical + one.MemorySize)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The entry point is a virtual address where the kernel is linked at other addresses than it is loaded at.</summary>
    private static bool TryEntry(byte* file, ulong headers, int count, ulong entry, out ulong physical)
    {
        physical = 0;
        var found = false;
        for (var i = 0; i < count; i++)
        {
            var segment = ReadSegment(file, headers, i);
            if (segment.Type != SegmentLoad)
            {
                continue;
            }

            if (entry - segment.Virtual < segment.FileSize)
            {
                physical = segment.Physical + (entry - segment.Virtual);
                found = true;
                break;
            }

            if (entry - segment.Physical < segment.FileSize)
            {
                physical = entry;
                found = true;
            }
        }

        return found && (physical & 1) == 0;
    }

    private static Segment ReadSegment(byte* file, ulong headers, int index)
    {
        // SAFETY: the header check has found all program headers to be in the file.
        var header = new ReadOnlySpan<byte>(file + headers + ((ulong)index * ProgramHeaderLength), ProgramHeaderLength);
        return new Segment
        {
            Type = BinaryPrimitives.ReadUInt32LittleEndian(header),
            Offset = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]),
            Virtual = BinaryPrimitives.ReadUInt64LittleEndian(header[16..]),
            Physical = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]),
            FileSize = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]),
            MemorySize = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]),
            Alignment = BinaryPrimitives.ReadUInt64LittleEndian(header[48..]),
        };
    }

    private struct Segment
    {
        public uint Type;
        public ulong Offset;
        public ulong Virtual;
        public ulong Physical;
        public ulong FileSize;
        public ulong MemorySize;
        public ulong Alignment;
    }
}
