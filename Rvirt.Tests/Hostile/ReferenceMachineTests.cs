using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Reference.Harts;
using Rvirt.Tests.Hostile.Programs;

namespace Rvirt.Tests.Hostile;

/// <summary>Hostile guests under the hypervisor's trap handler, shadow tables and devices, on the reference machine.</summary>
internal sealed class ReferenceMachineTests
{
    private const ulong Steps = 30_000_000;

    [TestCaseSource(typeof(HostilePrograms), nameof(HostilePrograms.Ending))]
    public void AHostileGuestGetsWhatItDeservesAndNothingElseChanges(string name)
    {
        var program = HostilePrograms.Get(name);
        using var machine = new HostileMachine(program.VirtioVersion);
        Judge(machine, program);
    }

    [Test]
    public void SoItDoesOnACoreWithFewPowers([Values("mmio", "tables-sv39", "storm-fence")] string name, [Values(TranslationMode.Sv39, TranslationMode.Sv48)] TranslationMode host)
    {
        var program = HostilePrograms.Get(name);
        var options = new HartOptions { IllegalInstructionValue = false, HardwareAccessedDirty = false, AsidBits = 0, CounterCsrs = true };
        using var machine = new HostileMachine(program.VirtioVersion, host, options);
        Judge(machine, program);
    }

    [TestCaseSource(typeof(HostilePrograms), nameof(HostilePrograms.Endless))]
    public void AGuestThatNeverReturnsIsStoppedWhenAsked(string name)
    {
        var program = HostilePrograms.Get(name);
        using var machine = new HostileMachine(program.VirtioVersion);
        var waits = machine.Start(program).World.Run(300_000) == 0;
        Assert.That(machine.Lines, Is.EqualTo(program.Lines));
        Assert.That(machine.Guest.Stopped, Is.Null);
        Assert.That(waits, Is.EqualTo(name == "sleep"), "only a guest that waits for what cannot come gives its hart away");
        machine.CheckIntact();
        if (!waits)
        {
            machine.RequestStop();
            machine.World.Run(10_000);
            Assert.That(machine.Guest.Stopped, Is.EqualTo(StopReason.Requested));
        }

        machine.CheckServes();
        machine.CheckIntact();
    }

    private static void Judge(HostileMachine machine, GuestProgram program)
    {
        machine.Start(program).World.Run(Steps);
        var lines = machine.Lines;
        Assert.Multiple(() =>
        {
            foreach (var (expected, actual) in program.Lines.Zip(lines).Where(pair => !GuestProgram.Matches(pair.First, pair.Second)).Take(20))
            {
                Assert.Fail($"expected {expected}\n     got {actual}");
            }

            Assert.That(lines, Has.Count.EqualTo(program.Lines.Count), lines.LastOrDefault());
            Assert.That(machine.Guest.Stopped, Is.EqualTo(program.End));
        });
        machine.CheckIntact();
        machine.CheckServes();
        machine.CheckIntact();
    }
}
