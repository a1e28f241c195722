using NUnit.Framework;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Testing.Traps;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.VirtualHart;

/// <summary>What a write of a CSR makes the trap handler look at again. The handler clears it, so the file is asked alone here.</summary>
public sealed class CsrFileTests
{
    private static (bool View, bool Interrupts, bool Code) Write(TrapMachine machine, uint number, ulong value)
    {
        ref var v = ref machine.V;
        v.Csrs.ViewChanged = false;
        v.Csrs.InterruptsChanged = false;
        v.Csrs.CodePage = 0x8020_0000;
        Again(machine, number, value);
        return (v.Csrs.ViewChanged, v.Csrs.InterruptsChanged, v.Csrs.CodePage == GuestCsrs.NoCode);
    }

    private static void Again(TrapMachine machine, uint number, ulong value)
    {
        var host = new TestHost(machine.Hart);
        var mmu = new TestMmu(machine.Mmu);
        CsrFile.Write(ref host, ref machine.V, ref mmu, number, value);
    }

    [TestCase(Csr.Sstatus, 0UL, false, false, false)]
    [TestCase(Csr.Sstatus, Sstatus.Spie | Sstatus.Spp, false, false, false)]
    [TestCase(Csr.Sstatus, Sstatus.Sie, false, true, false)]
    [TestCase(Csr.Sstatus, Sstatus.Sum, true, false, false)]
    [TestCase(Csr.Sstatus, Sstatus.Mxr, true, false, false)]
    [TestCase(Csr.Sie, 0UL, false, true, false)]
    [TestCase(Csr.Sip, 0UL, false, true, false)]
    [TestCase(Csr.Sscratch, 1UL, false, false, false)]
    [TestCase(Csr.Satp, 0UL, true, false, true)]
    [TestCase(Csr.Satp, (8UL << 60) | 0x80100, true, false, true)]
    [TestCase(Csr.Satp, (9UL << 60) | 0x80100, false, false, false, Description = "a mode that is not offered")]
    public void AWriteTellsWhatItChanged(uint number, ulong value, bool view, bool interrupts, bool code)
    {
        using var machine = new TrapMachine();
        Assert.That(Write(machine, number, value), Is.EqualTo((view, interrupts, code)));
    }

    [TestCase(Sstatus.Sum)]
    [TestCase(Sstatus.Mxr)]
    public void AViewIsChosenAgainWhenItsBitGoesAndNotWhenItStays(ulong bit)
    {
        using var machine = new TrapMachine();
        Assert.That(Write(machine, Csr.Sstatus, bit).View, Is.True);
        Assert.That(Write(machine, Csr.Sstatus, bit).View, Is.False);
        Assert.That(Write(machine, Csr.Sstatus, 0).View, Is.True);
    }

    [Test]
    public void WhatWasNotYetLookedAtIsNotForgotten()
    {
        using var machine = new TrapMachine();
        Write(machine, Csr.Sstatus, Sstatus.Sum | Sstatus.Sie);
        Again(machine, Csr.Sstatus, Sstatus.Sum);
        Assert.That((machine.V.Csrs.ViewChanged, machine.V.Csrs.InterruptsChanged), Is.EqualTo((true, true)));
        Again(machine, Csr.Sstatus, Sstatus.Mxr | Sstatus.Sie);
        Assert.That((machine.V.Csrs.ViewChanged, machine.V.Csrs.InterruptsChanged), Is.EqualTo((true, true)), "a second change does not undo the first");
    }

    [Test]
    public void OnlyTheBitsThatTheHartKeepsReachTheHart()
    {
        using var machine = new TrapMachine();
        machine.Hart.Sstatus = Sstatus.Sum | Sstatus.Mxr;
        Write(machine, Csr.Sstatus, ulong.MaxValue & ~Sstatus.Sum);
        Assert.That(machine.Hart.Sstatus, Is.EqualTo(Sstatus.Sum | Sstatus.Mxr | Sstatus.Fs));
        Assert.That(machine.V.Csrs.Sstatus & (Sstatus.Fs | Sstatus.Sd | Sstatus.Sum), Is.Zero, "FS is the hart's");
        Write(machine, Csr.Sstatus, 0);
        Assert.That(machine.Hart.Sstatus, Is.EqualTo(Sstatus.Sum | Sstatus.Mxr));
    }

    [Test]
    public void TheGuestWritesOnlySoftwareInterruptsPending()
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Sip = Interrupts.Timer;
        Write(machine, Csr.Sip, Interrupts.Software | Interrupts.External);
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Interrupts.Timer | Interrupts.Software));
        Write(machine, Csr.Sip, 0);
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Interrupts.Timer));
    }

    [Test]
    public void AnExceptionsProgramCounterIsEven()
    {
        using var machine = new TrapMachine();
        Write(machine, Csr.Sepc, 0x8000_1003);
        Assert.That(machine.V.Csrs.Sepc, Is.EqualTo(0x8000_1002));
    }
}
