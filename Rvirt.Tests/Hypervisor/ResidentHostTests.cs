using NUnit.Framework;
using Rvirt.Core.Modes.Resident;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Reference.Harts;
using Interrupts = Rvirt.Core.Privileged.Interrupts;

namespace Rvirt.Tests.Hypervisor;

/// <summary>A resident guest's CSRs on the reference hart, whose registers keep only the bits that the specification gives them.</summary>
internal sealed class ResidentHostTests
{
    private const ulong Pc = 0x8020_1234;
    private const ulong Vector = 0x8020_8000;

    [Test]
    public void WhatIsLoadedThereIsTheHartsOwnAndIsStoredAgain()
    {
        using var world = new GuestWorld(new WorldOptions(), GuestPayload.Program("here: j here"));
        var hart = world.Machine.Hart;
        var host = new FakeHost(hart);
        VCpu v = default;
        ResidentCsrs.Reset(ref v);
        v.Csrs.Sstatus |= Sstatus.Sum | Sstatus.Spie;
        v.Csrs.Sie = Interrupts.Software | Interrupts.External;
        v.Csrs.Sip = Interrupts.Software;
        v.Csrs.Stvec = Vector;
        v.Csrs.Sscratch = 1;
        v.Csrs.Sepc = Pc;
        v.Csrs.Scause = 13;
        v.Csrs.Stval = 0x1000;
        v.Csrs.Scounteren = 5;
        v.Csrs.Senvcfg = 1;
        ResidentCsrs.Load(ref host, ref v, HartUnits.None);
        Assert.That(hart.ReadCsr(CsrNumber.Sstatus) & (Sstatus.Sum | Sstatus.Spie | Sstatus.Sie), Is.EqualTo(Sstatus.Sum | Sstatus.Spie));
        Assert.That(hart.ReadCsr(CsrNumber.Mstatus) & (Mstatus.Tvm | Mstatus.Tw | Mstatus.Mpp), Is.EqualTo(Mstatus.Tvm | Mstatus.Tw | Mstatus.MppSupervisor));
        Assert.That(hart.ReadCsr(CsrNumber.Sip) & (Interrupts.Software | Interrupts.External), Is.EqualTo(Interrupts.Software));
        Assert.That(hart.ReadCsr(CsrNumber.Stvec), Is.EqualTo(Vector));
        Assert.That(hart.ReadCsr(CsrNumber.Stval), Is.EqualTo(0x1000));

        host.SetSupervisorPending(Interrupts.External, pending: true);
        VCpu stored = default;
        ResidentCsrs.Save(ref host, ref stored, HartUnits.None);
        Assert.That(stored.Csrs.Sstatus & (Sstatus.Sum | Sstatus.Spie | Sstatus.Spp), Is.EqualTo(Sstatus.Sum | Sstatus.Spie));
        Assert.That((stored.Csrs.Sie, stored.Csrs.Sip & Interrupts.External), Is.EqualTo((v.Csrs.Sie, Interrupts.External)));
        Assert.That((stored.Csrs.Stvec, stored.Csrs.Sscratch, stored.Csrs.Sepc), Is.EqualTo((Vector, 1UL, Pc)));
        Assert.That((stored.Csrs.Scause, stored.Csrs.Stval), Is.EqualTo((13UL, 0x1000UL)));
        Assert.That((stored.Csrs.Scounteren, stored.Csrs.Senvcfg), Is.EqualTo((5UL, 1UL)));

        ResidentCsrs.LetGo(ref host, ref v);
        Assert.That((hart.ReadCsr(CsrNumber.Sie), hart.ReadCsr(CsrNumber.Sip) & (Interrupts.Software | Interrupts.External)), Is.EqualTo((0UL, 0UL)));
    }

    [Test]
    public void AnExceptionThatItIsGivenLeadsToItsVector()
    {
        using var world = new GuestWorld(new WorldOptions(), GuestPayload.Program("here: j here"));
        var hart = world.Machine.Hart;
        var host = new FakeHost(hart);
        VCpu v = default;
        ResidentCsrs.Reset(ref v);
        v.Csrs.Mode = PrivilegeMode.User;
        v.Csrs.Sstatus |= Sstatus.Sie;
        v.Csrs.Stvec = Vector;
        ResidentCsrs.Load(ref host, ref v, HartUnits.None);
        v.Pc = Pc;
        ResidentCsrs.TakeException(ref host, ref v, 12, 0x2000);
        Assert.That((v.Pc, v.Csrs.Mode), Is.EqualTo((Vector, PrivilegeMode.Supervisor)));
        Assert.That((hart.ReadCsr(CsrNumber.Sepc), hart.ReadCsr(CsrNumber.Scause), hart.ReadCsr(CsrNumber.Stval)), Is.EqualTo((Pc, 12UL, 0x2000UL)));
        Assert.That(
            hart.ReadCsr(CsrNumber.Mstatus) & (Sstatus.Sie | Sstatus.Spie | Sstatus.Spp | Mstatus.Mpp), Is.EqualTo(Sstatus.Spie | Mstatus.MppSupervisor), "it came from U-mode");
    }
}
