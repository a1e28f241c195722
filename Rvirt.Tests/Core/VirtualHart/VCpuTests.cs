using System;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.VirtualHart;

/// <summary>A hart starts as SBI 2.0 §9.1 says, whatever it did before.</summary>
public sealed class VCpuTests
{
    [Test]
    public unsafe void ResetLeavesNothingOfTheGuestBefore()
    {
        VCpu v = default;
        MemoryMarshal.AsBytes(new Span<VCpu>(ref v)).Fill(0x5a);
        v.Index = 3;
        v.GiveVectors(null, 0);
        v.Reset(TrapMachine.Entry, 0x8fe0_0000);
        CsrFile.Reset(ref v);
        for (var i = 0; i < GeneralRegisters.Count; i++)
        {
            Assert.That(v.X[i], Is.EqualTo(i switch { 10 => 3UL, 11 => 0x8fe0_0000UL, _ => 0UL }), $"x{i}");
        }

        Assert.That((v.Pc, v.Csrs.Mode, v.State), Is.EqualTo((TrapMachine.Entry, PrivilegeMode.Supervisor, HartState.Started)));
        Assert.That((v.Csrs.Sstatus, v.Csrs.Sie, v.Csrs.Sip, v.Csrs.Stvec), Is.EqualTo((0UL, 0UL, 0UL, 0UL)));
        Assert.That((v.Csrs.Sscratch, v.Csrs.Sepc, v.Csrs.Scause, v.Csrs.Stval), Is.EqualTo((0UL, 0UL, 0UL, 0UL)));
        Assert.That((v.Csrs.Satp, v.Csrs.Senvcfg, v.Csrs.Scounteren), Is.EqualTo((0UL, 0UL, 7UL)));
        Assert.That(v.Csrs.HardwareSstatus, Is.EqualTo((3UL << 13) | (1UL << 63)), "FS and SD are the hart's to keep");
        Assert.That(v.Csrs.CodePage, Is.EqualTo(GuestCsrs.NoCode));
        Assert.That((v.Requests, v.StopReason, v.FailureCode), Is.EqualTo((0, StopReason.None, 0u)));
        Assert.That((v.Csrs.ViewChanged, v.Csrs.InterruptsChanged), Is.EqualTo((true, false)));
    }

    [Test]
    public void ARegisterNumberNeverLeavesTheRegisters()
    {
        GeneralRegisters x = default;
        for (var i = 0; i < GeneralRegisters.Count; i++)
        {
            x[i] = (ulong)i + 100;
        }

        for (var i = -64; i < 64; i++)
        {
            Assert.That(x[i], Is.EqualTo((ulong)(i & 31) + 100));
        }
    }
}
