using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Hostile.Programs;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Hostile;

/// <summary>The same hostile guests under QEMU with the real image, beside a guest that must not notice.</summary>
[Category("System"), Category("Image")]
internal sealed class QemuTests
{
    private const string FetchOfUserPage = "user with SUM ..c.....";

    // A resident guest has its hart's own: where a load by SUM came first, QEMU 7.2 lets S-mode run a user's page, as it does without Rvirt.
    private const string KeptByQemu = "user with SUM ........";

    private static IEnumerable<object[]> Ending()
    {
        foreach (var name in HostilePrograms.Ending)
        {
            yield return [Firmware.Stub, name];
            yield return [Firmware.Resident, name];
        }

        foreach (var name in new[] { "mmio", "sbi", "virtio-modern", "storm-timer" })
        {
            yield return [Firmware.Sbi, name];
        }
    }

    [TestCaseSource(nameof(Ending))]
    public void AHostileGuestGetsWhatItDeservesAndItsNeighbourGoesOn(Firmware firmware, string name) =>
        Judge(firmware, HostilePrograms.Get(name), 2);

    /// <summary>Each of five virtual harts on a hart of its own, or all on two.</summary>
    [TestCase(Firmware.Stub, 5)]
    [TestCase(Firmware.Stub, 2)]
    [TestCase(Firmware.Resident, 2)]
    [TestCase(Firmware.Sbi, 2)]
    public void SoDoesOneOfFourHartsThatStormEachOther(Firmware firmware, int hostHarts) =>
        Judge(firmware, HostilePrograms.HartStorm(goesOn: false), hostHarts);

    private static IEnumerable<object[]> Endless() =>
        HostilePrograms.Endless.SelectMany(name => new[] { Firmware.Stub, Firmware.Resident }, (name, firmware) => new object[] { firmware, name });

    [TestCaseSource(nameof(Endless))]
    public void AGuestThatNeverReturnsLeavesItsNeighbourAlone(Firmware firmware, string name) => GoesOn(firmware, HostilePrograms.Get(name), 2);

    [TestCase(Firmware.Stub, 5)]
    [TestCase(Firmware.Stub, 2)]
    [TestCase(Firmware.Resident, 2)]
    public void SoDoesOneOfFourHartsWhoseFencesNeverEnd(Firmware firmware, int hostHarts) =>
        GoesOn(firmware, HostilePrograms.HartStorm(goesOn: true), hostHarts);

    /// <summary>Where guests share a terminal, a longer line may be shown in pieces with another guest's between them (docs/consoles.md).</summary>
    [TestCaseSource(typeof(HostilePrograms), nameof(HostilePrograms.Ending))]
    [TestCaseSource(typeof(HostilePrograms), nameof(HostilePrograms.Endless))]
    public void NoLineOfAProgramIsLongerThanTheConsoleKeepsTogether(string name) =>
        Assert.That(HostilePrograms.Get(name).Lines, Has.All.Length.LessThanOrEqualTo(256));

    private static void Judge(Firmware firmware, GuestProgram program, int hostHarts)
    {
        using var pair = new HostilePair(firmware, program, hostHarts);
        pair.ExpectHostile(program.Lines[^1], 60);
        var lines = pair.Lines;
        var wanted = program.Lines.Select(line => firmware == Firmware.Resident && line == FetchOfUserPage ? KeptByQemu : line);
        Assert.Multiple(() =>
        {
            foreach (var (expected, actual) in wanted.Zip(lines).Where(both => !GuestProgram.Matches(both.First, both.Second)).Take(20))
            {
                Assert.Fail($"expected {expected}\n     got {actual}");
            }

            Assert.That(lines, Has.Count.EqualTo(program.Lines.Count), pair.Qemu.Describe);
        });
        pair.Qemu.ExpectAnywhere("rvirt: guest hostile " + (program.End == StopReason.Shutdown ? "powered off" : "stopped all its harts"), 10);
        pair.CheckIntact();
    }

    private static void GoesOn(Firmware firmware, GuestProgram program, int hostHarts)
    {
        using var pair = new HostilePair(firmware, program, hostHarts);
        if (program.Lines.Count > 0)
        {
            pair.ExpectHostile(program.Lines[^1], 60);
        }

        pair.CheckIntact();
        pair.CheckIntact();
        Assert.That(pair.Lines, Is.EqualTo(program.Lines), "it goes on");
    }
}
