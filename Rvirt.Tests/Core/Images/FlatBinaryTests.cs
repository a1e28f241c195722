using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Images;

namespace Rvirt.Tests.Core.Images;

/// <summary>Which instructions start-up code can hold, and where the check goes on behind each: a flat kernel has nothing else to be known by.</summary>
internal sealed class FlatBinaryTests
{
    /// <summary>What follows an instruction, as far as a file can show it.</summary>
    public enum Step
    {
        Wrong,
        Next,
        Unknown,
        Halt,
    }

    private static readonly byte[] Nop = [0x13, 0, 0, 0];

    private static readonly byte[] ShortNop = [0x01, 0];

    private static readonly byte[] Garbage = [0xff, 0xff, 0xff, 0xff];

    private static readonly byte[] Zeros = [0, 0];

    private static byte[] Word(uint instruction) =>
        BitConverter.GetBytes(instruction)[..((instruction & 3) == 3 ? 4 : 2)];

    private static bool IsCode(IEnumerable<byte[]> parts)
    {
        using var ram = new Ram(parts.SelectMany(part => part).ToArray(), fill: false);
        return ram.Check(out _) == ImageError.None;
    }

    private static IEnumerable<byte[]> Times(int count, byte[] part) => Enumerable.Repeat(part, count);

    private static Step Classify(uint instruction)
    {
        var word = Word(instruction);
        var ends = IsCode([Nop, Nop, word, .. Times(8, Garbage)]);
        return !IsCode([Nop, Nop, word, .. Times(2000, Nop)]) ? Step.Wrong
            : !ends ? Step.Next
            : IsCode([word, .. Times(8, Garbage)]) ? Step.Halt
            : Step.Unknown;
    }

    private static void AllFunctions(uint instruction, Step step, params int[] legal)
    {
        for (var function = 0; function < 8; function++)
        {
            Assert.That(Classify(instruction | ((uint)function << 12)), Is.EqualTo(Array.IndexOf(legal, function) >= 0 ? step : Step.Wrong), $"{instruction:x} function {function}");
        }
    }

    [TestCase(0x0000_8083u, new[] { 0, 1, 2, 3, 4, 5, 6 }, TestName = "loads")]
    [TestCase(0x0010_80a3u, new[] { 0, 1, 2, 3 }, TestName = "stores")]
    [TestCase(0x0000_000fu, new[] { 0, 1 }, TestName = "fences")]
    [TestCase(0x0010_8093u, new[] { 0, 1, 2, 3, 4, 5, 6, 7 }, TestName = "immediates")]
    [TestCase(0x0010_809bu, new[] { 0, 1, 5 }, TestName = "32-bit immediates")]
    [TestCase(0x0020_80b3u, new[] { 0, 1, 2, 3, 4, 5, 6, 7 }, TestName = "register")]
    [TestCase(0x0220_80b3u, new[] { 0, 1, 2, 3, 4, 5, 6, 7 }, TestName = "multiplications")]
    [TestCase(0x4020_80b3u, new[] { 0, 5 }, TestName = "sub and sra")]
    [TestCase(0x4020_80bbu, new[] { 0, 5 }, TestName = "subw and sraw")]
    [TestCase(0x0420_80b3u, new int[0], TestName = "no register instruction")]
    [TestCase(0x1000_0073u, new[] { 1, 2, 3, 5, 6, 7 }, TestName = "CSRs of S-mode")]
    [TestCase(0xc000_0073u, new[] { 1, 2, 3, 5, 6, 7 }, TestName = "CSRs of U-mode")]
    [TestCase(0x2000_0073u, new int[0], TestName = "CSRs of the hypervisor")]
    [TestCase(0x3000_0073u, new int[0], TestName = "CSRs of M-mode")]
    [TestCase(0xb000_0073u, new int[0], TestName = "counters of M-mode")]
    [TestCase(0x0000_0063u | (8 << 8), new[] { 0, 1, 4, 5, 6, 7 }, TestName = "branches")]
    [TestCase(0x0000_007bu, new int[0], TestName = "no opcode")]
    public void EachOpcodeHasItsFunctions(uint instruction, int[] legal) => AllFunctions(instruction, Step.Next, legal);

    [Test]
    public void AtomicsAreThoseOfTheExtension()
    {
        int[] operations = [0, 1, 2, 3, 4, 8, 12, 16, 20, 24, 28];
        for (var operation = 0; operation < 32; operation++)
        {
            AllFunctions(0x0020_80afu | ((uint)operation << 27), Step.Next, Array.IndexOf(operations, operation) >= 0 ? [2, 3] : []);
        }
    }

    [Test]
    public void AnIndirectJumpLeadsWhereNobodyKnows() => AllFunctions(0x0000_8067, Step.Unknown, 0);

    [TestCase(0x0000_0073u, Step.Next, TestName = "ecall")]
    [TestCase(0x1050_0073u, Step.Next, TestName = "wfi")]
    [TestCase(0x0010_0073u, Step.Unknown, TestName = "ebreak")]
    [TestCase(0x1020_0073u, Step.Unknown, TestName = "sret")]
    [TestCase(0x3020_0073u, Step.Wrong, TestName = "mret")]
    [TestCase(0x1200_0073u, Step.Next, TestName = "sfence.vma")]
    [TestCase(0x12b5_0073u, Step.Next, TestName = "sfence.vma a0, a1")]
    [TestCase(0x1200_00f3u, Step.Wrong, TestName = "sfence.vma with a destination")]
    [TestCase(0x0200_0073u, Step.Wrong, TestName = "no system instruction")]
    [TestCase(0x0000_0037u, Step.Next, TestName = "lui")]
    [TestCase(0x0000_0017u, Step.Next, TestName = "auipc")]
    [TestCase(0x0000_006fu, Step.Halt, TestName = "j .")]
    [TestCase(0x0000u, Step.Wrong, TestName = "zeros")]
    [TestCase(0x001cu, Step.Wrong, TestName = "c.addi4spn of nothing")]
    [TestCase(0x0020u, Step.Next, TestName = "c.addi4spn, lowest bit")]
    [TestCase(0x1000u, Step.Next, TestName = "c.addi4spn, highest bit")]
    [TestCase(0x2000u, Step.Wrong, TestName = "c.fld")]
    [TestCase(0x4000u, Step.Next, TestName = "c.lw")]
    [TestCase(0x6000u, Step.Next, TestName = "c.ld")]
    [TestCase(0x8000u, Step.Wrong, TestName = "reserved")]
    [TestCase(0xa000u, Step.Wrong, TestName = "c.fsd")]
    [TestCase(0xc000u, Step.Next, TestName = "c.sw")]
    [TestCase(0xe000u, Step.Next, TestName = "c.sd")]
    [TestCase(0x0001u, Step.Next, TestName = "c.nop")]
    [TestCase(0x2081u, Step.Next, TestName = "c.addiw ra")]
    [TestCase(0x2001u, Step.Wrong, TestName = "c.addiw x0")]
    [TestCase(0x4501u, Step.Next, TestName = "c.li a0")]
    [TestCase(0x6505u, Step.Next, TestName = "c.lui a0, 1")]
    [TestCase(0x7501u, Step.Next, TestName = "c.lui a0, the sign alone")]
    [TestCase(0x6581u, Step.Wrong, TestName = "c.lui a1, 0")]
    [TestCase(0x6101u, Step.Wrong, TestName = "c.addi16sp 0")]
    [TestCase(0x8d05u, Step.Next, TestName = "c.sub")]
    [TestCase(0xa001u, Step.Halt, TestName = "c.j .")]
    [TestCase(0xc101u, Step.Next, TestName = "c.beqz")]
    [TestCase(0xe101u, Step.Next, TestName = "c.bnez")]
    [TestCase(0x0506u, Step.Next, TestName = "c.slli a0")]
    [TestCase(0x0006u, Step.Wrong, TestName = "c.slli x0")]
    [TestCase(0x2502u, Step.Wrong, TestName = "c.fldsp")]
    [TestCase(0x4502u, Step.Next, TestName = "c.lwsp a0")]
    [TestCase(0x4002u, Step.Wrong, TestName = "c.lwsp x0")]
    [TestCase(0x6502u, Step.Next, TestName = "c.ldsp a0")]
    [TestCase(0x6002u, Step.Wrong, TestName = "c.ldsp x0")]
    [TestCase(0x8002u, Step.Wrong, TestName = "c.jr x0")]
    [TestCase(0x8082u, Step.Unknown, TestName = "ret")]
    [TestCase(0x9002u, Step.Unknown, TestName = "c.ebreak")]
    [TestCase(0x9082u, Step.Unknown, TestName = "c.jalr ra")]
    [TestCase(0x852eu, Step.Next, TestName = "c.mv a0, a1")]
    [TestCase(0x952eu, Step.Next, TestName = "c.add a0, a1")]
    [TestCase(0xa502u, Step.Wrong, TestName = "c.fsdsp")]
    [TestCase(0xc02au, Step.Next, TestName = "c.swsp")]
    [TestCase(0xe02au, Step.Next, TestName = "c.sdsp")]
    public void EachInstructionLeadsOnAsItDoes(uint instruction, Step step) => Assert.That(Classify(instruction), Is.EqualTo(step));

    [Test]
    public void AnIndirectJumpComesAfterTwoOthers()
    {
        var ret = Word(0x8082);
        Assert.That(IsCode([ret, .. Times(8, Nop)]), Is.False);
        Assert.That(IsCode([Nop, ret, .. Times(8, Nop)]), Is.False);
        Assert.That(IsCode([Nop, Nop, ret, .. Times(8, Nop)]), Is.True);
    }

    [Test]
    public void SixteenInstructionsAreEnough()
    {
        Assert.That(IsCode([.. Times(16, Nop), Garbage]), Is.True);
        Assert.That(IsCode([.. Times(15, Nop), Garbage]), Is.False);
    }

    [Test]
    public void AFileEndsBetweenInstructions()
    {
        Assert.That(IsCode([Nop, Nop, Nop, ShortNop, ShortNop]), Is.True);
        Assert.That(IsCode([Nop, Nop, Nop, ShortNop, Zeros]), Is.False);
        Assert.That(IsCode([Nop, Nop, Nop, ShortNop, Nop[..2]]), Is.False);
    }

    // Both jump eight bytes back, the second as c.j.
    [Test]
    public void ALoopIsCode([Values(0xff9f_f06fu, 0xbfe5u)] uint jumpBack) => Assert.That(IsCode([Nop, Nop, Word(jumpBack), .. Times(8, Garbage)]), Is.True);

    // A jump to garbage is found out, and one over garbage is not: each bit of the offset counts.
    [Test]
    public void AJumpLeadsToItsTarget([Range(2, 18)] int bit)
    {
        var offset = 1 << bit;
        Assert.That(Jumps(Jump(offset), offset, Garbage), Is.False, "jal to garbage");
        Assert.That(Jumps(Jump(offset), offset, Word(0x6f)), Is.True, "jal over garbage");
        if (bit < 11)
        {
            Assert.That(Jumps(CompressedJump(offset), offset, Garbage), Is.False, "c.j to garbage");
            Assert.That(Jumps(CompressedJump(offset), offset, Word(0x6f)), Is.True, "c.j over garbage");
        }
    }

    private static bool Jumps(uint jump, int offset, byte[] target)
    {
        var file = new byte[offset + 16];
        file.AsSpan().Fill(target == Garbage ? (byte)0 : (byte)0xff);
        if (target == Garbage)
        {
            // Everything but the target is code.
            for (var at = 0; at < file.Length; at += 2)
            {
                ShortNop.CopyTo(file, at);
            }
        }

        Word(jump).CopyTo(file, 0);
        target.CopyTo(file, offset);
        using var ram = new Ram(file, fill: false);
        return ram.Check(out _) == ImageError.None;
    }

    [Test]
    public void ABranchStaysInTheFile([Range(1, 11)] int bit)
    {
        var offset = 1 << bit;
        Assert.That(Branches(Branch(offset), offset + 2), Is.True, "branch to the last instruction");
        Assert.That(bit < 2 || !Branches(Branch(offset), offset), "branch to the end");
        if (bit < 8)
        {
            Assert.That(Branches(CompressedBranch(offset), offset + 2), Is.True, "c.beqz to the last instruction");
            Assert.That(Branches(CompressedBranch(offset), offset), Is.False, "c.beqz to the end");
        }
    }

    [Test]
    public void ABranchBackStaysInTheFile()
    {
        Assert.That(Branches(Branch(-60), 62), Is.True);
        Assert.That(Branches(Branch(-62), 62), Is.False);
        Assert.That(Branches(CompressedBranch(-60), 62), Is.True);
        Assert.That(Branches(CompressedBranch(-62), 62), Is.False);
    }

    // The branch is the sixteenth instruction, so that a file can end right behind it.
    private static bool Branches(uint branch, int lengthBehind)
    {
        var word = Word(branch);
        IEnumerable<byte[]> file = [.. Times(15, Nop), word, .. Times(Math.Max(0, (lengthBehind - word.Length) / 2), ShortNop)];
        return IsCode(file);
    }

    /// <summary>Jumps and branches encoded from the tables of the unprivileged specification (§2.5, §26.4).</summary>
    private static uint Bits(int offset, int high, int low, int at) => (uint)((offset >> low) & ((1 << (high - low + 1)) - 1)) << at;

    private static uint Jump(int offset) =>
        0x6f | Bits(offset, 20, 20, 31) | Bits(offset, 10, 1, 21) | Bits(offset, 11, 11, 20) | Bits(offset, 19, 12, 12);

    private static uint CompressedJump(int offset) =>
        0xa001 | Bits(offset, 11, 11, 12) | Bits(offset, 4, 4, 11) | Bits(offset, 9, 8, 9) | Bits(offset, 10, 10, 8)
        | Bits(offset, 6, 6, 7) | Bits(offset, 7, 7, 6) | Bits(offset, 3, 1, 3) | Bits(offset, 5, 5, 2);

    private static uint Branch(int offset) =>
        0x63 | Bits(offset, 12, 12, 31) | Bits(offset, 10, 5, 25) | Bits(offset, 4, 1, 8) | Bits(offset, 11, 11, 7);

    private static uint CompressedBranch(int offset) =>
        0xc001 | Bits(offset, 8, 8, 12) | Bits(offset, 4, 3, 10) | Bits(offset, 7, 6, 5) | Bits(offset, 2, 1, 3) | Bits(offset, 5, 5, 2);
}
