using System;
using NUnit.Framework;
using Rvirt.Reference.Harts;
using Interrupts = Rvirt.Core.Privileged.Interrupts;

namespace Rvirt.Tests.Hypervisor;

/// <summary>The host's harts: each is started, those that are unlike the one that booted are named, and one without a guest serves interrupts.</summary>
internal sealed unsafe class CoreTests
{
    private const string PowerOff = "li t0, 0x100000\nli t1, 0x5555\nsw t1, 0(t0)\nhere: j here\n";

    // Long enough for the other hart to have its first turn, and to be heard.
    private const string PowerOffLater = "li t2, 20000\nmore: addi t2, t2, -1\nbnez t2, more\n" + PowerOff;

    private const string Spin = "here: j here\n.zero 64\n";

    [Test]
    public void AHartWithoutAGuestSleepsInTheHypervisorsOwnTables()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", Spin)]), world.Desktop.Emergency);
        var record = world.Desktop.Record;
        Assert.That((record->CoreCount, (nint)record->Cores[0].First), Is.EqualTo((2, (nint)record->Guests[0].Harts[0])));
        Assert.That((nint)record->Cores[1].First, Is.EqualTo(nint.Zero));
        world.Desktop.Run(10_000);
        var hart = world.Machine.Harts[1];
        Assert.That(hart.ReadCsr(CsrNumber.Satp), Is.EqualTo(record->Boot.Satp));
        Assert.That(hart.ReadCsr(CsrNumber.Sie) & Interrupts.All, Is.EqualTo(Interrupts.Software | Interrupts.External));
        Assert.That((record->Cores[1].Loads, (nint)record->Cores[1].Running), Is.EqualTo((0UL, (nint)0)));
        Assert.That(record->Cores[0].Loads, Is.EqualTo(1), "a guest with a hart to itself is loaded once");
        Assert.That(world.Console, Does.Not.Contain("warning"));
    }

    [Test]
    public void AHartWithoutAGuestTakesAnInterruptOfAnotherHartForWhatItIs()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", Spin)]), world.Desktop.Emergency);
        world.Desktop.Run(1_000);
        world.Machine.Harts[1].RaiseSoftware();
        world.Desktop.Run(1_000);
        Assert.That(world.Machine.Harts[1].ReadCsr(CsrNumber.Sip) & Interrupts.Software, Is.Zero);
    }

    [Test]
    public void AnInterruptOfTheConsoleThatBringsNothingIsNobodys()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", Spin)]), world.Desktop.Emergency);
        world.Machine.Plic.SetLine(10, true);
        world.Machine.Plic.SetLine(10, false);
        world.Desktop.Run(1_000);
        Assert.That(world.Desktop.Record->Guests->Harts[0]->Counters.HostInterrupts, Is.EqualTo(1));
        Assert.That(world.Desktop.Status, Is.Null);
    }

    private static void Make(SetupWorld world, string what)
    {
        switch (what)
        {
            case "timer":
                world.Desktop.WithoutStimecmp.Add(1);
                break;
            case "asids":
                world.Desktop.ShortOfAsids.Add(1);
                break;
            case "start":
                world.Desktop.Unstartable.Add(1);
                break;
        }
    }

    private static string Edit(string source, string what) => what != "translation" ? source : source.Replace(
        "cpu@1 { device_type = \"cpu\"; reg = <1>; mmu-type = \"riscv,sv57\"", "cpu@1 { device_type = \"cpu\"; reg = <1>; mmu-type = \"riscv,sv48\"", StringComparison.Ordinal);

    [TestCase("timer", "hart 1 has no timer of its own (Sstc), which the hart that booted has")]
    [TestCase("asids", "hart 1 has another number of ASIDs than the hart that booted")]
    [TestCase("translation", "hart 1 cannot translate addresses as long as those of the hart that booted")]
    [TestCase("start", "hart 1 is not started by the firmware", "")]
    public void AHartThatAGuestNeedsAndThatIsUnlikeTheFirstIsRefusedByName(string what, string expected, string advice = ": Rvirt needs harts that are alike")
    {
        using var world = new SetupWorld();
        Make(world, what);
        if (world.Boot([world.Guest("one", Spin), world.Guest("two", Spin)], source => Edit(source, what)))
        {
            world.Desktop.Run(100_000);
        }

        Assert.That((world.Desktop.Emergency, world.Desktop.Status), Is.EqualTo(($"rvirt: error: guest two: {expected}{advice}\r\n", 1u)));
    }

    [TestCase("timer", "hart 1 has no timer of its own (Sstc), which the hart that booted has")]
    [TestCase("asids", "hart 1 has another number of ASIDs than the hart that booted")]
    [TestCase("translation", "hart 1 cannot translate addresses as long as those of the hart that booted")]
    [TestCase("start", "hart 1 is not started by the firmware")]
    public void AHartThatNobodyNeedsIsLeftOutWithAWarning(string what, string expected)
    {
        using var world = new SetupWorld();
        Make(world, what);
        Assert.That(world.Boot([world.Guest("one", PowerOffLater)], source => Edit(source, what)), world.Desktop.Emergency);
        world.Desktop.Run(1_000_000);
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
        Assert.That(world.Console, Does.Contain($"rvirt: warning: {expected}, and stays unused"));
    }

    [Test]
    public void DevicesOfAGuestWhoseHartHasNoContextAtThePLICInterruptTheHartThatBooted()
    {
        using var world = new SetupWorld();
        world.Machine.AttachVirtio(0, new Rvirt.Reference.Devices.Virtio.VirtioEntropy());
        Assert.That(
            world.Boot([world.Guest("one", Spin, devices: []), world.Guest("two", Spin, devices: [0])], source => source
                .Replace("interrupts-extended = <1 11 1 9 2 11 2 9>", "interrupts-extended = <1 11 1 9 2 11>", StringComparison.Ordinal)
                .Replace("serial@10000000 {", "virtio@10001000 { compatible = \"virtio,mmio\"; reg = <0 0x10001000 0 0x1000>; interrupts = <1>; };\nserial@10000000 {", StringComparison.Ordinal)),
            world.Desktop.Emergency);
        world.Desktop.Run(10_000);
        var core = world.Desktop.Record->Cores;
        Assert.That((core[0].HasPlic, core[1].HasPlic), Is.EqualTo((true, false)));
        Assert.That(core->Host.Read32(0xc00_0000 + 0x2000 + (0x80 * 1)), Is.EqualTo((1u << 10) | (1u << 1)), "the console's and the device's");
        Assert.That(world.Machine.Harts[1].ReadCsr(CsrNumber.Sie) & Interrupts.External, Is.Zero);
    }
}
