using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Reference.Harts;
using Rvirt.Tests.Hostile.Programs;

namespace Rvirt.Tests.Hostile;

/// <summary>The compiled image with its guests on the reference machine.</summary>
[Category("Image")]
internal sealed class ImageTests
{
    private const ulong Steps = 100_000_000;
    private const ulong LinuxSteps = 3_000_000_000;

    [TestCaseSource(typeof(HostilePrograms), nameof(HostilePrograms.Ending))]
    public void AHostileGuestGetsWhatItDeserves(string name)
    {
        var program = HostilePrograms.Get(name);
        using var machine = ImageMachine.WithProgram(program, HartOptions.Strict);
        Judge(machine, program);
    }

    [Test]
    public void SoItDoesOnACoreWithFewPowers([Values("mmio", "tables-sv39", "storm-fence", "virtio-modern")] string name, [Values(8, 9)] int mode)
    {
        var program = HostilePrograms.Get(name);
        var options = HartOptions.Strict with { MaximumMode = mode, IllegalInstructionValue = false, HardwareAccessedDirty = false, AsidBits = 0 };
        using var machine = ImageMachine.WithProgram(program, options);
        Judge(machine, program);
    }

    /// <summary>The hart forgets nothing until a fence says so: one that the image leaves out ends here.</summary>
    [Test]
    public void LinuxStartsItsFirstProcess()
    {
        const ulong Chunk = 5_000_000;
        using var machine = ImageMachine.WithLinux(HartOptions.Strict);
        for (var done = 0UL; done < LinuxSteps && !machine.Output.Contains("Run /init as init process"); done += Chunk)
        {
            if (machine.Machine.Run(Chunk) == 0)
            {
                break;
            }
        }

        Assert.That(machine.Output, Does.Contain("Run /init as init process"));
    }

    [Test]
    public void DescriptorsAreReadOnce([Values(1u, 2u)] uint version) =>
        IsReadOnce(version, VirtioProgram.IsDescriptor, 16 * VirtioProgram.HonestDescriptors);

    [Test]
    public void HeadsOfChainsAreReadOnce([Values(1u, 2u)] uint version) =>
        IsReadOnce(version, VirtioProgram.IsHead, 2 * VirtioProgram.HonestChains);

    private static void IsReadOnce(uint version, Predicate<ulong> part, int bytes)
    {
        var program = VirtioProgram.BuildHonest(version);
        using var machine = ImageMachine.WithProgram(program, new HartOptions { Tlb = TlbPolicy.None });
        var reads = new HypervisorReads(machine.Machine, part);
        machine.Machine.Hart.Observer = reads;
        Judge(machine, program);
        Assert.That(reads.Twice, Is.Empty);
        Assert.That(reads.Bytes, Is.EqualTo(bytes));
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
