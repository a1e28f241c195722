using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;

namespace Rvirt.Tests.Reference;

/// <summary>Integer instructions, by results worked out from the specification.</summary>
public sealed class IntegerTests
{
    private const ulong Minus1 = ulong.MaxValue, Min64 = 1UL << 63, Min32 = 0xffff_ffff_8000_0000;

    [TestCase("add", 5UL, 7UL, 12UL)]
    [TestCase("sub", 5UL, 7UL, Minus1 - 1)]
    [TestCase("sll", 1UL, 127UL, Min64)]
    [TestCase("slt", Minus1, 0UL, 1UL)]
    [TestCase("sltu", Minus1, 0UL, 0UL)]
    [TestCase("xor", 0xf0UL, 0xffUL, 0x0fUL)]
    [TestCase("srl", Min64, 63UL, 1UL)]
    [TestCase("sra", Min64, 63UL, Minus1)]
    [TestCase("or", 0xf0UL, 0x0fUL, 0xffUL)]
    [TestCase("and", 0xf0UL, 0x3cUL, 0x30UL)]
    [TestCase("addw", 0x7fff_ffffUL, 1UL, Min32)]
    [TestCase("subw", 0UL, 1UL, Minus1)]
    [TestCase("sllw", 1UL, 63UL, Min32)]
    [TestCase("srlw", 0x1_8000_0000UL, 31UL, 1UL)]
    [TestCase("sraw", 0x8000_0000UL, 4UL, 0xffff_ffff_f800_0000UL)]
    [TestCase("mul", 0x1_0000_0001UL, 0x1_0000_0001UL, 0x2_0000_0001UL)]
    [TestCase("mulh", Minus1, Minus1, 0UL)]
    [TestCase("mulhu", Minus1, Minus1, Minus1 - 1)]
    [TestCase("mulhsu", Minus1, Minus1, Minus1)]
    [TestCase("mulhsu", Min64, 2UL, Minus1)]
    [TestCase("div", 7UL, Minus1 - 1, Minus1 - 2)]
    [TestCase("div", 7UL, 0UL, Minus1)]
    [TestCase("div", Min64, Minus1, Min64)]
    [TestCase("divu", 7UL, 0UL, Minus1)]
    [TestCase("divu", Minus1, 2UL, 0x7fff_ffff_ffff_ffffUL)]
    [TestCase("rem", Minus1 - 6, 3UL, Minus1)]
    [TestCase("rem", Min64, Minus1, 0UL)]
    [TestCase("rem", 7UL, 0UL, 7UL)]
    [TestCase("remu", 7UL, 0UL, 7UL)]
    [TestCase("mulw", 0x10000UL, 0x8000UL, Min32)]
    [TestCase("divw", 0x8000_0000UL, Minus1, Min32)]
    [TestCase("divw", 1UL, 0x1_0000_0000UL, Minus1)]
    [TestCase("divuw", 0xffff_ffffUL, 1UL, Minus1)]
    [TestCase("divuw", 1UL, 0UL, Minus1)]
    [TestCase("remw", 0x8000_0000UL, Minus1, 0UL)]
    [TestCase("remuw", 0xffff_ffffUL, 0UL, Minus1)]
    public void ComputesOfTwoRegisters(string name, ulong a, ulong b, ulong result)
    {
        using var machine = new Machine(1 << 16).Load($"{name} a0, a1, a2");
        machine.Hart[11] = a;
        machine.Hart[12] = b;
        machine.Hart.Run(1);
        Assert.That(machine.Hart[10], Is.EqualTo(result));
        Assert.That(machine.Hart.Pc, Is.EqualTo(machine.RamBase + 4));
    }

    [TestCase("addi a0, a1, -1", 0UL, Minus1)]
    [TestCase("slti a0, a1, -1", Minus1 - 1, 1UL)]
    [TestCase("sltiu a0, a1, -1", 5UL, 1UL)]
    [TestCase("xori a0, a1, -1", 5UL, Minus1 - 5)]
    [TestCase("ori a0, a1, 0x70", 0x0fUL, 0x7fUL)]
    [TestCase("andi a0, a1, -16", 0xffUL, 0xf0UL)]
    [TestCase("slli a0, a1, 63", 3UL, Min64)]
    [TestCase("srli a0, a1, 63", Min64, 1UL)]
    [TestCase("srai a0, a1, 62", Min64, Minus1 - 1)]
    [TestCase("addiw a0, a1, 1", 0x7fff_ffffUL, Min32)]
    [TestCase("slliw a0, a1, 31", 1UL, Min32)]
    [TestCase("srliw a0, a1, 1", 0xffff_ffffUL, 0x7fff_ffffUL)]
    [TestCase("sraiw a0, a1, 1", 0x8000_0000UL, 0xffff_ffff_c000_0000UL)]
    [TestCase("lui a0, 0x80000", 0UL, Min32)]
    [TestCase("auipc a0, 1", 0UL, 0x8000_1000UL)]
    [TestCase("addi zero, a1, 1", 5UL, 0UL)]
    public void ComputesOfRegisterAndImmediate(string text, ulong a, ulong result)
    {
        using var machine = new Machine(1 << 16).Load(text);
        machine.Hart[11] = a;
        machine.Hart.Run(1);
        Assert.That(machine.Hart[10], Is.EqualTo(result));
        Assert.That(machine.Hart[0], Is.Zero);
    }

    [TestCase("beq", 1UL, 1UL, true)]
    [TestCase("beq", 1UL, 2UL, false)]
    [TestCase("bne", 1UL, 2UL, true)]
    [TestCase("blt", Minus1, 0UL, true)]
    [TestCase("bltu", Minus1, 0UL, false)]
    [TestCase("bge", 0UL, Minus1, true)]
    [TestCase("bge", 3UL, 3UL, true)]
    [TestCase("bgeu", 0UL, Minus1, false)]
    public void Branches(string name, ulong a, ulong b, bool taken)
    {
        using var machine = new Machine(1 << 16).Load($"nop; target: {name} a1, a2, target");
        machine.Hart.Pc += 4;
        machine.Hart[11] = a;
        machine.Hart[12] = b;
        machine.Hart.Run(1);
        Assert.That(machine.Hart.Pc, Is.EqualTo(machine.RamBase + (taken ? 4UL : 8)));
    }

    [Test]
    public void JumpsAndLinks()
    {
        using var machine = new Machine(1 << 16).Load("jal ra, 0x80000010; .org 16; addi ra, ra, 1; jalr ra, 4(ra)");
        var hart = machine.Hart;
        hart.Run(2);
        Assert.That(hart[1], Is.EqualTo(0x8000_0005));
        hart.Run(1);
        Assert.That(hart.Pc, Is.EqualTo(0x8000_0008), "bit 0 of the target is cleared");
        Assert.That(hart[1], Is.EqualTo(0x8000_0018), "the link is the next instruction, though rd is also the base");
    }

    [TestCase("lb", 0xffff_ffff_ffff_ff88UL)]
    [TestCase("lbu", 0x88UL)]
    [TestCase("lh", 0xffff_ffff_ffff_9988UL)]
    [TestCase("lhu", 0x9988UL)]
    [TestCase("lw", 0xffff_ffff_bbaa_9988UL)]
    [TestCase("lwu", 0xbbaa_9988UL)]
    [TestCase("ld", 0xffee_ddcc_bbaa_9988UL)]
    public void LoadsAlignedAndNot(string name, ulong expected)
    {
        foreach (var address in (ulong[])[0x8000_1000, 0x8000_1003, 0x8000_1fff, 0x8000_1ffd])
        {
            using var machine = new Machine(1 << 16).Load($"{name} a0, -4(a1)");
            machine.Hart[11] = address + 4;
            for (var i = 0; i < 8; i++)
            {
                machine.Memory(address + (ulong)i, 1)[0] = (byte)(0x88 + (0x11 * i));
            }

            machine.Hart.Run(1);
            Assert.That(machine.Hart[10], Is.EqualTo(expected));
        }
    }

    [TestCase("sb", 1)]
    [TestCase("sh", 2)]
    [TestCase("sw", 4)]
    [TestCase("sd", 8)]
    public void StoresAlignedAndNot(string name, int size)
    {
        foreach (var address in (ulong[])[0x8000_1000, 0x8000_1003, 0x8000_1fff, 0x8000_1ffd])
        {
            using var machine = new Machine(1 << 16).Load($"{name} a0, 4(a1)");
            machine.Hart[11] = address - 4;
            machine.Hart[10] = 0x8877_6655_4433_2211;
            machine.Hart.Run(1);
            for (var i = -1; i <= 8; i++)
            {
                var expected = i >= 0 && i < size ? 0x11 * (i + 1) : 0;
                Assert.That(machine.Memory(address + (ulong)(long)i, 1)[0], Is.EqualTo(expected));
            }
        }
    }

    [TestCase("amoswap", 5UL)]
    [TestCase("amoadd", 4UL)]
    [TestCase("amoxor", 0xffff_ffff_ffff_fffaUL)]
    [TestCase("amoand", 5UL)]
    [TestCase("amoor", Minus1)]
    [TestCase("amomin", Minus1)]
    [TestCase("amomax", 5UL)]
    [TestCase("amominu", 5UL)]
    [TestCase("amomaxu", Minus1)]
    public void UpdatesMemoryAtomically(string name, ulong result)
    {
        foreach (var wide in (bool[])[false, true])
        {
            using var machine = new Machine(1 << 16).Load($"{name}.{(wide ? "d" : "w")}.aqrl a0, a2, (a1)");
            machine.Hart[11] = 0x8000_1000;
            machine.Hart[12] = 5;
            machine.Write64(0x8000_1000, wide ? Minus1 : 0xffff_ffff);
            machine.Hart.Run(1);
            Assert.That(machine.Hart[10], Is.EqualTo(Minus1));
            Assert.That(machine.Read64(0x8000_1000), Is.EqualTo(wide ? result : (uint)result));
        }
    }

    [Test]
    public void StoresConditionallyOnlyOnceAndOnlyWhereReserved()
    {
        using var machine = new Machine(1 << 16, 2).Load("""
            lr.d a0, (s0)
            sc.d a1, s1, (s0)
            sc.d a2, s1, (s0)
            lr.w a0, (s0)
            sc.w a3, s1, (s2)
            lr.d a0, (s0)
            sc.d a4, s1, (s0)
            """);
        var hart = machine.Hart;
        hart[8] = 0x8000_1000;
        hart[9] = 42;
        hart[18] = 0x8000_1008;
        hart.Run(6);
        Assert.That((hart[11], hart[12], hart[13]), Is.EqualTo((0UL, 1UL, 1UL)));
        Assert.That(machine.Read64(0x8000_1000), Is.EqualTo(42));
        machine.Write64(0x8000_1000, 43);
        hart.Run(1);
        Assert.That(hart[14], Is.EqualTo(1), "another's store breaks the reservation");
    }

    [Test]
    public void RunsCompressedInstructions()
    {
        using var machine = new Machine(1 << 16).Load("""
            c.li s0, 5
            c.addi s0, -7
            c.mv a1, s0
            c.add a1, s0
            c.slli a1, 4
            c.sd a1, 8(a2)
            c.ld a3, 8(a2)
            """);
        machine.Hart[12] = 0x8000_1000;
        machine.Hart.Run(7);
        Assert.That(machine.Hart[13], Is.EqualTo(unchecked((ulong)-64)));
        Assert.That(machine.Hart.Pc, Is.EqualTo(machine.RamBase + 14));
    }

    [Test]
    public void LoadsAnyImmediate()
    {
        foreach (var value in (List<ulong>)[0, 1, 2047, 2048, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1234_5678_9abc_def0, Min64, Minus1, Min32, 0x0000_8000_0000_0800, 0xffff_7fff_ffff_f7ff])
        {
            var code = Assembler.Assemble($"li a0, 0x{value:x}", 0x8000_0000);
            using var machine = new Machine(1 << 16);
            machine.Load(0x8000_0000, code);
            machine.Hart.Pc = 0x8000_0000;
            machine.Hart.Run((ulong)code.Length / 4);
            Assert.That(machine.Hart[10], Is.EqualTo(value));
        }
    }
}
