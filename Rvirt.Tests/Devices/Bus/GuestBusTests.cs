using System;
using System.Collections.Generic;
using System.Threading;
using NUnit.Framework;
using Rvirt.Core.Instructions;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;
using Rvirt.Tests.SystemTests;
using GuestDeviceKind = Rvirt.Core.DeviceTree.GuestDeviceKind;

namespace Rvirt.Tests.Devices.Bus;

public unsafe class GuestBusTests
{
    [TestCase(0x5555u, GuestEvent.Shutdown, 0u)]
    [TestCase(0x7777u, GuestEvent.Reboot, 0u)]
    [TestCase(0x0007_3333u, GuestEvent.Fail, 7u)]
    [TestCase(0x1234u, GuestEvent.None, 0u)]
    public void TheTestDeviceAsksForAnEnd(uint value, GuestEvent expected, uint code)
    {
        using var guest = new TestGuest();
        var outcome = guest.Write(0x10_0000, value);
        Assert.That((outcome.Event, (uint)outcome.FailureCode), Is.EqualTo((expected, code)));
        Assert.That(guest.Write(0x10_0004, value).Event, Is.EqualTo(GuestEvent.None), "there is one register");
    }

    [TestCase(0x0UL)]
    [TestCase(0x0bff_fffcUL)]
    [TestCase(0x0c60_0000UL)]
    [TestCase(0x1000_0100UL)]
    [TestCase(0x1000_0ffcUL)]
    [TestCase(0x1000_1200UL)]
    [TestCase(0x1000_9000UL)]
    [TestCase(0x10_1024UL)]
    [TestCase(0x10_2000UL)]
    [TestCase(0xffff_ffff_ffff_fffcUL)]
    [TestCase(0x8000_0000_0000_0000UL)]
    public void NothingAnswersWhereThereIsNoDevice(ulong address)
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        Assert.That(guest.Bus->Read(ref host, 0, address, 4, out _).Answered, Is.False);
        Assert.That(guest.Bus->Write(ref host, 0, address, 4, 0).Answered, Is.False);
    }

    [Test]
    public void AGuestHasNoClockWhereTheHostHasNone()
    {
        using var guest = new TestGuest(clock: false);
        var host = guest.Machine.Host;
        Assert.That(guest.Bus->Board.Has(GuestDeviceKind.Clock), Is.False);
        Assert.That(guest.Bus->Read(ref host, 0, 0x10_1000, 4, out _).Answered, Is.False);
        Assert.That(guest.Bus->Write(ref host, 0, 0x10_1000, 4, 0).Answered, Is.False);
        Assert.That(guest.Bus->ServeAlarm(ref host), Is.EqualTo(ulong.MaxValue));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(8)]
    public void TheClockTakesWordsOnly(int size)
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        Assert.That(guest.Bus->Read(ref host, 0, 0x10_1000, size, out _).Answered, Is.False);
        Assert.That(guest.Bus->Write(ref host, 0, 0x10_1008, size, 0).Answered, Is.False);
        Assert.That(guest.Bus->Read(ref host, 0, 0x10_1002, 4, out _).Answered, Is.False);
    }

    [Test]
    public void AGuestThatSetsItsClockChangesNoOtherAndKeepsItWhenItStartsAgain()
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        guest.Write(0x10_1004, 3);
        guest.Write(0x10_1000, 4);
        Assert.That(guest.Machine.Clock, Is.EqualTo(2_000_000_000_123_456_789));
        Assert.That(guest.Bus->ResetAll(ref host));
        guest.Machine.Clock += 10;
        Assert.That((guest.Read(0x10_1000), guest.Read(0x10_1004)), Is.EqualTo((14UL, 3UL)));
    }

    [Test]
    public void TheAlarmOfTheClockReachesTheGuestAndGoesAway()
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        guest.Write(0x0c00_002c, 1);
        guest.Write(0x0c00_2080, 1 << 11);
        Assert.That(guest.Write(0x10_1010, 1).Event, Is.EqualTo(GuestEvent.None));
        guest.Machine.Time = 500;
        var moment = guest.Machine.Clock + 1_000_000_000;
        guest.Write(0x10_100c, moment >> 32);
        Assert.That(guest.Write(0x10_1008, (uint)moment).Event, Is.EqualTo(GuestEvent.Alarm));
        Assert.That(guest.Bus->ServeAlarm(ref host), Is.EqualTo(10_000_500), "a second at 10 MHz");

        // The host's clock goes slower than its timebase: too early yet.
        guest.Machine.Time = 10_000_500;
        guest.Machine.Clock = moment - 50_000_000;
        Assert.That(guest.Bus->ServeAlarm(ref host), Is.EqualTo(10_500_500));
        Assert.That(guest.Bus->ExternalInterruptPending(0), Is.False);

        guest.Machine.Clock = moment;
        Assert.That(guest.Bus->ServeAlarm(ref host), Is.EqualTo(ulong.MaxValue));
        Assert.That(guest.Bus->ExternalInterruptPending(0));
        Assert.That(guest.Read(0x0c20_1004), Is.EqualTo(11));
        Assert.That(guest.Write(0x10_101c, 1).Event, Is.EqualTo(GuestEvent.None), "no alarm was set or taken back");
        guest.Write(0x0c20_1004, 11);
        Assert.That(guest.Bus->ExternalInterruptPending(0), Is.False);
    }

    [Test]
    public void AnAlarmThatWaitsIsForgottenWhenTheGuestStartsAgain()
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        guest.Write(0x10_1010, 1);
        guest.Write(0x10_100c, 0x7000_0000);
        guest.Write(0x10_1008, 0);
        Assert.That(guest.Bus->ServeAlarm(ref host), Is.Not.EqualTo(ulong.MaxValue));
        guest.Bus->ResetAll(ref host);
        guest.Machine.Clock = ulong.MaxValue - 1;
        Assert.That(guest.Bus->ServeAlarm(ref host), Is.EqualTo(ulong.MaxValue));
        Assert.That(guest.Read(0x0c00_1000), Is.Zero);
    }

    [Test]
    public void ADriverThatNeverReadsTheUARTsIdentificationGetsAnInterruptAByte()
    {
        using var guest = new TestGuest();
        guest.Write(0x0c00_0028, 1);
        guest.Write(0x0c00_2080, 1 << 10);
        guest.Write(0x1000_0001, 2, 1);
        var interrupts = 0;
        var left = "hello";
        while (guest.Bus->ExternalInterruptPending(0) && interrupts < 100)
        {
            interrupts++;
            Assert.That(guest.Read(0x0c20_1004), Is.EqualTo(10));
            if (left.Length != 0)
            {
                guest.Write(0x1000_0000, left[0], 1);
                left = left[1..];
            }

            guest.Write(0x0c20_1004, 10);
        }

        Assert.That((interrupts, guest.Output), Is.EqualTo((6, "hello")), "one for the empty transmitter, one behind each byte");
    }

    // As the 16550's data sheet has it: the identification is read once for an interrupt, and what it names is served.
    [TestCase(true)]
    [TestCase(false)]
    public void ADriverThatServesOneCauseAnInterruptGetsAllOfThem(bool receivedBeforeClaim)
    {
        using var guest = new TestGuest();
        guest.Write(0x0c00_0028, 1);
        guest.Write(0x0c00_2080, 1 << 10);
        guest.Write(0x1000_0001, 3, 1);
        var causes = new List<ulong>();
        if (receivedBeforeClaim)
        {
            guest.Machine.Type("a");
            guest.ServeInterrupts();
        }

        for (var interrupt = 0; interrupt < 10 && guest.Bus->ExternalInterruptPending(0); interrupt++)
        {
            Assert.That(guest.Read(0x0c20_1004), Is.EqualTo(10));
            if (interrupt == 0 && !receivedBeforeClaim)
            {
                guest.Machine.Type("a");
                guest.ServeInterrupts();
            }

            var cause = guest.Read(0x1000_0002, 1);
            causes.Add(cause);
            if (cause == 4)
            {
                Assert.That(guest.Read(0x1000_0000, 1), Is.EqualTo((ulong)'a'));
            }

            guest.Write(0x0c20_1004, 10);
        }

        Assert.That(causes, Is.EqualTo(new ulong[] { 4, 2 }), "a received byte, and the empty transmitter");
    }

    [Test]
    public void ADriverThatLooksAtTheLineStatusAloneIsAskedForTheTransmitterBehindAReceivedByte()
    {
        using var guest = new TestGuest();
        guest.Write(0x0c00_0028, 1);
        guest.Write(0x0c00_2080, 1 << 10);
        guest.Write(0x1000_0001, 3, 1);
        guest.Machine.Type("a");
        guest.ServeInterrupts();
        var served = "";
        for (var interrupt = 0; interrupt < 10 && guest.Bus->ExternalInterruptPending(0); interrupt++)
        {
            Assert.That(guest.Read(0x0c20_1004), Is.EqualTo(10));
            served += (guest.Read(0x1000_0005, 1) & 1) != 0 ? $"{(char)guest.Read(0x1000_0000, 1)} " : "empty ";
            guest.Write(0x0c20_1004, 10);
        }

        Assert.That(served, Is.EqualTo("a empty "));
    }

    [Test]
    public void ThePLICTakesWordsOnly()
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        Assert.That(guest.Bus->Read(ref host, 0, 0x0c20_1004, 8, out _).Answered, Is.False);
        Assert.That(guest.Bus->Read(ref host, 0, 0x0c20_1004, 1, out _).Answered, Is.False);
        Assert.That(guest.Bus->Write(ref host, 0, 0x0c00_0004, 2, 1).Answered, Is.False);
    }

    [Test]
    public void EmptySlotsReadAsTransportsWithoutADevice()
    {
        using var guest = new TestGuest();
        for (var slot = 1u; slot < 8; slot++)
        {
            var address = 0x1000_1000UL + (slot * 0x1000);
            Assert.That(guest.Read(address), Is.EqualTo(VirtioRegister.MagicValue));
            Assert.That(guest.Read(address + 8), Is.Zero);
            Assert.That(guest.Read(address + 0x100), Is.Zero);
            guest.Write(address + 0x70, 1);
            guest.Write(address + 0x50, 0);
            Assert.That(guest.Read(address + 0x70), Is.Zero);
        }
    }

    [TestCase(5u)]
    [TestCase(16u)]
    [TestCase(23u)]
    [TestCase(24u)]
    public void DevicesWhoseMessagesNameMemoryAreNotPassedOn(uint kind)
    {
        using var guest = new TestGuest(kind: kind);
        Assert.That(guest.Register(VirtioRegister.DeviceId), Is.Zero);
    }

    [Test]
    public void ARegisterReadCostsNoAccessToTheHost()
    {
        using var guest = new TestGuest();
        GuestDriver.Open(guest);
        var before = guest.Machine.MmioAccesses;
        guest.Read(0x1000_0005, 1);
        guest.Read(0x0c20_1004);
        guest.Register(VirtioRegister.InterruptStatus);
        guest.Register(VirtioRegister.QueueSizeMax);
        Assert.That(guest.Machine.MmioAccesses, Is.EqualTo(before));
    }

    [TestCase(1u, true)]
    [TestCase(127u, true)]
    [TestCase(0u, false)]
    [TestCase(128u, false)]
    [TestCase(uint.MaxValue, false)]
    public void AnInterruptThatCannotBeRoutedIsRefused(uint source, bool routed)
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        Assert.That(guest.HostPlic->Route(ref host, FakeMachine.Context, source, 7), Is.EqualTo(routed));
        Assert.That(HostPlic<DeviceHost>.CanRoute(source), Is.EqualTo(routed));
    }

    [TestCase(-1)]
    [TestCase(8)]
    [TestCase(int.MaxValue)]
    public void AnInterruptOfASlotThatDoesNotExistIsNobodys(int slot)
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        guest.Bus->ServiceDevice(ref host, slot, elsewhere: false);
        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.Zero);
    }

    [Test]
    public void ASourceNobodyOwnsIsTurnedOff()
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        guest.HostPlic->Route(ref host, FakeMachine.Context, 20, 0);
        guest.Machine.Plic.SetLevel(20, true);
        Assert.That(guest.ServeInterrupts(), Is.True);
        Assert.That(guest.ServeInterrupts(), Is.False);
        guest.HostPlic->Route(ref host, FakeMachine.Context, 20, 7);
        Assert.That(guest.HostPlic->Claim(ref host, FakeMachine.Context), Is.EqualTo(20), "it was completed, so that it comes again once it has an owner");
    }

    [Test]
    public void NoAccessOfAnotherHartFallsIntoAnAtomicOperation()
    {
        using var guest = new TestGuest();
        var field = TestGuest.Slot0 + VirtioRegister.Configuration;
        guest.Write(field, 5);
        var other = new Thread(() => guest.Write(field, 100)) { IsBackground = true };
        var through = true;
        guest.Machine.Reading = _ =>
        {
            guest.Machine.Reading = null;
            var before = StateOf(guest);
            other.Start();
            // It draws a ticket of the lock, which is in the bus, and waits for its turn; without a lock it comes through.
            Patience.Until(() => !other.IsAlive || !StateOf(guest).AsSpan().SequenceEqual(before), "another hart asks for the bus");
            through = !other.IsAlive;
        };
        Assert.That(AtomicOperation.TryMake(InstructionId.AmoaddW, 4, 1, out var operation));
        var host = guest.Machine.Host;
        var outcome = guest.Bus->Modify(ref host, 0, field, operation, out var old);
        other.Join();
        Assert.That((outcome.Answered, old, through), Is.EqualTo((true, 5UL, false)));
        Assert.That(guest.Read(field), Is.EqualTo(100), "the other hart's came behind it");
    }

    [Test]
    public void AnAtomicOperationReadsAndWritesAndAsks()
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        Assert.That(AtomicOperation.TryMake(InstructionId.AmoorW, 4, 0x5555, out var operation));
        Assert.That(guest.Bus->Modify(ref host, 0, 0x10_0000, operation, out _).Event, Is.EqualTo(GuestEvent.Shutdown));
        Assert.That(guest.Bus->Modify(ref host, 0, 0x10_2000, operation, out _).Answered, Is.False);
        guest.Write(0x0c00_0028, 3);
        Assert.That(AtomicOperation.TryMake(InstructionId.AmoxorW, 4, 1, out operation));
        Assert.That(guest.Bus->Modify(ref host, 0, 0x0c00_0028, operation, out var old).Answered);
        Assert.That((old, guest.Read(0x0c00_0028)), Is.EqualTo((3UL, 2UL)));
    }

    // Of several harts, the one that asks hears it by the outcome, the others by a request.
    [Test]
    public void OnlyTheOtherHartsAreToldOfALineThatChanged()
    {
        using var guest = new TestGuest(harts: 3);
        var block = stackalloc VCpu[3];
        var harts = stackalloc VCpu*[3];
        for (var i = 0; i < 3; i++)
        {
            block[i] = default;
            block[i].HostHartId = 10 + (ulong)i;
            harts[i] = block + i;
        }

        GuestBus<DeviceHost>.UseHarts(guest.Bus, harts);
        guest.Write(0x0c00_0028, 1);
        for (var i = 0UL; i < 3; i++)
        {
            guest.Write(0x0c00_2080 + (0x100 * i), 1 << 10);
        }

        var host = guest.Machine.Host;
        guest.Machine.Ipis.Clear();
        var outcome = guest.Bus->Write(ref host, 1, 0x1000_0001, 1, 2);
        Assert.That((outcome.LineChanged, guest.Machine.Ipis), Is.EqualTo((true, new List<ulong> { 10, 12 })));
        Assert.That((block[0].Requests, block[1].Requests, block[2].Requests), Is.EqualTo(((int)HartRequest.External, 0, (int)HartRequest.External)));
        Assert.That(guest.Bus->Write(ref host, 1, 0x1000_0007, 1, 2).LineChanged, Is.False);

        block[0].Requests = 0;
        guest.Machine.Ipis.Clear();
        Assert.That(AtomicOperation.TryMake(InstructionId.AmoandW, 4, 0, out var operation));
        Assert.That(guest.Bus->Modify(ref host, 2, 0x0c00_2080, operation, out _).LineChanged, Is.True);
        Assert.That((block[0].Requests, guest.Machine.Ipis), Is.EqualTo(((int)HartRequest.External, new List<ulong> { 10 })), "its source was taken from it");
    }

    private static byte[] StateOf(TestGuest guest) => new ReadOnlySpan<byte>(guest.Bus, sizeof(GuestBus<DeviceHost>)).ToArray();
}
