using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Firmware;

namespace Rvirt.Tests.Desktop;

/// <summary>More than one hart: natively with shared memory and interrupts between them, and under the hypervisor with a guest on each.</summary>
public sealed class TwoHartTests
{
    // Each round: the counter goes up by one on each hart, and each hart sleeps until the other's interrupt.
    private const string PingPong = """
            li s2, 20
            la s0, counter
            mv s1, a0
            bnez a0, ready
            # hart_start(1, entry)
            li a0, 1
            la a1, entry
            li a2, 0
            li a7, 0x48534d
            li a6, 0
            ecall
            j turn
        entry:
            li s2, 20
            la s0, counter
            mv s1, a0
        ready:
            li t0, 2
            csrw sie, t0
        sleep:
            wfi
            csrr t0, sip
            andi t0, t0, 2
            beqz t0, sleep
            csrci sip, 2
        turn:
            li t0, 2
            csrw sie, t0
        again:
            lr.d t1, (s0)
            addi t1, t1, 1
            sc.d t2, t1, (s0)
            bnez t2, again
            # send_ipi(the other hart)
            li a0, 2
            beqz s1, send
            li a0, 1
        send:
            li a1, 0
            li a7, 0x735049
            li a6, 0
            ecall
            addi s2, s2, -1
            bnez s2, sleep
            bnez s1, stop
            j off
        stop:
            li a7, 0x48534d
            li a6, 1
            ecall
        off:
            ld t1, (s0)
            li t2, 40
            bne t1, t2, off
            li t0, 0x100000
            li t1, 0x5555
            sw t1, 0(t0)
            j .
        .align 3
        counter:
            .dword 0
        """;

    // Prints a letter at each of ten timer interrupts, sleeping in between, and powers off.
    private static string Clock(char letter, int period) => $"""
            la t0, trap
            csrw stvec, t0
            li s0, 10
            li s1, 0x10000000
            li t0, 0x20
            csrw sie, t0
            csrsi sstatus, 2
        next:
            rdtime a0
            li t0, {period}
            add a0, a0, t0
            li a7, 0x54494d45
            li a6, 0
            ecall
            li s2, 0
        sleep:
            wfi
            beqz s2, sleep
            li t0, '{letter}'
            sb t0, 0(s1)
            li t0, 10
            sb t0, 0(s1)
            addi s0, s0, -1
            bnez s0, next
            li t0, 0x100000
            li t1, 0x5555
            sw t1, 0(t0)
            j .
        .align 2
        trap:
            li s2, 1
            li a0, -1
            li a7, 0x54494d45
            li a6, 0
            ecall
            sret
        """;

    private static GuestPayload Small(string source) => GuestPayload.Program(source) with { Memory = 2 << 20 };

    [Test]
    public void TwoHartsShareMemoryAndInterruptEachOther()
    {
        using var machine = new Machine(1 << 16, 2);
        machine.Load(machine.RamBase, Assembler.Assemble(PingPong, machine.RamBase));
        MinimalSbi.Start(machine, machine.RamBase);
        machine.Run(100_000);
        Assert.That(machine.Outcome, Is.EqualTo(TestFinisher.Pass));
        Assert.That(machine.Harts[1].Stopped);
    }

    [Test]
    public void RunsOfTwoHartsRepeatExactly()
    {
        static ulong Cycles()
        {
            using var machine = new GuestWorld(Small(Clock('a', 700)), Small(Clock('b', 900)));
            machine.Run(1_000_000);
            return machine.Machine.Harts[0].Cycles ^ (machine.Machine.Harts[1].Cycles << 32) ^ machine.Machine.Time(null);
        }

        var first = Cycles();
        Assert.That(Cycles(), Is.EqualTo(first));
    }

    [Test]
    public void TwoGuestsRunOnTwoHartsUnderTheHypervisor()
    {
        using var machine = new GuestWorld(Small(Clock('a', 1000)), Small(Clock('b', 2500)));
        machine.Run(1_000_000);
        var output = machine.Machine.Uart.Output;
        Assert.That(machine.Guests[0].Stopped, Is.EqualTo(StopReason.Shutdown), output);
        Assert.That(machine.Guests[1].Stopped, Is.EqualTo(StopReason.Shutdown), output);
        Assert.That(Regex.Count(output, @"guest0\W+a\r?\n"), Is.EqualTo(10), output);
        Assert.That(Regex.Count(output, @"guest1\W+b\r?\n"), Is.EqualTo(10), output);
        Assert.That(output.IndexOf('b'), Is.LessThan(output.LastIndexOf('a')), "they take turns");
    }

    [Test]
    public void AGuestThatSpinsLeavesTheOthersTheirTime()
    {
        using var machine = new GuestWorld(Small("spin: j spin"), Small(Clock('b', 1000)));
        machine.Run(1_000_000);
        Assert.That(machine.Guests[0].Stopped, Is.Null);
        Assert.That(machine.Guests[1].Stopped, Is.EqualTo(StopReason.Shutdown), machine.Machine.Uart.Output);
    }

    [Test]
    public void WhatAGuestsHandlerThrowsReachesWhoeverRunsTheMachine()
    {
        using var machine = new GuestWorld(Small("csrr a0, sscratch"), Small("spin: j spin"));
        machine.Guest.AfterTrap = () => throw new System.InvalidOperationException("from a hart's thread");
        Assert.That(() => machine.Run(1000), Throws.InvalidOperationException.With.Message.EqualTo("from a hart's thread"));
    }
}
