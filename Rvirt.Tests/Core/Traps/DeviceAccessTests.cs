using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.Traps;

/// <summary>Loads, stores and atomics of every width on a device register.</summary>
public class DeviceAccessTests
{
    private const ulong Device = 0x1000_0000;

    private static TrapMachine Faulted(uint instruction, ulong va)
    {
        var machine = new TrapMachine();
        machine.Hart.Code[TrapMachine.Entry] = instruction;
        machine.Mmu.Answer = FaultResolution.NotMemory;
        machine.Mmu.GuestAddress = Device + (va & 0xfff);
        machine.V.X[11] = 0x7000;
        machine.Bus.Value = 0xf1e2_d3c4_b5a6_9788;
        return machine;
    }

    [TestCase(0x00058503u, 1, 0xffff_ffff_ffff_ff88)] // lb a0, 0(a1)
    [TestCase(0x00059503u, 2, 0xffff_ffff_ffff_9788)] // lh
    [TestCase(0x0005a503u, 4, 0xffff_ffff_b5a6_9788)] // lw
    [TestCase(0x0005b503u, 8, 0xf1e2_d3c4_b5a6_9788)] // ld
    [TestCase(0x0005c503u, 1, 0x88UL)] // lbu
    [TestCase(0x0005d503u, 2, 0x9788UL)] // lhu
    [TestCase(0x0005e503u, 4, 0xb5a6_9788UL)] // lwu
    [TestCase(0x00004188u, 4, 0xffff_ffff_b5a6_9788)] // c.lw
    [TestCase(0x00006188u, 8, 0xf1e2_d3c4_b5a6_9788)] // c.ld
    public void Loads(uint instruction, int size, ulong expected)
    {
        using var machine = Faulted(instruction, 0x7000);
        Assert.That(machine.Trap(13, 0x7000), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(machine.Bus.Calls, Is.EqualTo([$"read {Device:x} {size}"]));
        Assert.That(machine.V.X[10], Is.EqualTo(expected));
        Assert.That(machine.V.Pc, Is.EqualTo(TrapMachine.Entry + ((instruction & 3) == 3 ? 4UL : 2)));
    }

    [TestCase(0x00a58023u, 1, 0x88UL)] // sb a0, 0(a1)
    [TestCase(0x00a59023u, 2, 0x9788UL)] // sh
    [TestCase(0x00a5a023u, 4, 0xb5a6_9788UL)] // sw
    [TestCase(0x00a5b023u, 8, 0xf1e2_d3c4_b5a6_9788)] // sd
    [TestCase(0x0000c188u, 4, 0xb5a6_9788UL)] // c.sw
    [TestCase(0x0000e188u, 8, 0xf1e2_d3c4_b5a6_9788)] // c.sd
    public void Stores(uint instruction, int size, ulong expected)
    {
        using var machine = Faulted(instruction, 0x7000);
        machine.V.X[10] = 0xf1e2_d3c4_b5a6_9788;
        Assert.That(machine.Trap(15, 0x7000), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(machine.Bus.Calls, Is.EqualTo([$"write {Device:x} {size} {expected:x}"]));
    }

    // amoXX.w a2, a0, (a1) with a0 = 0x7 and memory 0xb5a69788
    [TestCase(0x08a5a62fu, 0x7UL)] // swap
    [TestCase(0x00a5a62fu, 0xb5a6_978fUL)] // add
    [TestCase(0x20a5a62fu, 0xb5a6_978fUL)] // xor
    [TestCase(0x60a5a62fu, 0x0UL)] // and
    [TestCase(0x40a5a62fu, 0xb5a6_978fUL)] // or
    [TestCase(0x80a5a62fu, 0xb5a6_9788UL)] // min
    [TestCase(0xa0a5a62fu, 0x7UL)] // max
    [TestCase(0xc0a5a62fu, 0x7UL)] // minu
    [TestCase(0xe0a5a62fu, 0xb5a6_9788UL)] // maxu
    public void Atomics(uint instruction, ulong written)
    {
        using var machine = Faulted(instruction, 0x7000);
        machine.V.X[10] = 7;
        machine.Trap(15, 0x7000);
        Assert.That(machine.Bus.Calls, Is.EqualTo(["locked", $"read {Device:x} 4", $"write {Device:x} 4 {written:x}", "unlocked"]));
        Assert.That(machine.V.X[12], Is.EqualTo(0xffff_ffff_b5a6_9788));
        Assert.That((machine.V.Pc, machine.V.Csrs.Scause), Is.EqualTo((TrapMachine.Entry + 4, 0UL)));
    }

    // The same with memory the other side of a0: signed words order differently from unsigned ones.
    [TestCase(0x80a5a62fu, 0x8000_0000UL, 0x8000_0000UL)] // min
    [TestCase(0xa0a5a62fu, 0x8000_0000UL, 0xb5a6_9788UL)] // max
    [TestCase(0xc0a5a62fu, 0xffff_ffffUL, 0xb5a6_9788UL)] // minu
    [TestCase(0xe0a5a62fu, 0xffff_ffffUL, 0xffff_ffffUL)] // maxu
    public void AtomicsChooseByTheirOrder(uint instruction, ulong operand, ulong written)
    {
        using var machine = Faulted(instruction, 0x7000);
        machine.V.X[10] = operand;
        machine.Trap(15, 0x7000);
        Assert.That(machine.Bus.Calls, Is.EqualTo(["locked", $"read {Device:x} 4", $"write {Device:x} 4 {written:x}", "unlocked"]));
    }

    [Test]
    public void AMisalignedAtomicIsAnAccessFault([Values(1UL, 2UL)] ulong offset)
    {
        using var machine = Faulted(0x00a5a62f, 0x7000 + offset);
        machine.V.X[11] = 0x7000 + offset;
        machine.Trap(15, 0x7000 + offset);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Stval), Is.EqualTo((7UL, 0x7000 + offset)));
        Assert.That(machine.Bus.Calls, Is.Empty);
    }

    [Test]
    public void AnAtomicThatCannotWriteLeavesItsRegister()
    {
        using var machine = Faulted(0x00a5a62f, 0x7000);
        machine.Bus.ReadOnly = true;
        machine.Trap(15, 0x7000);
        Assert.That((machine.V.Csrs.Scause, machine.V.X[12]), Is.EqualTo((7UL, 0UL)));
    }

    [Test]
    public void ALineThatTheReadOfARefusedAtomicRaisedIsPending()
    {
        using var machine = Faulted(0x00a5a62f, 0x7000);
        machine.Bus.ReadOnly = true;
        machine.Bus.External = true;
        machine.Bus.LineChanged = true;
        machine.Trap(15, 0x7000);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Sip), Is.EqualTo((7UL, Interrupts.External)));
    }

    [TestCase(0x0085b503u, 0x6ff8UL)] // ld a0, 8(a1)
    [TestCase(0xff85b503u, 0x7008UL)] // ld a0, -8(a1)
    public void TheOffsetCounts(uint instruction, ulong register)
    {
        using var machine = Faulted(instruction, 0x7000);
        machine.V.X[11] = register;
        machine.Trap(13, 0x7000);
        Assert.That(machine.V.X[10], Is.EqualTo(0xf1e2_d3c4_b5a6_9788));
        Assert.That(machine.V.Counters.Mmio, Is.EqualTo(1));
    }

    [Test]
    public void AnAccessElsewhereThanItFaultedIsAnAccessFault()
    {
        using var machine = Faulted(0x0005b503, 0x7000);
        machine.V.X[11] = 0x8000;
        machine.Trap(13, 0x7000);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Stval), Is.EqualTo((5UL, 0x7000UL)));
        Assert.That(machine.Bus.Calls, Is.Empty);
    }

    [Test]
    public void TheLastRegisterOfAPageIsADevices()
    {
        using var machine = Faulted(0x0005b503, 0x7ff8);
        machine.V.X[11] = 0x7ff8;
        machine.Trap(13, 0x7ff8);
        Assert.That(machine.Bus.Calls, Is.EqualTo([$"read {Device + 0xff8:x} 8"]));
    }

    [Test]
    public void ALoadLeavesTheMachinesEventsAlone()
    {
        using var machine = Faulted(0x0005a503, 0x7000);
        machine.Bus.Event = GuestEvent.Shutdown;
        Assert.That(machine.Trap(13, 0x7000), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(machine.Bus.Event, Is.EqualTo(GuestEvent.Shutdown));
    }

    [Test]
    public void AnInstructionThatVanishedRunsAgain()
    {
        using var machine = Faulted(0, 0x7000);
        machine.Hart.Code.Clear();
        Assert.That(machine.Trap(13, 0x7000), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.Csrs.Scause), Is.EqualTo((TrapMachine.Entry, 0UL)));
        Assert.That(machine.Bus.Calls, Is.Empty);
    }

    [TestCase(0x00005007u | (11 << 15), 13UL, 5UL)] // vle16.v v0, (a1)
    [TestCase(0x00001507u | (11 << 15), 13UL, 5UL)] // flh fa0, 0(a1)
    [TestCase(0x28a5a62fu, 15UL, 7UL)] // amocas.w a2, a0, (a1)
    [TestCase(0x00008188u, 13UL, 5UL)] // c.lbu a0, 0(a1)
    [TestCase(0x0045a00fu, 15UL, 7UL)] // cbo.zero 0(a1)
    public void WhatDevicesDoNotSupportIsAnAccessFault(uint instruction, ulong cause, ulong expected)
    {
        using var machine = Faulted(instruction, 0x7000);
        machine.Trap(cause, 0x7000);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Stval), Is.EqualTo((expected, 0x7000UL)), "run again, it would fault for ever");
        Assert.That(machine.Bus.Calls, Is.Empty);
    }

    [TestCase(0x00000013u)] // nop
    [TestCase(0x00000001u)] // c.nop
    [TestCase(0x00000040u)] // c.addi4spn
    [TestCase(0x00008082u)] // c.jr ra
    [TestCase(0x0ff0000fu)] // fence
    public void AnInstructionThatWasReplacedRunsInstead(uint instruction)
    {
        using var machine = Faulted(instruction, 0x7000);
        Assert.That(machine.Trap(13, 0x7000), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.Csrs.Scause), Is.EqualTo((TrapMachine.Entry, 0UL)));
    }

    [Test]
    public void ReservationsOnDevicesAreAccessFaults([Values(0x1005a62fu, 0x18a5a62fu)] uint instruction)
    {
        using var machine = Faulted(instruction, 0x7000);
        machine.Trap(instruction == 0x1005a62f ? 13UL : 15, 0x7000);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Stval), Is.EqualTo((instruction == 0x1005a62f ? 5UL : 7UL, 0x7000UL)));
        Assert.That(machine.Bus.Calls, Is.Empty);
    }

    [Test]
    public void FloatingPointLoadsAndStoresReachTheRegisters()
    {
        using var load = Faulted(0x0005a507, 0x7000); // flw fa0, 0(a1)
        load.Trap(13, 0x7000);
        Assert.That(load.Hart.FloatingPoint[10], Is.EqualTo(0xffff_ffff_b5a6_9788), "a single is NaN-boxed");
        Assert.That(load.Hart.Sstatus & Sstatus.Fs, Is.EqualTo(Sstatus.FsDirty));
        Assert.That(load.V.Pc, Is.EqualTo(TrapMachine.Entry + 4));
        using var wide = Faulted(0x0005b507, 0x7000); // fld fa0, 0(a1)
        wide.Hart.FloatingPoint[11] = 0x5555;
        wide.Trap(13, 0x7000);
        Assert.That(wide.Hart.FloatingPoint[10], Is.EqualTo(0xf1e2_d3c4_b5a6_9788));
        Assert.That(wide.Hart.FloatingPoint[11], Is.EqualTo(0x5555), "the other registers stay");
        using var store = Faulted(0x00a5b027, 0x7000); // fsd fa0, 0(a1)
        store.Hart.FloatingPoint[10] = 0x1122334455667788;
        store.Trap(15, 0x7000);
        Assert.That(store.Bus.Calls, Is.EqualTo([$"write {Device:x} 8 1122334455667788"]));
    }

    [TestCase(0x0005a507u, 5UL)] // flw fa0, 0(a1)
    [TestCase(0x00a5a027u, 7UL)] // fsw fa0, 0(a1)
    [TestCase(0x00a5a62fu, 7UL)] // amoadd.w a2, a0, (a1)
    [TestCase(0x00a5a023u, 7UL)] // sw a0, 0(a1)
    public void WhatNoDeviceAnswersChangesNoRegister(uint instruction, ulong expected)
    {
        using var machine = Faulted(instruction, 0x7000);
        machine.Bus.Present = false;
        machine.Trap(expected == 5 ? 13UL : 15, 0x7000);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Sepc), Is.EqualTo((expected, TrapMachine.Entry)));
        Assert.That((machine.V.X[12], machine.Hart.FloatingPoint[10]), Is.EqualTo((0UL, 0UL)));
    }

    [Test]
    public void WhatNoDeviceAnswersIsAnAccessFault()
    {
        using var machine = Faulted(0x0005a503, 0x7000);
        machine.Bus.Present = false;
        machine.Trap(13, 0x7000);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Stval, machine.V.Csrs.Sepc), Is.EqualTo((5UL, 0x7000UL, TrapMachine.Entry)));
        Assert.That(machine.V.X[10], Is.Zero, "the register keeps its value");
        using var fetch = Faulted(0, 0x7000);
        fetch.Trap(12, 0x7000);
        Assert.That(fetch.V.Csrs.Scause, Is.EqualTo(1));
    }

    [Test]
    public void AnAccessAcrossThePageIsNoDeviceAccess()
    {
        using var machine = Faulted(0x0005b503, 0x7ffc);
        machine.V.X[11] = 0x7ffc;
        machine.Trap(13, 0x7ffc);
        Assert.That(machine.Bus.Calls, Is.Empty);
        Assert.That(machine.V.Csrs.Scause, Is.EqualTo(5));
    }

    [TestCase(GuestEvent.Shutdown, StopReason.Shutdown)]
    [TestCase(GuestEvent.Reboot, StopReason.Reboot)]
    [TestCase(GuestEvent.Fail, StopReason.Failure)]
    public void TheTestDeviceStopsTheGuest(GuestEvent asked, StopReason reason)
    {
        using var machine = Faulted(0x00a5a023, 0x7000);
        machine.Bus.Event = asked;
        Assert.That(machine.Trap(15, 0x7000), Is.EqualTo(TrapOutcome.Stop));
        Assert.That(machine.V.StopReason, Is.EqualTo(reason));
        Assert.That(machine.V.FailureCode, Is.EqualTo(asked == GuestEvent.Fail ? 42 : 0));
    }

    [Test]
    public void ADeviceThatRaisesItsLineInterruptsAtOnce()
    {
        using var machine = Faulted(0x00a5a023, 0x7000);
        machine.Bus.External = true;
        machine.Bus.LineChanged = true;
        machine.V.Csrs.Sie = Interrupts.External;
        machine.V.Csrs.Sstatus = Sstatus.Sie;
        machine.V.Csrs.Stvec = 0x8000_1000;
        machine.Trap(15, 0x7000);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Sepc), Is.EqualTo(((1UL << 63) | 9, TrapMachine.Entry + 4)));
    }

    [Test]
    public void ALineThatDidNotChangeIsNotLookedAt()
    {
        using var machine = Faulted(0x00a5a023, 0x7000);
        machine.Bus.External = true;
        machine.Trap(15, 0x7000);
        Assert.That(machine.V.Csrs.Sip, Is.Zero, "the outcome of the access says all that follows");
    }
}
