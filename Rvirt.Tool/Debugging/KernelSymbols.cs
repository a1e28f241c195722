using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;

namespace Rvirt.Tool.Debugging;

/// <summary>An ELF file with nothing but symbols, of what a kernel says of itself in <c>/proc/kallsyms</c>: <c>ADDRESS TYPE NAME</c> a line, and a module's name behind that.</summary>
public static class KernelSymbols
{
    private const int HeaderBytes = 64;
    private const int SectionBytes = 64;
    private const ushort Absolute = 0xfff1;

    // Code without floating point, as kernels are: gdb asks for f registers elsewhere.
    private const uint Compressed = 1;
    private const byte Function = 2;
    private const byte Global = 1 << 4;

    /// <summary>Makes the file's bytes.</summary>
    /// <param name="lines">The lines.</param>
    /// <exception cref="FormatException">They name no function with an address: only root sees those.</exception>
    public static byte[] Make(IEnumerable<string> lines)
    {
        var symbols = lines.Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)).Where(words => words.Length >= 3)
            .Select(words => (Address: ulong.Parse(words[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), IsCode: words[1] is "t" or "T" or "w" or "W", Name: words[2]))
            .ToList();
        var code = symbols.Where(symbol => symbol.IsCode && symbol.Address != 0).Select(symbol => symbol.Address).ToList();
        if (code.Count == 0)
        {
            throw new FormatException("no function has an address: let root read /proc/kallsyms, with kernel.kptr_restrict=0");
        }

        using var names = new MemoryStream();
        names.WriteByte(0);
        using var table = new MemoryStream();
        using var writer = new BinaryWriter(table);
        writer.Write(new byte[24]);
        foreach (var symbol in symbols)
        {
            writer.Write((uint)names.Position);
            writer.Write((byte)(Global | (symbol.IsCode ? Function : 0)));
            writer.Write((byte)0);
            writer.Write(symbol.IsCode ? (ushort)1 : Absolute);
            writer.Write(symbol.Address);
            writer.Write(0UL);
            names.Write(Encoding.UTF8.GetBytes(symbol.Name + "\0"));
        }

        return File(code.Min(), code.Max() - code.Min() + 4, table.ToArray(), names.ToArray());
    }

    // The header, five sections' headers, and what they have: the code is nowhere.
    private static byte[] File(ulong start, ulong length, byte[] table, byte[] names)
    {
        const int Sections = 5;
        var titles = Encoding.ASCII.GetBytes("\0.text\0.symtab\0.strtab\0.shstrtab\0");
        var at = (ulong)(HeaderBytes + (Sections * SectionBytes));
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        writer.Write((ushort)2);
        writer.Write((ushort)243);
        writer.Write(1u);
        writer.Write(start);
        writer.Write(0UL);
        writer.Write((ulong)HeaderBytes);
        writer.Write(Compressed);
        foreach (var number in new ushort[] { HeaderBytes, 56, 0, SectionBytes, Sections, Sections - 1 })
        {
            writer.Write(number);
        }

        void Section(uint title, uint type, ulong flags, ulong address, ulong offset, ulong size, uint link, uint info, ulong alignment, ulong entry)
        {
            writer.Write(title);
            writer.Write(type);
            writer.Write(flags);
            writer.Write(address);
            writer.Write(offset);
            writer.Write(size);
            writer.Write(link);
            writer.Write(info);
            writer.Write(alignment);
            writer.Write(entry);
        }

        Section(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        Section(1, 8, 6, start, at, length, 0, 0, 2, 0);
        Section(7, 2, 0, 0, at, (ulong)table.Length, 3, 1, 8, 24);
        Section(15, 3, 0, 0, at + (ulong)table.Length, (ulong)names.Length, 0, 0, 1, 0);
        Section(23, 3, 0, 0, at + (ulong)(table.Length + names.Length), (ulong)titles.Length, 0, 0, 1, 0);
        writer.Write(table);
        writer.Write(names);
        writer.Write(titles);
        return file.ToArray();
    }
}
