using System.Linq;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.FakeHart.Harts;
using Rvirt.Tests.Hostile.Programs;

namespace Rvirt.Tests.Hostile;

/// <summary>The compiled image with hostile guests on the reference machine.</summary>
[Category("Image")]
internal sealed class ImageTests
{
    private const ulong Steps = 100_000_000;

    /// <summary>The hart forgets nothing until a fence says so: one that the image's own start or its exits leave out ends here.</summary>
    [TestCaseSource(typeof(HostilePrograms), nameof(HostilePrograms.Ending))]
    public void A_hostile_guest_gets_what_it_deserves(string name)
    {
        var program = HostilePrograms.Get(name);
        using var machine = new ImageMachine(program, HartOptions.Strict);
        Judge(machine, program);
    }

    [Test]
    public void Descriptors_are_read_once([Values(1u, 2u)] uint version)
    {
        var program = VirtioProgram.BuildHonest(version);
        using var machine = new ImageMachine(program, new HartOptions { Tlb = TlbPolicy.None });
        var reads = new HypervisorReads(machine.Machine, VirtioProgram.IsDescriptor);
        machine.Machine.Hart.Observer = reads;
        Judge(machine, program);
        Assert.That(reads.Twice, Is.Empty);
        Assert.That(reads.Bytes, Is.EqualTo(16 * VirtioProgram.HonestDescriptors));
    }

    [Test]
    public void Heads_of_chains_are_read_once([Values(1u, 2u)] uint version)
    {
        var program = VirtioProgram.BuildHonest(version);
        using var machine = new ImageMachine(program, new HartOptions { Tlb = TlbPolicy.None });
        var reads = new HypervisorReads(machine.Machine, VirtioProgram.IsHead);
        machine.Machine.Hart.Observer = reads;
        Judge(machine, program);
        Assert.That(reads.Twice, Is.Empty);
        Assert.That(reads.Bytes, Is.EqualTo(2 * VirtioProgram.HonestChains));
    }

    private static void Judge(ImageMachine machine, GuestProgram program)
    {
        machine.Machine.Run(Steps);
        var lines = machine.Lines;
        Assert.Multiple(() =>
        {
            foreach (var (expected, actual) in program.Lines.Zip(lines).Where(pair => !GuestProgram.Matches(pair.First, pair.Second)).Take(20))
            {
                Assert.Fail($"expected {expected}\n     got {actual}");
            }

            Assert.That(lines, Has.Count.EqualTo(program.Lines.Count), machine.Output);
            Assert.That(machine.Output, Does.Contain("rvirt: guest hostile " + (program.End == StopReason.Shutdown ? "powered off" : "stopped all its harts")));
        });
        Assert.That(machine.Machine.Ended, machine.Output);
    }
}
