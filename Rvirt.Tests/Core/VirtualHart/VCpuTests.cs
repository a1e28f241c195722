using System;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.VirtualHart;

/// <summary>A hart starts as SBI 2.0 §9.1 says, whatever it did before.</summary>
public sealed class VCpuTests
{
    [Test]
    public void ResetLeavesNothingOfTheGuestBefore()
    {
        VCpu v = default;
        MemoryMarshal.AsBytes(new Span<VCpu>(ref v)).Fill(0x5a);
        v.Index = 3;
        v.Reset(TrapMachine.Entry, 0x8fe0_0000);
        for (var i = 0; i < GeneralRegisters.Count; i++)
        {
            Assert.That(v.X[i], Is.EqualTo(i switch { 10 => 3UL, 11 => 0x8fe0_0000UL, _ => 0UL }), $"x{i}");
        }

        Assert.That((v.Pc, v.Mode, v.State), Is.EqualTo((TrapMachine.Entry, PrivilegeMode.Supervisor, HartState.Started)));
        Assert.That((v.Sstatus, v.Sie, v.Sip, v.Stvec), Is.EqualTo((0UL, 0UL, 0UL, 0UL)));
        Assert.That((v.Sscratch, v.Sepc, v.Scause, v.Stval), Is.EqualTo((0UL, 0UL, 0UL, 0UL)));
        Assert.That((v.Satp, v.Senvcfg, v.Scounteren), Is.EqualTo((0UL, 0UL, 7UL)));
        Assert.That(v.HardwareSstatus, Is.EqualTo(3UL << 13 | 1UL << 63), "FS and SD are the hart's to keep");
        Assert.That(v.CodePage, Is.EqualTo(VCpu.NoCode));
        Assert.That((v.Requests, v.StopReason, v.FailureCode), Is.EqualTo((0, StopReason.None, 0U)));
        Assert.That((v.ViewChanged, v.InterruptsChanged), Is.EqualTo((true, false)));
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
