using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Reference.Harts;
using Rvirt.Tests.Hostile.Programs;

namespace Rvirt.Tests.Hostile;

/// <summary>
/// What is wrong with the HiFive Unleashed's core, as switches of the reference hart: its image runs guests there as anywhere, and an image without
/// the board's quirks does not.
/// </summary>
[Category("Image")]
internal sealed class ErrataTests
{
    private const ulong Steps = 100_000_000;

    // What OpenSBI closes on the board, and something of its in the middle of memory, both less than a large page.
    private const ulong Hole = 0x80d4_0000;

    private static readonly (ulong Start, ulong Length)[] s_closed = [(0x8000_0000, 0x8_0000), (Hole, 0x2_0000)];

    /// <summary>A U54, and as strict about all else as may be.</summary>
    private static HartOptions Core => HartOptions.Strict with
    {
        MaximumMode = 8,
        AsidBits = 0,
        IllegalInstructionValue = false,
        HardwareAccessedDirty = false,
    };

    private static HartOptions WholePagePmp(HartOptions core) => core with { ClosedMemory = s_closed, PmpChecksWholePages = true };

    [Test]
    public void TheBoardsImageRunsGuestsOnACoreWithAllErrata([Values("tables-sv39", "storm-fence", "virtio-modern")] string name)
    {
        var program = HostilePrograms.Get(name);
        using var machine = ImageMachine.WithProgram(program, WholePagePmp(Core) with { SelectiveFences = false }, Reserve);
        machine.Machine.Run(Steps);
        Assert.That(machine.Output, Does.Contain("rvirt: HiFive Unleashed, Sv39, "));
        Assert.That(machine.Lines.Zip(program.Lines).Where(pair => !GuestProgram.Matches(pair.Second, pair.First)), Is.Empty, machine.Output);
        Assert.That(machine.Lines, Has.Count.EqualTo(program.Lines.Count), machine.Output);
    }

    /// <summary>Without small pages in the window the first instruction behind the write of satp cannot be fetched.</summary>
    [Test]
    public void AnImageWhoseWindowHasLargePagesDoesNotComeUpWherePMPIsAskedForWholeOnes()
    {
        using var machine = ImageMachine.WithProgram(HostilePrograms.Get("storm-fence"), WholePagePmp(Core));
        machine.Machine.Run(1_000_000);
        Assert.That(machine.Output, Is.Empty);
        using var sound = ImageMachine.WithProgram(HostilePrograms.Get("storm-fence"), Core with { ClosedMemory = s_closed[..1] });
        sound.Machine.Run(Steps);
        Assert.That(sound.Output, Does.Contain("rvirt: "), "it does where the access alone counts");
    }

    /// <summary>A guest's page that was unmapped stays mapped.</summary>
    [Test]
    public void AnImageThatFencesByAddressFailsItsGuestsWhereSuchFencesDoNothing()
    {
        var program = HostilePrograms.Get("tables-sv39");
        using var machine = ImageMachine.WithProgram(program, Core with { SelectiveFences = false });
        machine.Machine.Run(Steps);
        Assert.That(machine.Lines.Count == program.Lines.Count && machine.Lines.Zip(program.Lines).All(pair => GuestProgram.Matches(pair.Second, pair.First)), Is.False, machine.Output);
    }

    private static string Reserve(string tree)
    {
        const string Memory = "memory@80000000 {";
        Assert.That(tree, Does.Contain(Memory));
        return tree.Replace(
            Memory,
            $"reserved-memory {{ #address-cells = <2>; #size-cells = <2>; ranges; firmware@{Hole:x} {{ reg = <0 0x{Hole:x} 0 0x20000>; no-map; }}; }};\n{Memory}", StringComparison.Ordinal);
    }
}
