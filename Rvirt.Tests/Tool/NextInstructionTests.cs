using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using CsCheck;
using NUnit.Framework;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;
using Rvirt.Tool.Debugging;

namespace Rvirt.Tests.Tool;

/// <summary>Where a hart goes on is where the reference hart does.</summary>
public sealed class NextInstructionTests
{
    private const ulong Start = Machine.DefaultRamBase + 0x10_0000;

    private static readonly string[] s_csrs = ["sstatus", "satp", "stvec", "scause", "sepc", "stval", "sie", "sip", "sscratch"];

    private static HartRegisters Registers(ulong pc, IReadOnlyList<ulong> x, ulong sepc = 0) => HartRegisters.Read(
        [$"pc 0x{pc:x16} (S)", .. s_csrs.Select(name => $"{name} 0x{(name == "sepc" ? sepc : 0):x16}"), .. FakeGuest.Names.Select((name, i) => $"{name} 0x{x[i]:x16}")]);

    // Jumps and branches of all kinds with anything in their other bits, and a few that go straight on.
    private static Gen<uint> Instructions => Gen.OneOf(
        Gen.UInt.Select(word => (word & ~0x7fu) | 0x6f),
        Gen.UInt.Select(word => (word & ~0x707fu) | 0x67),
        Gen.Select(Gen.UInt, Of(0, 1, 4, 5, 6, 7)).Select((word, kind) => (word & ~0x707fu) | (kind << 12) | 0x63),
        Gen.UInt.Select(word => (word & 0x1ffc) | 0xa001),
        Gen.Select(Gen.UInt, Gen.Bool).Select((word, equal) => (word & 0x1ffc) | (equal ? 0xc001u : 0xe001u)),
        Gen.Select(Gen.UInt[1, 31], Gen.Bool).Select((register, links) => (register << 7) | (links ? 0x9002u : 0x8002u)),
        Of(0x0000_0013, 0x0001, 0x0000_100f, 0x0000_0033, 0x8082));

    private static Gen<uint> Of(params uint[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    [Test]
    public void ItGoesWhereTheReferenceHartGoes()
    {
        using var machine = new Machine();
        var hart = machine.Hart;
        // Registers that differ in much, in little, or not at all.
        var registers = Gen.OneOf(Gen.ULong, Gen.ULong[0, 3], Gen.Const(ulong.MaxValue), Gen.ULong[Start, Start + 0x1000]).Array[32];
        Gen.Select(Instructions, registers).ForAll(
            (word, x) =>
            {
                x[0] = 0;
                machine.Write64(Start, word);
                x.CopyTo(hart.X);
                hart.Pc = Start;
                var next = NextInstruction.After(Registers(Start, x), at => at == Start ? word : null);
                machine.Run(1);
                Assert.That(next, Is.EqualTo([hart.Pc]), $"{word:x8}");
            },
            iter: 50_000);
    }

    [Test]
    public void AReturnFromATrapGoesToSepc() =>
        Assert.That(NextInstruction.After(Registers(Start, new ulong[32], sepc: 0x3f_0000_1234), _ => 0x1020_0073u), Is.EqualTo([0x3f_0000_1234UL]));

    [TestCase("lr.w t0, (a0)\nbne t0, t1, out\nsc.w t2, t3, (a0)\nnop\nout: nop\n", new ulong[] { 12, 16 })]
    [TestCase("again: lr.d t0, (a0)\nadd t0, t0, t1\nsc.d t2, t0, (a0)\nbnez t2, again\n", new ulong[] { 12 })]
    [TestCase("lr.w t0, (a0)\nbeqz t0, in\nadd t0, t0, t1\nin: sc.w t2, t3, (a0)\nnop\n", new ulong[] { 16 })]
    [TestCase("lr.w t0, (a0)\nret\nsc.w t2, t3, (a0)\n", new ulong[] { 4 })]
    public void AReservationIsOneStep(string source, ulong[] expected)
    {
        var code = MemoryMarshal.Cast<byte, uint>(Assembler.Assemble(source, Start)).ToArray();
        uint? Fetch(ulong at) => at - Start < 4 * (ulong)code.Length ? code[(at - Start) / 4] : null;
        Assert.That(NextInstruction.After(Registers(Start, new ulong[32]), Fetch).Select(at => at - Start), Is.EqualTo(expected));
    }

    [Test]
    public void WhereNothingIsToBeFetchedTheHandlerIsNext() =>
        Assert.That(NextInstruction.After(Registers(Start, new ulong[32]), _ => null), Is.EqualTo([0UL]));
}
