using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.Instructions;

namespace Rvirt.Tests.Core.Instructions;

public class InstructionTableTests
{
    private static IEnumerable<InstructionId> Ids()
    {
        for (var id = 1; id <= InstructionTable.Count; id++)
        {
            yield return (InstructionId)id;
        }
    }

    [Test]
    public void EveryIdHasARowOfItsName()
    {
        Assert.That(Enum.GetValues<InstructionId>(), Has.Length.EqualTo(InstructionTable.Count + 1));
        foreach (var id in Ids())
        {
            var name = Encoding.ASCII.GetString(InstructionTable.Name(id)).Replace(".", "", StringComparison.Ordinal);
            Assert.That(name, Is.EqualTo(id.ToString().ToLowerInvariant()));
        }
    }

    [Test]
    public void EveryRowIsFoundByItsOwnPattern()
    {
        foreach (var id in Ids())
        {
            Assert.That(InstructionTable.Find(InstructionTable.Match(id)), Is.EqualTo(id));
            var free = ~InstructionTable.Mask(id) & ((InstructionTable.Match(id) & 3) == 3 ? uint.MaxValue : 0xffff);
            Assert.That(InstructionTable.Find(InstructionTable.Match(id) | free), Is.EqualTo(id));
        }
    }

    [Test]
    public void NoWordMatchesTwoRows()
    {
        foreach (var a in Ids())
        {
            foreach (var b in Ids())
            {
                var common = InstructionTable.Mask(a) & InstructionTable.Mask(b);
                var same = (InstructionTable.Match(a) & common) == (InstructionTable.Match(b) & common);
                Assert.That(a != b && same, Is.False, $"{a} and {b} overlap");
            }
        }
    }

    [Test]
    public void DisassemblesAsBinutilsDoes()
    {
        var lines = File.ReadAllLines(Path.Combine(TestContext.CurrentContext.TestDirectory, "Core/Instructions/corpus.txt"));
        var text = new byte[Disassembler.MaximumLength];
        var seen = 0;
        foreach (var line in lines)
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            var split = line.IndexOf(' ', StringComparison.Ordinal);
            var word = uint.Parse(line[..split], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var length = Disassembler.Write(word, text);
            Assert.That(Encoding.ASCII.GetString(text, 0, length), Is.EqualTo(line[(split + 1)..]), line);
            seen++;
        }

        Assert.That(seen, Is.GreaterThan(1000));
    }

    [Test]
    public void LoadAndStoreOperandsAgreeWithTheText()
    {
        // c.lwsp x0 and c.ldsp x0 are reserved (Unprivileged spec §26.3).
        Assert.That(MemoryOperation.TryDecode(0x4002, out _), Is.False);
        Assert.That(MemoryOperation.TryDecode(0x6002, out _), Is.False);
        Assert.That(MemoryOperation.TryDecode(0x0000_0073, out _), Is.False);
        Assert.That(MemoryOperation.TryDecode(0xfff5_b503, out var ld), Is.True);
        Assert.That((ld.Id, ld.Base, ld.Destination, ld.Size, ld.Offset, ld.Length), Is.EqualTo((InstructionId.Ld, (byte)11, (byte)10, (byte)8, -1L, (byte)4)));
        Assert.That(MemoryOperation.TryDecode(0xfea5_8fa3, out var sb), Is.True);
        Assert.That((sb.Id, sb.Base, sb.Source, sb.Size, sb.Offset), Is.EqualTo((InstructionId.Sb, (byte)11, (byte)10, (byte)1, -1L)));
    }
}
