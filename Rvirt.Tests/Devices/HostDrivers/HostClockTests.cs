using System.Numerics;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.HostDrivers;

internal sealed class HostClockTests
{
    [Test]
    public void Reads_both_halves_of_one_moment()
    {
        using var machine = new FakeMachine(4096) { Clock = 0x1234_5678_9abc_def0 };
        var host = machine.Host;
        var clock = default(HostClock<DeviceHost>);
        Assert.That(clock.Exists, Is.False);
        clock.Take<HostGoldfishRtc>(new HostDevice { Base = FakeMachine.ClockBase }, FakeMachine.Timebase);
        Assert.That((clock.Exists, clock.Read(ref host)), Is.EqualTo((true, 0x1234_5678_9abc_def0ul)));
    }

    // By the definition: the first tick that begins when the moment has come or later, and no sooner than a thousandth of a second.
    [Test]
    public void Finds_the_first_tick_of_a_moment(
        [Values(1u, 1_000u, 1_000_000u, 10_000_000u, 24_000_001u, 1_000_000_000u, uint.MaxValue)] uint frequency,
        [Values(1ul, 99ul, 100ul, 101ul, 2_000_000ul, 999_999_999ul, 1_000_000_000ul, 1_000_000_001ul, 86_400_000_000_123ul, 1ul << 63, ulong.MaxValue)] ulong wait,
        [Values(0ul, 12345ul, ulong.MaxValue - 5)] ulong time)
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
