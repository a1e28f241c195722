using System;
using NUnit.Framework;
using Rvirt.Devices.Clock;

namespace Rvirt.Tests.Devices.Clock;

/// <summary>The clock by itself. That it is the board's, <see cref="SystemTests.ClockTests"/> shows.</summary>
public class GoldfishRtcTests
{
    private const ulong Now = 0x1bc1_6d67_4ec8_0000;
    private GoldfishRtc _clock;

    [SetUp]
    public void SetUp() => _clock = default;

    [Test]
    public void TellsTheHostsTimeInTwoHalvesOfOneMoment()
    {
        Assert.That(Read(0x00, 0x1bc1_6d67_ffff_fffe), Is.EqualTo(0xffff_fffe));
        Assert.That(Read(0x04, 0x1bc1_6d68_0000_0003), Is.EqualTo(0x1bc1_6d67));
        Assert.That(Read(0x00, 0x1bc1_6d68_0000_0003), Is.EqualTo(3));
        Assert.That(Read(0x04, 0x1bc1_6d68_0000_0003), Is.EqualTo(0x1bc1_6d68));
    }

    [TestCase(0u, 0u)]
    [TestCase(0x0000_0001u, 0xffff_ffffu)]
    [TestCase(0x3fff_ffffu, 0x8000_0000u)]
    [TestCase(0xffff_ffffu, 0xffff_fff0u)]
    public void GoesOnFromATimeThatIsSetAndKeepsItOverAReset(uint high, uint low)
    {
        Write(0x04, high);
        Write(0x00, low);
        _clock.Reset();
        var time = Read(0x00, Now + 12) | (Read(0x04) << 32);
        Assert.That(time, Is.EqualTo(unchecked((((ulong)high << 32) | low) + 12)));
    }

    [Test]
    public void RingsAtTheMomentAndNotBefore()
    {
        Arm(Now + 1000);
        Assert.That(_clock.Due, Is.EqualTo(Now + 1000));
        _clock.Advance(Now + 999);
        Assert.That((Read(0x18, Now + 999), _clock.InterruptLine), Is.EqualTo((1UL, false)));
        _clock.Advance(Now + 1000);
        Assert.That((Read(0x18, Now), _clock.InterruptLine, _clock.Due), Is.EqualTo((0UL, false, GoldfishRtc.Never)));
        Write(0x10, 1);
        Assert.That(_clock.InterruptLine, "it was pending, and is enabled now");
        Write(0x1c, 0);
        Assert.That(_clock.InterruptLine, Is.False);
    }

    [TestCase(0UL)]
    [TestCase(Now - 1)]
    [TestCase(Now)]
    public void RingsAtOnceWhereTheMomentIsGoneBy(ulong moment)
    {
        Write(0x10, 1);
        Arm(moment);
        Assert.That((_clock.InterruptLine, _clock.Due), Is.EqualTo((true, GoldfishRtc.Never)));
    }

    [Test]
    public void KeepsTheMomentOfAnAlarmWhenTheClockIsSet()
    {
        Arm(Now + 1000);
        Write(0x04, 0x1000_0000);
        Assert.That(_clock.Due, Is.EqualTo(Now + 1000));
        Write(0x04, 0x7000_0000);
        Assert.That((_clock.Due, _clock.InterruptLine), Is.EqualTo((Now + 1000, false)));
    }

    [Test]
    public void ReckonsAnAlarmByTheGuestsOwnTime()
    {
        Write(0x04, 5);
        Write(0x00, 0);
        Arm((5UL << 32) + 700);
        Assert.That(_clock.Due, Is.EqualTo(Now + 700));
    }

    [Test]
    public void NeverRingsWhereTheHostsTimeDoesNotCountSoFar()
    {
        Write(0x04, 0);
        Write(0x00, 0);
        Arm(ulong.MaxValue);
        _clock.Advance(ulong.MaxValue - 1);
        Assert.That((Read(0x18), _clock.InterruptLine), Is.EqualTo((1UL, false)));
    }

    [Test]
    public void ForgetsTheAlarmInAReset()
    {
        Write(0x10, 1);
        Arm(Now);
        Arm(Now + 5);
        _clock.Reset();
        Assert.That((_clock.InterruptLine, _clock.Due), Is.EqualTo((false, GoldfishRtc.Never)));
        foreach (var register in new uint[] { 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20 })
        {
            Assert.That(Read(register), Is.Zero, $"{register:x}");
        }
    }

    [Test]
    public void TakesAnythingAndChangesNothingWhereItAnswersNo()
    {
        var random = new Random(2024);
        for (var i = 0; i < 20_000; i++)
        {
            var offset = (uint)random.NextInt64(0, (long)GoldfishRtc.Size);
            var now = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            var before = _clock;
            var answered = random.Next(2) == 0 ? _clock.TryRead(offset, now, out _) : _clock.TryWrite(offset, now, (uint)random.NextInt64());
            Assert.That(answered, Is.EqualTo(offset % 4 == 0));
            Assert.That(answered || _clock.Equals(before));
        }
    }

    private void Arm(ulong moment)
    {
        Write(0x0c, (uint)(moment >> 32));
        Write(0x08, (uint)moment);
    }

    private ulong Read(uint register, ulong now = Now)
    {
        Assert.That(_clock.TryRead(register, now, out var value));
        return value;
    }

    private void Write(uint register, uint value) => Assert.That(_clock.TryWrite(register, Now, value));
}
