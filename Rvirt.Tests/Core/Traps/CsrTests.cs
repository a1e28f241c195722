using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.Traps;

/// <summary>Every CSR number with every CSR instruction in both modes, against the specification's rules written down once more.</summary>
public class CsrTests
{
    private const ulong Pattern = 0xa5a5_5a5a_c3c3_3c3c;

    // number: (bits that can be written, bits that read as one). cycle and instret are missing: what traps is what the hart lacks.
    private static readonly Dictionary<uint, (ulong Writable, ulong Ones)> Known = new()
    {
        [0x100] = (0x000c_6122, 2UL << 32),
        [0x104] = (0x222, 0),
        [0x105] = (ulong.MaxValue, 0),
        [0x106] = (7, 0),
        [0x10a] = (1, 0),
        [0x140] = (ulong.MaxValue, 0),
        [0x141] = (~1UL, 0),
        [0x142] = (ulong.MaxValue, 0),
        [0x143] = (ulong.MaxValue, 0),
        [0x144] = (2, 0),
        [0x180] = (ulong.MaxValue, 0),
        [0xc01] = (0, 1234),
    };

    [Test]
    public void EveryCsrInstructionFollowsTheSpecification([Values(1, 2, 3, 5, 6, 7)] int form, [Values] bool supervisor, [Values(7UL, 5UL)] ulong counters)
    {
        for (uint number = 0; number < 4096; number++)
        {
            foreach (var rd in new uint[] { 0, 5 })
            {
                foreach (var rs1 in new uint[] { 0, 6 })
                {
                    Check(number, (uint)form, rd, rs1, supervisor, counters);
                }
            }
        }
    }

    private static void Check(uint number, uint form, uint rd, uint rs1, bool supervisor, ulong counters)
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        v.Csrs.Mode = supervisor ? PrivilegeMode.Supervisor : PrivilegeMode.User;
        v.X[5] = 0x55;
        v.X[6] = Pattern;
        v.Csrs.Stvec = 0x8000_1000;
        v.Csrs.Scounteren = counters;
        var instruction = (number << 20) | (rs1 << 15) | (form << 12) | (rd << 7) | 0x73;
        var what = $"csr {number:x} form {form} rd {rd} rs1 {rs1}";

        var exists = Known.TryGetValue(number, out var rule);
        var before = number switch { 0x105 => 0x8000_1000UL, 0x106 => counters, _ => rule.Ones };
        var writes = (form & 3) == 1 || rs1 != 0;
        // Of what traps here, U-mode has the clock alone, where scounteren.TM says so: on harts without a time CSR.
        var legal = exists && !(writes && number >= 0xc00) && (supervisor || (number == 0xc01 && counters == 7));
        var outcome = machine.Illegal(instruction);
        Assert.That(outcome, Is.EqualTo(TrapOutcome.Resume), what);
        if (!legal)
        {
            Assert.That(v.Csrs.Scause, Is.EqualTo(2), what);
            Assert.That(v.Csrs.Stval, Is.EqualTo(instruction), what);
            Assert.That(v.Csrs.Sepc, Is.EqualTo(TrapMachine.Entry), what);
            Assert.That(v.Pc, Is.EqualTo(0x8000_1000), what);
            Assert.That(v.X[5], Is.EqualTo(0x55), what);
            return;
        }

        Assert.That(v.Pc, Is.EqualTo(TrapMachine.Entry + 4), what);
        Assert.That(v.X[0], Is.Zero, what);
        Assert.That(v.X[5], Is.EqualTo(rd == 5 ? before : 0x55), what);
        if (!writes)
        {
            Assert.That(Read(machine, number), Is.EqualTo(before), what);
            return;
        }

        var operand = form >= 5 ? rs1 : rs1 == 0 ? 0 : Pattern;
        var wanted = (form & 3) switch { 1 => operand, 2 => before | operand, _ => before & ~operand };
        var expected = (wanted & rule.Writable) | rule.Ones;
        switch (number)
        {
            case 0x100 when (expected & 0x6000) == 0x6000:
                expected |= 1UL << 63;
                break;
            case 0x105 when (wanted & 2) != 0:
                expected = before;
                break;
            case 0x180:
                // The pattern's mode is not one the guest has; small values are Bare with a page number.
                expected = wanted >> 60 is 0 or 8 ? wanted & ~(0xfe00UL << 44) : before;
                break;
        }

        Assert.That(Read(machine, number), Is.EqualTo(expected), what);
    }

    private static ulong Read(TrapMachine machine, uint number)
    {
        machine.V.Csrs.Mode = PrivilegeMode.Supervisor;
        machine.Illegal((number << 20) | (2 << 12) | (7 << 7) | 0x73);
        return machine.V.X[7];
    }

    [Test]
    public void SatpKeepsItsValueWhereTheModeIsNotOffered()
    {
        using var machine = new TrapMachine();
        machine.V.X[6] = (8UL << 60) | (0xffffUL << 44) | 0x80123;
        machine.Illegal(0x18031073);
        Assert.That(machine.V.Csrs.Satp, Is.EqualTo((8UL << 60) | (0x1ffUL << 44) | 0x80123));
        machine.V.X[6] = (10UL << 60) | 0x80456;
        machine.Illegal(0x18031073);
        Assert.That(machine.V.Csrs.Satp, Is.EqualTo((8UL << 60) | (0x1ffUL << 44) | 0x80123));
        Assert.That(machine.Mmu.Calls, Is.EqualTo([$"activate {machine.V.Csrs.Satp:x} Supervisor sum=False mxr=False"]));
    }

    [Test]
    public void FloatingPointStateIsTheHarts([Values(0u, 1u, 2u, 3u)] uint state)
    {
        using var machine = new TrapMachine();
        machine.Hart.Sstatus = 1UL << 18;
        machine.V.X[6] = (ulong)state << 13;
        machine.Illegal(0x10031073);
        Assert.That(machine.Hart.Sstatus, Is.EqualTo((1UL << 18) | ((ulong)state << 13)), "the hart's other bits stay");
        machine.Hart.Sstatus |= state != 0 ? 3UL << 13 : 0;
        Assert.That(Read(machine, 0x100), Is.EqualTo((2UL << 32) | (state != 0 ? (3UL << 13) | (1UL << 63) : 0)), "what hardware made dirty shows");
    }

    [Test]
    public void VectorStateIsTheHartsWhereTheGuestHasVectors([Values(0u, 1u, 2u, 3u)] uint state, [Values] bool vectors)
    {
        using var machine = new TrapMachine(vectors);
        machine.Hart.Sstatus = 1UL << 18;
        machine.V.X[6] = (ulong)state << 9;
        machine.Illegal(0x10031073);
        Assert.That(machine.Hart.Sstatus, Is.EqualTo((1UL << 18) | (vectors ? (ulong)state << 9 : 0)), "the hart's other bits stay");
        machine.Hart.Sstatus |= vectors && state != 0 ? 3UL << 9 : 0;
        Assert.That(Read(machine, 0x100), Is.EqualTo((2UL << 32) | (vectors && state != 0 ? (3UL << 9) | (1UL << 63) : 0)), "what hardware made dirty shows");
    }

    [Test]
    public void SumAndMxrChangeTheView()
    {
        using var machine = new TrapMachine();
        machine.V.X[6] = 1UL << 18;
        machine.Illegal(0x10032073);
        machine.Illegal(0x10033073);
        machine.V.X[6] = 1UL << 19;
        machine.Illegal(0x10032073);
        machine.Illegal(0x10032073);
        Assert.That(machine.Mmu.Calls, Is.EqualTo([
            "activate 0 Supervisor sum=True mxr=False",
            "activate 0 Supervisor sum=False mxr=False",
            "activate 0 Supervisor sum=False mxr=True",
        ]));
    }
}
