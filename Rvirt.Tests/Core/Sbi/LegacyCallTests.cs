using System;
using System.Buffers.Binary;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Sbi;

/// <summary>SBI 0.1 (SBI 2.0 §5): hart masks lie in the caller's memory, and what is not a mask there is refused.</summary>
public sealed class LegacyCallTests
{
    private const ulong Mask = TrapMachine.RamBase + 0x200;

    private static long Call(TrapMachine machine, ulong extension, params ReadOnlySpan<ulong> arguments)
    {
        machine.Ecall(extension, 0, arguments);
        return (long)machine.V.X[10];
    }

    private static TrapMachine WithMask(ulong mask)
    {
        var machine = new TrapMachine();
        machine.Mmu.Answer = FaultResolution.Mapped;
        machine.Mmu.GuestAddress = Mask;
        BinaryPrimitives.WriteUInt64LittleEndian(machine.Ram[0x200..], mask);
        return machine;
    }

    [TestCase(1UL, 0L, true)]
    [TestCase(0UL, 0L, false)]
    [TestCase(2UL, -3L, false)]
    public void AnIpiGoesToTheHartsOfTheMaskInMemory(ulong mask, long error, bool raised)
    {
        using var machine = WithMask(mask);
        Assert.That(Call(machine, SbiExtension.LegacySendIpi, 0x4000_0200), Is.EqualTo(error));
        Assert.That(machine.Mmu.Calls, Does.Contain("translate 40000200 Load"));
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(raised ? Interrupts.Software : 0UL));
    }

    [Test]
    public void AnIpiWithoutAMaskGoesToEveryHart()
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, SbiExtension.LegacySendIpi, 0), Is.Zero);
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Interrupts.Software));
        Assert.That(machine.Mmu.Calls, Has.None.StartWith("resolve"));
    }

    [Test]
    public void AMaskWhoseTablesChangeMeanwhileIsReadByAnotherCall()
    {
        using var machine = WithMask(1);
        machine.Mmu.Answer = FaultResolution.Contended;
        Assert.That(machine.Ecall(SbiExtension.LegacySendIpi, 0, 0x4000_0200), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.X[10], machine.V.Csrs.Sip), Is.EqualTo((TrapMachine.Entry, 0x4000_0200UL, 0UL)));
        machine.Mmu.Answer = FaultResolution.Mapped;
        Assert.That(Call(machine, SbiExtension.LegacySendIpi, 0x4000_0200), Is.Zero);
        Assert.That((machine.V.Pc, machine.V.Csrs.Sip), Is.EqualTo((TrapMachine.Entry + 4, Interrupts.Software)));
    }

    [TestCase(FaultResolution.GuestPageFault, Mask)]
    [TestCase(FaultResolution.Mapped, TrapMachine.RamBase - 8)]
    [TestCase(FaultResolution.Mapped, Mask + 4)]
    public void AMaskThatCannotBeReadIsRefused(FaultResolution answer, ulong address)
    {
        using var machine = WithMask(1);
        machine.Mmu.Answer = answer;
        machine.Mmu.GuestAddress = address;
        Assert.That(Call(machine, SbiExtension.LegacySendIpi, 0x4000_0200), Is.EqualTo(-5));
        Assert.That(machine.V.Csrs.Sip, Is.Zero);
    }

    // Of a mask at the end of a page the bytes beyond it are the next page's, wherever that lies.
    [TestCase(FaultResolution.Mapped, 1UL, 0L, Interrupts.Software)]
    [TestCase(FaultResolution.Mapped, 0x100_0000_0001UL, -3L, 0UL)]
    [TestCase(FaultResolution.GuestPageFault, 1UL, -5L, 0UL)]
    [TestCase(FaultResolution.GuestAccessFault, 1UL, -5L, 0UL)]
    public void AMaskAcrossTwoPagesIsReadFromBoth(FaultResolution second, ulong mask, long error, ulong pending)
    {
        using var machine = new TrapMachine();
        var bytes = BitConverter.GetBytes(mask);
        bytes.AsSpan(0, 3).CopyTo(machine.Ram[0x1ffd..]);
        bytes.AsSpan(3).CopyTo(machine.Ram[0x3000..]);
        // What the address behind the first page's end leads to is not a part of it.
        machine.Ram.Slice(0x2000, 8).Fill(0xff);
        machine.Mmu.Translating = va => va < 0x4000_1000
            ? (FaultResolution.Mapped, TrapMachine.RamBase + 0x1000 + (va & 0xfff)) : (second, TrapMachine.RamBase + 0x3000 + (va & 0xfff));
        Assert.That(Call(machine, SbiExtension.LegacySendIpi, 0x4000_0ffd), Is.EqualTo(error));
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(pending));
    }

    [Test]
    public void AMaskWhoseSecondPageChangesMeanwhileIsReadByAnotherCall()
    {
        using var machine = new TrapMachine();
        machine.Mmu.Translating = va => (va < 0x4000_1000 ? FaultResolution.Mapped : FaultResolution.Contended, TrapMachine.RamBase);
        Assert.That(machine.Ecall(SbiExtension.LegacySendIpi, 0, 0x4000_0fff), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.X[10]), Is.EqualTo((TrapMachine.Entry, 0x4000_0fffUL)));
    }

    [Test]
    public void AnIpiIsClearedOnce()
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Sip = Interrupts.Software | Interrupts.Timer;
        Assert.That(Call(machine, SbiExtension.LegacyClearIpi), Is.EqualTo(1));
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Interrupts.Timer));
        Assert.That(Call(machine, SbiExtension.LegacyClearIpi), Is.Zero);
    }

    [Test]
    public void FencesAreThoseOfTheirArguments()
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, SbiExtension.LegacyRemoteFenceI, 0), Is.Zero);
        Assert.That(machine.Hart.FenceI, Is.EqualTo(1));
        Assert.That(Call(machine, SbiExtension.LegacyRemoteSfenceVma, 0, 0x5000, 0x2000), Is.Zero);
        Assert.That(Call(machine, SbiExtension.LegacyRemoteSfenceVmaAsid, 0, 0x7000, 0x1000, 9), Is.Zero);
        Assert.That(machine.Mmu.Calls.FindAll(call => call.StartsWith("fence", StringComparison.Ordinal)),
            Is.EqualTo(["fence page 5000", "fence page 6000", "fence page 7000 asid 9"]));
    }

    [Test]
    public void ADeadlineGoneByInterruptsAtOnce()
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        v.Csrs.Stvec = 0x8000_1000;
        v.Csrs.Sie = Interrupts.Timer;
        v.Csrs.Sstatus = Sstatus.Sie;
        machine.Ecall(SbiExtension.LegacySetTimer, 0, 1000);
        Assert.That((v.Pc, v.Csrs.Scause, v.Csrs.Sepc), Is.EqualTo((0x8000_1000UL, (1UL << 63) | 5, TrapMachine.Entry + 4)));
    }

    [Test]
    public void ASecondDeadlineGoneByIsStillDue()
    {
        using var machine = new TrapMachine();
        Call(machine, SbiExtension.LegacySetTimer, 1000);
        Call(machine, SbiExtension.LegacySetTimer, 1001);
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Interrupts.Timer));
    }

    [Test]
    public void InputComesByteByByte()
    {
        using var machine = new TrapMachine();
        machine.Bus.Input.Enqueue(0xff);
        Assert.That(Call(machine, SbiExtension.LegacyConsoleGetchar), Is.EqualTo(0xff));
        Assert.That(Call(machine, SbiExtension.LegacyConsoleGetchar), Is.EqualTo(-1));
    }
}
