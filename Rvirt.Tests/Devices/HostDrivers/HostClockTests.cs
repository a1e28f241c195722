using System.Numerics;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.HostDrivers;

internal sealed class HostClockTests
{
    [Test]
    public void ReadsBothHalvesOfOneMoment()
    {
        using var machine = new FakeMachine(4096) { Clock = 0x1234_5678_9abc_def0 };
        var host = machine.Host;
        var clock = default(HostClock<DeviceHost>);
        Assert.That(clock.Exists, Is.False);
        clock.Take<HostGoldfishRtc>(new HostDevice { Base = FakeMachine.ClockBase }, FakeMachine.Timebase);
        Assert.That((clock.Exists, clock.Read(ref host)), Is.EqualTo((true, 0x1234_5678_9abc_def0UL)));
    }

    // By the definition: the first tick that begins when the moment has come or later, and no sooner than a thousandth of a second.
    [Test]
    public void FindsTheFirstTickOfAMoment(
        [Values(1u, 1_000u, 1_000_000u, 10_000_000u, 24_000_001u, 1_000_000_000u, uint.MaxValue)] uint frequency,
        [Values(1UL, 99UL, 100UL, 101UL, 2_000_000UL, 999_999_999UL, 1_000_000_000UL, 1_000_000_001UL, 86_400_000_000_123UL, 1UL << 63, ulong.MaxValue)] ulong wait,
        [Values(0UL, 12345UL, ulong.MaxValue - 5)] ulong time)
    {
        using var machine = new FakeMachine(4096) { Time = time };
        var host = machine.Host;
        var clock = default(HostClock<DeviceHost>);
        clock.Take<HostGoldfishRtc>(new HostDevice { Base = FakeMachine.ClockBase }, frequency);
        var found = clock.WhenIs(ref host, 77, unchecked(77 + wait));
        var ticks = BigInteger.Divide(((BigInteger)wait * frequency) + 999_999_999, 1_000_000_000);
        ticks = BigInteger.Max(ticks, (frequency / 1024) + 1);
        if (time + ticks > ulong.MaxValue)
        {
            Assert.That(found, Is.EqualTo(ulong.MaxValue));
        }
        else
        {
            Assert.That((BigInteger)found, Is.EqualTo(time + ticks));
        }
    }
}
