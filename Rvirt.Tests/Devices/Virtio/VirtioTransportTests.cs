using System.Linq;
using CsCheck;
using NUnit.Framework;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Virtio;

/// <summary>The registers alone, in front of a back end that does nothing.</summary>
public class VirtioTransportTests
{
    private const uint Ready = VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.FeaturesOk | VirtioStatus.DriverOk;

    [Test]
    public void AnEmptySlotSaysSoAndForgetsWhatIsWritten([Values(0u, 1u, 2u)] uint version)
    {
        using var slot = Slot(new() { Kind = 0, Version = version }, out var script);
        Assert.That(slot.Register(0x000), Is.EqualTo(0x7472_6976));
        Assert.That(slot.Register(0x004), Is.EqualTo(1), "as the board's");
        Assert.That(slot.Register(0x008), Is.Zero);
        Assert.That(slot.Register(0x00c), Is.EqualTo(0x554d_4551));
        for (var offset = 0u; offset < 0x200; offset += 4)
        {
            slot.Register(offset, uint.MaxValue);
            Assert.That(slot.Register(offset), offset < 16 ? Is.Not.EqualTo(uint.MaxValue) : Is.Zero, $"0x{offset:x}");
        }

        slot.Service();
        Assert.That(slot.Reset());
        Assert.That(script.Calls, Is.Empty);
        Assert.That(slot.Transport.InterruptLine, Is.False);
    }

    [Test]
    public void TheBackEndSaysWhatTheDeviceIs()
    {
        using var slot = Slot(new(), out _);
        Assert.That(new uint[] { 4, 8, 12 }.Select(slot.Register), Is.EqualTo([2u, 4u, 0x1234_5678u]));
        Assert.That(slot.Register(VirtioRegister.ConfigurationGeneration), Is.EqualTo(9));
        Assert.That(Sizes(slot), Is.EqualTo([16u, 0u, 64u, 0u, 0u, 0u, 0u, 0u, 0u, 0u]));
        slot.Register(VirtioRegister.QueueSelect, uint.MaxValue);
        Assert.That(slot.Register(VirtioRegister.QueueSizeMax), Is.Zero);
        Assert.That(Features(slot), Is.EqualTo([0x2000_0001u, 1u, 0u, 0u]));
    }

    [Test]
    public void ALegacyDriverSees32FeaturesAndHasThemTakenAtOnce()
    {
        using var slot = Slot(new() { Version = 1 }, out var script);
        Assert.That(Features(slot), Is.EqualTo([0x2000_0001u, 0u, 0u, 0u]));
        slot.Register(VirtioRegister.DriverFeatures, uint.MaxValue);
        slot.Register(VirtioRegister.DriverFeaturesSelect, 1);
        slot.Register(VirtioRegister.DriverFeatures, uint.MaxValue);
        Assert.That(script.Calls, Is.EqualTo(["agree 20000001", "agree 20000001"]));
        Assert.That(slot.Register(VirtioRegister.ConfigurationGeneration), Is.Zero);
    }

    [Test]
    public void FeaturesAreAgreedOnWithTheStatus()
    {
        using var slot = Slot(new(), out var script);
        Take(slot, VirtioFeature.Version1 | 1);
        Assert.That(script.Calls, Is.Empty);
        slot.Register(VirtioRegister.Status, 11);
        Assert.That(slot.Register(VirtioRegister.Status), Is.EqualTo(11));
        Take(slot, 0);
        slot.Register(VirtioRegister.Status, 15);
        Assert.That(script.Calls, Is.EqualTo(["agree 100000001", "status 11", "status 15"]));
    }

    [TestCase(VirtioFeature.Version1 | 2, VirtioKind.Entropy, true)]
    [TestCase(VirtioFeature.Version1 | (1UL << 63), VirtioKind.Entropy, true)]
    [TestCase(1UL, VirtioKind.Network, true)]
    [TestCase(VirtioFeature.Version1 | 1, VirtioKind.Entropy, false)]
    public void FeaturesThatCannotBeAreRefused(ulong features, uint kind, bool accepts)
    {
        using var slot = Slot(new() { Kind = kind, Accepts = accepts }, out var script);
        Take(slot, features);
        slot.Register(VirtioRegister.Status, 11);
        Assert.That(slot.Register(VirtioRegister.Status), Is.EqualTo(3));
        Assert.That(script.Calls.Last(), Is.EqualTo(accepts ? "status 3" : "status 11"));
        Assert.That(script.Agreed.HasValue, Is.Not.EqualTo(accepts));
    }

    [Test]
    public void AModernQueueStartsWhereItWasPutAndStops()
    {
        using var slot = Slot(new(), out var script);
        Open(slot);
        slot.Register(VirtioRegister.QueueSelect, 2);
        slot.Register(VirtioRegister.QueueSize, 32);
        foreach (var (register, value) in new (uint, uint)[] { (0x80, 0x1111_1110), (0x84, 1), (0x90, 0x2222_2222), (0x94, 2), (0xa0, 0x3333_3334), (0xa4, 3) })
        {
            slot.Register(register, value);
        }

        script.Calls.Clear();
        slot.Register(VirtioRegister.QueueNotify, 2);
        slot.Register(VirtioRegister.QueueReady, 1);
        slot.Register(VirtioRegister.QueueReady, 3);
        Assert.That(slot.Register(VirtioRegister.QueueReady), Is.EqualTo(1));
        var place = script.Place;
        Assert.That(
            (place.Size, place.Descriptors, place.Available, place.Used), Is.EqualTo((32u, 0x1_1111_1110UL, 0x2_2222_2222UL, 0x3_3333_3334UL)));
        foreach (var queue in new uint[] { 2, 0, 1, 3, 8, 0x1_0002, uint.MaxValue })
        {
            slot.Register(VirtioRegister.QueueNotify, queue);
        }

        slot.Register(VirtioRegister.QueueReady, 0);
        slot.Register(VirtioRegister.QueueReady, 0);
        slot.Register(VirtioRegister.QueueNotify, 2);
        Assert.That(slot.Register(VirtioRegister.QueueReady), Is.Zero);
        Assert.That(script.Calls, Is.EqualTo(["start 2", "notify 2", "stop 2"]));
    }

    [Test]
    public void ALegacyQueueStartsAtItsPageAndGoesWithAReset()
    {
        using var slot = Slot(new() { Version = 1 }, out var script);
        slot.Register(VirtioRegister.GuestPageSize, 4096);
        slot.Register(VirtioRegister.QueueSize, 16);
        slot.Register(VirtioRegister.QueueAlign, 256);
        slot.Register(VirtioRegister.QueuePageNumber, 0x8_0003);
        var place = script.Place;
        // 16 descriptors of 16 bytes; 6 bytes and 16 entries of 2 end at 0x126, and the used ring begins at the next multiple of 256.
        Assert.That((place.Size, place.Descriptors, place.Available, place.Used), Is.EqualTo((16u, 0x8000_3000UL, 0x8000_3100UL, 0x8000_3200UL)));
        Assert.That(slot.Register(VirtioRegister.QueuePageNumber), Is.EqualTo(0x8_0003));
        slot.Register(VirtioRegister.QueuePageNumber, 7);
        Assert.That(slot.Register(VirtioRegister.QueuePageNumber), Is.EqualTo(0x8_0003), "it has started");
        slot.Register(VirtioRegister.QueuePageNumber, 0);
        Assert.That(slot.Register(VirtioRegister.QueuePageNumber), Is.Zero);
        Assert.That(script.Calls, Is.EqualTo(["agree 0", "start 0", "reset"]));
    }

    [Test]
    public void AQueueThatDoesNotStartIsToldOnce()
    {
        using var slot = Slot(new() { Starts = false }, out var script);
        Open(slot);
        script.Fault = (QueueFault.Layout, 2);
        slot.Register(VirtioRegister.QueueSelect, 2);
        slot.Register(VirtioRegister.QueueReady, 1);
        Assert.That(slot.Register(VirtioRegister.QueueReady), Is.Zero);
        Assert.That(slot.Register(VirtioRegister.Status), Is.EqualTo(Ready | VirtioStatus.NeedsReset));
        Assert.That(slot.Register(VirtioRegister.InterruptStatus), Is.EqualTo(2));
        Assert.That((slot.Transport.TakeReport(out var queue), queue), Is.EqualTo((QueueFault.Layout, 2)));
        Assert.That(slot.Transport.TakeReport(out _), Is.EqualTo(QueueFault.None));
        slot.Register(VirtioRegister.Status, Ready);
        Assert.That(slot.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Not.Zero, "only a reset takes it back");
        script.Calls.Clear();
        slot.Register(VirtioRegister.QueueReady, 1);
        script.Fault = (QueueFault.Loop, 0);
        script.Answer = VirtioNews.Fault;
        slot.Register(VirtioRegister.InterruptAcknowledge, 2);
        slot.Service();
        Assert.That(slot.Transport.InterruptLine, Is.False);
        Assert.That(slot.Transport.TakeReport(out _), Is.EqualTo(QueueFault.None), "the driver knows");
        Assert.That(slot.Transport.Counters.Faults, Is.EqualTo(1));
        Assert.That(script.Calls, Is.EqualTo(["service"]), "nothing starts before the reset");
        slot.Register(VirtioRegister.Status, 0);
        Assert.That((slot.Register(VirtioRegister.Status), slot.Register(VirtioRegister.InterruptStatus)), Is.EqualTo((0u, 0u)));
    }

    [Test]
    public void CausesAddUpUntilTheyAreAcknowledged()
    {
        using var slot = Slot(new(), out var script);
        script.Answer = VirtioNews.UsedBuffers;
        slot.Service();
        script.Answer = VirtioNews.ConfigurationChanged;
        slot.Service();
        Assert.That(slot.Transport.Counters.GuestInterrupts, Is.EqualTo(1), "the line rose once");
        Assert.That(slot.Register(VirtioRegister.InterruptStatus), Is.EqualTo(3));
        slot.Register(VirtioRegister.InterruptAcknowledge, 0xffff_fffd);
        Assert.That((slot.Register(VirtioRegister.InterruptStatus), slot.Transport.InterruptLine), Is.EqualTo((2u, true)));
        slot.Register(VirtioRegister.InterruptAcknowledge, 2);
        Assert.That(slot.Transport.InterruptLine, Is.False);
    }

    [Test]
    public void TroubleOfTheBackEndShowsInTheStatus()
    {
        using var slot = Slot(new(), out var script);
        script.IsInTrouble = true;
        Assert.That(slot.Register(VirtioRegister.Status), Is.EqualTo(VirtioStatus.NeedsReset));
    }

    [Test]
    public void ADeviceThatDoesNotStopIsLostForGood()
    {
        using var slot = Slot(new(), out var script);
        Open(slot);
        slot.Register(VirtioRegister.QueueReady, 1);
        script.Answer = VirtioNews.UsedBuffers;
        slot.Service();
        script.Resets = false;
        Assert.That(slot.Reset(), Is.False);
        script.Resets = true;
        script.Calls.Clear();
        Assert.That(slot.Reset(), Is.False);
        Open(slot);
        slot.Register(VirtioRegister.QueueReady, 1);
        slot.Register(VirtioRegister.QueueNotify, 0);
        slot.Register(VirtioRegister.QueueReady, 0);
        slot.Service();
        Assert.That(script.Calls, Is.Empty);
        Assert.That(slot.Transport.InterruptLine, Is.False);
        Assert.That(slot.Register(VirtioRegister.Status), Is.EqualTo(VirtioStatus.NeedsReset));
    }

    [Test]
    public void TheConfigurationSpaceIsTheBackEnds()
    {
        using var slot = Slot(new(), out var script);
        foreach (var size in new[] { 1, 2, 4, 8 })
        {
            for (var offset = 0xf0u; offset < 0x210; offset++)
            {
                script.Calls.Clear();
                var inside = offset < 0x200 && offset % size == 0;
                Assert.That(slot.TryRead(offset, size), Is.EqualTo(offset < 0x100 || inside), $"0x{offset:x}:{size}");
                Assert.That(slot.TryWrite(offset, size, 5), Is.EqualTo(offset < 0x100 || inside), $"0x{offset:x}:{size}");
                Assert.That(
                    script.Calls,
                    Is.EqualTo(offset < 0x100 || !inside ? [] : new[] { $"read {offset - 0x100}:{size}", $"write {offset - 0x100}:{size} 5" }));
            }
        }
    }

    /// <summary>The back end checks what it is asked.</summary>
    [Test]
    public void NoDriverMakesTheTransportBreakItsPromises()
    {
        var offset = Gen.Frequency(
            (8, Gen.Int[0, Registers.Length - 1].Select(i => Registers[i])),
            (1, Gen.UInt[0, 0x210]));
        var value = Gen.Frequency((6, Gen.UInt[0, 16]), (1, Gen.UInt[0, 3].Select(i => 1u << (int)(8 * i))), (1, Gen.UInt));
        var step = Gen.Select(offset, value, Gen.Int[0, 7].Select(i => i < 4 ? 1 << i : 4), Gen.Int[0, 40]);
        Gen.Select(Gen.UInt[1, 2], Gen.Int[0, 9], Gen.Bool, step.Array[1, 120]).ForAll(
            (version, moods, resets, steps) =>
            {
                using var slot = Slot(new() { Version = version, Starts = moods != 0, Accepts = moods != 1, Resets = moods != 2 || resets }, out var script);
                foreach (var (at, what, size, mood) in steps)
                {
                    script.Answer = (VirtioNews)(mood & 7);
                    slot.TryWrite(at, size, what);
                    slot.TryRead(at, size);
                    if (mood == 39)
                    {
                        slot.Service();
                    }

                    Assert.That(slot.Register(VirtioRegister.InterruptStatus) & ~3u, Is.Zero);
                    Assert.That(slot.Transport.InterruptLine, Is.EqualTo(slot.Register(VirtioRegister.InterruptStatus) != 0));
                }
            },
            iter: 3_000);
    }

    private static readonly uint[] Registers =
    [
        0x14, 0x20, 0x24, 0x28, 0x30, 0x38, 0x3c, 0x40, 0x44, 0x50, 0x50, 0x64, 0x70, 0x70, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4,
    ];

    private static ServedSlot<StrictBackend> Slot(StrictBackend.Script script, out StrictBackend.Script same)
    {
        same = script;
        return new ServedSlot<StrictBackend>(new StrictBackend(script));
    }

    private static void Open(ServedSlot<StrictBackend> slot)
    {
        slot.Register(VirtioRegister.Status, 3);
        Take(slot, VirtioFeature.Version1);
        slot.Register(VirtioRegister.Status, 11);
        slot.Register(VirtioRegister.Status, Ready);
    }

    private static void Take(ServedSlot<StrictBackend> slot, ulong features)
    {
        slot.Register(VirtioRegister.DriverFeaturesSelect, 1);
        slot.Register(VirtioRegister.DriverFeatures, (uint)(features >> 32));
        slot.Register(VirtioRegister.DriverFeaturesSelect, 0);
        slot.Register(VirtioRegister.DriverFeatures, (uint)features);
    }

    private static uint[] Features(ServedSlot<StrictBackend> slot) => [.. new uint[] { 0, 1, 2, uint.MaxValue }.Select(half =>
    {
        slot.Register(VirtioRegister.DeviceFeaturesSelect, half);
        return slot.Register(VirtioRegister.DeviceFeatures);
    })];

    private static uint[] Sizes(ServedSlot<StrictBackend> slot) => [.. Enumerable.Range(0, 10).Select(queue =>
    {
        slot.Register(VirtioRegister.QueueSelect, (uint)queue);
        return slot.Register(VirtioRegister.QueueSizeMax);
    })];
}
