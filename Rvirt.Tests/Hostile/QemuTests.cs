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
    private static IEnumerable<object[]> Ending()
    {
        foreach (var name in HostilePrograms.Ending)
        {
            yield return [Firmware.Stub, name];
        }

        foreach (var name in new[] { "mmio", "sbi", "virtio-modern", "storm-timer" })
        {
            yield return [Firmware.Sbi, name];
        }
    }

    [TestCaseSource(nameof(Ending))]
    public void A_hostile_guest_gets_what_it_deserves_and_its_neighbour_goes_on(Firmware firmware, string name)
    {
        var program = HostilePrograms.Get(name);
        using var pair = new HostilePair(firmware, program);
        pair.ExpectHostile(program.Lines[^1], 60);
        var lines = pair.Lines;
        Assert.Multiple(() =>
        {
            foreach (var (expected, actual) in program.Lines.Zip(lines).Where(both => !GuestProgram.Matches(both.First, both.Second)).Take(20))
            {
                Assert.Fail($"expected {expected}\n     got {actual}");
            }

            Assert.That(lines, Has.Count.EqualTo(program.Lines.Count), pair.Qemu.Describe);
        });
        pair.Qemu.ExpectAnywhere("rvirt: guest hostile " + (program.End == StopReason.Shutdown ? "powered off" : "stopped all its harts"), 10);
        pair.CheckIntact();
    }

    [TestCaseSource(typeof(HostilePrograms), nameof(HostilePrograms.Endless))]
    public void A_guest_that_never_returns_leaves_its_neighbour_alone(string name)
    {
        var program = HostilePrograms.Get(name);
        using var pair = new HostilePair(Firmware.Stub, program);
        if (program.Lines.Count > 0)
        {
            pair.ExpectHostile(program.Lines[^1], 60);
        }

        pair.CheckIntact();
        pair.CheckIntact();
        Assert.That(pair.Lines, Is.EqualTo(program.Lines), "it goes on");
    }
}
