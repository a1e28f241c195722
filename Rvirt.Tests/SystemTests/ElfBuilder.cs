using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Rvirt.Tests.SystemTests;

/// <summary>Makes small riscv64 ELF executables, sound or not (ELF-64 object file format, chapters 3 and 5).</summary>
internal static class ElfBuilder
{
    /// <summary>One PT_LOAD program header.</summary>
    public readonly record struct Segment(ulong Offset, ulong Address, ulong FileSize, ulong MemorySize);

    /// <summary>An executable whose segments all lie in the bytes behind the headers, which are nops.</summary>
    public static byte[] Make(ulong entry, IReadOnlyList<Segment> segments, ushort machine = 243, int length = 0x3000)
    {
        var file = new byte[length];
        for (var at = 0x1000; at + 4 <= length; at += 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), 0x13);
        }

        ((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(file);
        Half(16, 2);
        Half(18, machine);
        Word(20, 1);
        Long(24, entry);
        Long(32, 64);
        Half(52, 64);
        Half(54, 56);
        Half(56, (ushort)segments.Count);
        for (var i = 0; i < segments.Count; i++)
        {
            var header = 64 + 56 * i;
            Word(header, 1);
            Word(header + 4, 7);
            Long(header + 8, segments[i].Offset);
            Long(header + 16, segments[i].Address);
            Long(header + 24, segments[i].Address);
            Long(header + 32, segments[i].FileSize);
            Long(header + 40, segments[i].MemorySize);
            Long(header + 48, 0x1000);
        }

        return file;

        void Half(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
        void Word(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        void Long(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
    }
}
