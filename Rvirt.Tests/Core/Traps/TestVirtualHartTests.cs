using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Testing.Traps;

namespace Rvirt.Tests.Core.Traps;

/// <summary>The virtual hart that <see cref="Rvirt.Testing"/> gives to tests of others: what traps on hardware does so there, with the cause that the specification gives it.</summary>
public sealed class TestVirtualHartTests
{
    private const ulong Device = 0x1000_0000;

    // Privileged spec 1.13 §4.1.8: 5 load access fault, 7 store or AMO access fault.
    [TestCase("lb a1, 3(a0)", 5UL, 0x1000_0003UL)]
    [TestCase("fld fa1, 8(a0)", 5UL, 0x1000_0008UL)]
    [TestCase("sd a1, 8(a0)", 7UL, 0x1000_0008UL)]
    [TestCase("amoadd.w a1, a2, (a0)", 7UL, 0x1000_0000UL)]
    public void AnAccessThatNothingAnswersIsTheGuestsFault(string text, ulong cause, ulong value)
    {
        using var guest = new TestVirtualHart();
        guest.Bus.Present = false;
        guest.V.X[10] = Device;
        guest.V.Csrs.Stvec = 0x8000_1000;
        Assert.That(guest.Execute(text), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((guest.V.Pc, guest.V.Csrs.Scause, guest.V.Csrs.Stval), Is.EqualTo((0x8000_1000UL, cause, value)));
    }

    [Test]
    public void AddressesThatNoGuestHasAreFaultsToo()
    {
        using var guest = new TestVirtualHart();
        guest.V.X[10] = 1UL << 56;
        guest.Execute("ld a1, 0(a0)");
        Assert.That((guest.V.Csrs.Scause, guest.V.Csrs.Stval, guest.Bus.Calls.Count), Is.EqualTo((5UL, 1UL << 56, 0)));
    }

    [Test]
    public void CallsReachTheFirmware()
    {
        using var guest = new TestVirtualHart();
        guest.V.X[10] = 'A';
        guest.V.X[17] = 1;
        guest.Execute("ecall");
        Assert.That((guest.Bus.Output.ToString(), guest.V.Pc), Is.EqualTo(("A", GuestPlace.Entry + 4)));
    }

    [TestCase("ld a1, 0(a2)", "is of RAM")]
    [TestCase("sb a1, 0(a2)", "is of RAM")]
    [TestCase("nop\nnop", "is not one instruction")]
    [TestCase("c.nop", "is not one instruction")]
    public void WhatWouldNotTrapIsRefused(string text, string expected)
    {
        using var guest = new TestVirtualHart();
        guest.V.X[12] = GuestPlace.RamBase + 0x100;
        Assert.That(() => guest.Execute(text), Throws.ArgumentException.With.Message.Contains(expected));
        Assert.That(guest.V.Pc, Is.EqualTo(GuestPlace.Entry));
    }
}
