using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Rvirt.Reference.Assembly;

/// <summary>Builds riscv64 ELF files, sound and otherwise (ELF-64 object file format, chapters 3 and 5).</summary>
public sealed class ElfBuilder
{
    /// <summary>Where a file of <see cref="Sound"/> is loaded and entered, unless it is said otherwise.</summary>
    public const ulong Base = 0x80200000;

    private readonly List<Segment> _segments = [];

    /// <summary><c>e_entry</c>: address of the first instruction.</summary>
    public ulong Entry { get; set; } = Base;

    /// <summary><c>e_machine</c>; 243 is RISC-V.</summary>
    public ushort Machine { get; set; } = 243;

    /// <summary>A file with two segments to load, the first with memory behind its content, that nothing is wrong with.</summary>
    public static ElfBuilder Sound() => new ElfBuilder().Load(Base, Code(64), 4096).Load(Base + 0x2000, Code(100), 100);

    /// <summary>Bytes that are no instructions, but of which each can be told from its neighbours.</summary>
    /// <param name="length">How many.</param>
    public static byte[] Code(int length)
    {
        var code = new byte[length];
        for (var i = 0; i < length; i++)
        {
            code[i] = (byte)((i * 7) + 1);
        }

        return code;
    }

    /// <summary>A file with a program at one place, entered at its first byte.</summary>
    /// <param name="code">The program.</param>
    /// <param name="address">Its physical and virtual address.</param>
    public static byte[] Program(ReadOnlySpan<byte> code, ulong address) =>
        new ElfBuilder { Entry = address }.Load(address, code.ToArray(), (ulong)code.Length).Build();

    /// <summary>Adds a segment that is to be loaded (PT_LOAD).</summary>
    /// <param name="physical"><c>p_paddr</c>.</param>
    /// <param name="content">Its bytes in the file.</param>
    /// <param name="memorySize"><c>p_memsz</c>.</param>
    /// <param name="virtualAddress"><c>p_vaddr</c>; the same as the physical one where it is null.</param>
    /// <returns>This builder.</returns>
    public ElfBuilder Load(ulong physical, byte[] content, ulong memorySize, ulong? virtualAddress = null) =>
        Add(new Segment(1, physical, virtualAddress ?? physical, content, memorySize));

    /// <summary>Adds a segment of any kind.</summary>
    /// <param name="segment">The segment; nothing of it is checked.</param>
    /// <returns>This builder.</returns>
    public ElfBuilder Add(Segment segment)
    {
        _segments.Add(segment);
        return this;
    }

    /// <summary>The file: header at 0, program headers at 64, contents behind.</summary>
    public byte[] Build()
    {
        var contents = 64 + (_segments.Count * 56);
        var total = contents;
        foreach (var segment in _segments)
        {
            total += segment.Content.Length;
        }

        var file = new byte[total];
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(file, 0);
        Put16(file, 16, 2);
        Put16(file, 18, Machine);
        Put32(file, 20, 1);
        Put64(file, 24, Entry);
        Put64(file, 32, 64);
        Put16(file, 52, 64);
        Put16(file, 54, 56);
        Put16(file, 56, (ushort)_segments.Count);
        var header = 64;
        foreach (var segment in _segments)
        {
            Put32(file, header, segment.Type);
            Put64(file, header + 8, (ulong)contents);
            Put64(file, header + 16, segment.Virtual);
            Put64(file, header + 24, segment.Physical);
            Put64(file, header + 32, (ulong)segment.Content.Length);
            Put64(file, header + 40, segment.MemorySize);
            Put64(file, header + 48, 0x1000);
            segment.Content.CopyTo(file, contents);
            contents += segment.Content.Length;
            header += 56;
        }

        return file;
    }

    /// <summary>Overwrites 16 bits of a file, little-endian.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where in it.</param>
    /// <param name="value">The bits.</param>
    public static void Put16(byte[] file, int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(offset), value);

    /// <summary>Overwrites 32 bits of a file, little-endian.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where in it.</param>
    /// <param name="value">The bits.</param>
    public static void Put32(byte[] file, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(offset), value);

    /// <summary>Overwrites 64 bits of a file, little-endian.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where in it.</param>
    /// <param name="value">The bits.</param>
    public static void Put64(byte[] file, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(offset), value);

    /// <summary>A segment, as its program header has it (ELF-64 object file format, chapter 5).</summary>
    /// <param name="Type"><c>p_type</c>: 1 is one to load.</param>
    /// <param name="Physical"><c>p_paddr</c>.</param>
    /// <param name="Virtual"><c>p_vaddr</c>.</param>
    /// <param name="Content">Its bytes in the file, <c>p_filesz</c> of them.</param>
    /// <param name="MemorySize"><c>p_memsz</c>.</param>
    public sealed record Segment(uint Type, ulong Physical, ulong Virtual, byte[] Content, ulong MemorySize);
}
