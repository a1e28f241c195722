using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference.Assembly;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Devices.Virtio;
using Rvirt.Reference.Harts;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Hypervisor;

/// <summary>How guests end, what is said of it, and what it means to the others and to the machine.</summary>
internal sealed unsafe class EndTests
{
    private const ulong Steps = 1_000_000;

    // Waits for a letter on the console, and powers off.
    private const string Wait = "\n" + """
        li a7, 2
        poll: ecall
        li t0, 'q'
        bne a0, t0, poll
        """ + "\n" + PowerOff;

    private const string PowerOff = "li a7, 8\necall\nj .\n";

    private static string Write(uint word) => string.Create(CultureInfo.InvariantCulture, $"li t0, 0x100000\nli t1, {word}\nsw t1, 0(t0)\nj .\n");

    private static string Reset(ulong kind, ulong reason) =>
        string.Create(CultureInfo.InvariantCulture, $"li a7, 0x53525354\nli a6, 0\nli a0, {kind}\nli a1, {reason}\necall\nj .\n");

    /// <summary>Every way to end: the program, why that is, the machine's status where it was the last guest, what is said.</summary>
    private static IEnumerable<TestCaseData> Ends()
    {
        yield return new TestCaseData(Write(0x5555), StopReason.Shutdown, 0u, "powered off").SetArgDisplayNames("test device: pass");
        yield return new TestCaseData(PowerOff, StopReason.Shutdown, 0u, "powered off").SetArgDisplayNames("legacy shutdown");
        yield return new TestCaseData(Reset(0, 0), StopReason.Shutdown, 0u, "powered off").SetArgDisplayNames("SBI shutdown");
        yield return new TestCaseData(Reset(0, 1), StopReason.Failure, 1u, "reported a failure, code 1").SetArgDisplayNames("SBI shutdown, system failure");
        foreach (var (code, status) in new (uint, uint)[] { (0, 1), (1, 1), (7, 7), (255, 255), (256, 1), (0x107, 7), (0xffff, 255) })
        {
            yield return new TestCaseData(Write((code << 16) | 0x3333), StopReason.Failure, status, $"reported a failure, code {code}")
                .SetArgDisplayNames($"test device: failure {code}");
        }

        yield return new TestCaseData("li a7, 0x48534d\nli a6, 1\necall\nj .\n", StopReason.AllHartsStopped, 1u, "stopped all its harts").SetArgDisplayNames("hart stop");
    }

    [TestCaseSource(nameof(Ends))]
    public void AGuestEndsForTheReasonItGaveAndTheLastTakesTheMachineWithIt(string program, StopReason reason, uint status, string said)
    {
        using var world = new GuestWorld(GuestPayload.Program(program) with { Name = "one" });
        world.Run(Steps);
        Assert.That(world.Stopped, Is.EqualTo(reason));
        Assert.That(world.Desktop.Status, Is.EqualTo(status));
        Assert.That(Said(world), Does.Contain($"rvirt: guest one {said}\r\n"));
        Assert.That(Said(world).Contains("scause", StringComparison.Ordinal), Is.EqualTo(reason != StopReason.Shutdown), "registers where it ended badly");
    }

    /// <summary>Nothing of how it ended is left.</summary>
    [TestCaseSource(nameof(Ends))]
    public void AGuestThatEndedCanStartAgain(string program, StopReason reason, uint status, string said)
    {
        using var world = new GuestWorld(GuestPayload.Program(program) with { Name = "one" });
        world.Run(Steps);
        Assert.That((world.Stopped, world.Desktop.Status), Is.EqualTo(((StopReason?)reason, (uint?)status)), said);
        world.Guest.RebootInto(GuestPayload.Program(PowerOff).Kernel);
        Assert.That((world.Stopped, world.Guest.VCpu.State, world.Guest.VCpu.FailureCode), Is.EqualTo(((StopReason?)null, HartState.Started, 0u)));
        world.Run(Steps);
        Assert.That((world.Stopped, world.Desktop.Status), Is.EqualTo(((StopReason?)StopReason.Shutdown, (uint?)0)));
    }

    [Test]
    public void EveryReasonToStopHasATest()
    {
        var elsewhere = new Dictionary<StopReason, string>
        {
            [StopReason.Reboot] = nameof(RestartTests),
            [StopReason.Requested] = nameof(AGuestThatIsAskedToStopStops),
            [StopReason.Forbidden] = nameof(ResidentTests),
            [StopReason.WindowCollision] = nameof(AGuestThatMapsWhatTheHypervisorNeedsEndsWithALineThatSaysSo),
        };
        Assert.That(Enum.GetValues<StopReason>().Except(Ends().Select(test => (StopReason)test.Arguments[1]!)).Except(elsewhere.Keys), Is.EqualTo([StopReason.None]));
    }

    [TestCaseSource(nameof(Ends))]
    public void TheNeighbourOfAGuestThatEndedGoesOnAndGetsTheInput(string program, StopReason reason, uint status, string said)
    {
        using var world = new GuestWorld(GuestPayload.Program(program) with { Name = "one" }, GuestPayload.Program(Wait) with { Name = "two" });
        world.Run(Steps);
        Assert.That(world.Guests[0].Stopped, Is.EqualTo(reason), Said(world));
        Assert.That((world.Guests[1].Stopped, world.Desktop.Status), Is.EqualTo(((StopReason?)null, (uint?)null)), "the machine waits for the other");
        Assert.That(Said(world), Does.Contain($"rvirt: guest one {said}\r\n"));
        world.Machine.Uart.Type("q");
        world.Run(Steps);
        Assert.That(world.Guests[1].Stopped, Is.EqualTo(StopReason.Shutdown), Said(world));
        Assert.That(world.Desktop.Status, Is.EqualTo(status), "of the one that failed");
    }

    [Test]
    public void AGuestWhoseNeighbourRunsOnKeepsTheInput([Values(0, 1)] int ending)
    {
        var programs = new[] { Wait, Wait };
        programs[ending] = PowerOff;
        using var world = new GuestWorld([.. programs.Select((program, i) => GuestPayload.Program(program) with { Name = $"g{i}" })]);
        world.Run(Steps);
        Assert.That(world.Guests[ending].Stopped, Is.EqualTo(StopReason.Shutdown));
        world.Machine.Uart.Type("xq");
        world.Run(Steps);
        Assert.That(world.Desktop.Status, Is.Zero, Said(world));
    }

    [Test]
    public void TheMachineEndsWithTheStatusOfTheFirstThatFailed([Values] bool inOrder)
    {
        // The later one counts to ten thousand first.
        const string Late = "li t2, 10000\ncount: addi t2, t2, -1\nbnez t2, count\n";
        var (first, second) = (Write(0x3_3333), Late + Write(0x5_3333));
        using var world = inOrder
            ? new GuestWorld(GuestPayload.Program(first), GuestPayload.Program(second), GuestPayload.Program(Late + PowerOff))
            : new GuestWorld(GuestPayload.Program(second), GuestPayload.Program(Late + PowerOff), GuestPayload.Program(first));
        world.Run(Steps);
        Assert.That(world.Guests.Select(guest => guest.Stopped), Has.None.Null, Said(world));
        Assert.That(world.Desktop.Status, Is.EqualTo(3));
    }

    [Test]
    public void AGuestThatIsAskedToStopStops()
    {
        using var world = new GuestWorld(GuestPayload.Program("j .") with { Name = "one" });
        world.Run(1000);
        Assert.That(world.Stopped, Is.Null);
        Assert.That(world.Guest.Ask(LifeRequest.Kill));
        world.Run(1000);
        Assert.That((world.Stopped, world.Desktop.Status), Is.EqualTo(((StopReason?)StopReason.Requested, (uint?)1)));
        Assert.That(Said(world), Does.Contain("rvirt: guest one was stopped\r\n"));
    }

    /// <summary>What the hypervisor maps for itself lies at these addresses on an Sv39 hart, so that a guest cannot have them there.</summary>
    [Test]
    public void AGuestThatMapsWhatTheHypervisorNeedsEndsWithALineThatSaysSo()
    {
        const string Program = """
            li s0, 0x80100000
            li t0, 0x200000cf
            sd t0, 16(s0)
            li t1, 2048
            add t1, t1, s0
            li t2, 256
            fill: sd t0, 0(t1)
            addi t1, t1, 8
            addi t2, t2, -1
            bnez t2, fill
            li t0, 0x8000000000080100
            csrw satp, t0
            sfence.vma
            li t0, -0x4000000000
            li t2, 256
            li t3, 0x40000000
            touch: lw t4, 0(t0)
            add t0, t0, t3
            addi t2, t2, -1
            bnez t2, touch
            """ + "\n" + PowerOff;
        using var world = new GuestWorld(new WorldOptions { Mode = TranslationMode.Sv39 }, GuestPayload.Program(Program) with { Name = "one" });
        world.Run(Steps);
        Assert.That((world.Stopped, world.Desktop.Status), Is.EqualTo(((StopReason?)StopReason.WindowCollision, (uint?)1)), Said(world));
        Assert.That(Said(world), Does.Contain("rvirt: guest one mapped addresses that the hypervisor needs on this machine\r\n"));
    }

    [Test]
    public void TheReportOfABadEndIsComplete()
    {
        var program = string.Concat(Enumerable.Range(0, Csrs.Length).Select(i => $"li t0, {0xc0de0 + i}\ncsrw {Csrs[i]}, t0\n"))
            + string.Concat(Enumerable.Range(1, 31).Where(n => n is not (5 or 6)).Select(n => $"li x{n}, {0x1000 + n}\n"))
            + "li x5, 0x100000\nli x6, 0x93333\nsw x6, 0(x5)\nafter: j .\n";
        using var world = new GuestWorld(GuestPayload.Program(program) with { Name = "one" });
        world.Run(Steps);
        var report = Said(world);
        report = report[report.IndexOf("rvirt: guest one reported a failure, code 9\r\n", StringComparison.Ordinal)..];
        var names = Names.Split(' ');
        for (var n = 1; n < 32; n++)
        {
            var value = n == 5 ? 0x100000 : n == 6 ? 0x93333 : 0x1000 + n;
            Assert.That(report, Does.Match($@"\b{names[n]} +0x{value:x}\b"), names[n]);
        }

        Assert.That(report, Does.Match(@"zero +0x0\b"));
        Assert.That(report, Does.Match(@" \(S\) scause 0xc0de2 sepc 0xc0de0 stval 0xc0de3 sstatus 0x[0-9a-f]+ satp 0x0 stvec 0xc0de4\b"));
        Assembler.Assemble(program, GuestPayload.RamBase, out var labels);
        Assert.That(report, Does.Contain($"  pc 0x{labels["after"]:x} (S) "));
        Assert.That(report, Does.Contain("rvirt:   at pc .insn 0x6f\r\n"), "j .");
        Assert.That(report.Split("\r\n").Count(line => line.StartsWith("rvirt: ", StringComparison.Ordinal)), Is.EqualTo(7), report);
    }

    [Test]
    public void AGuestWhoseDeviceDoesNotStopIsEndedAndNotStartedAgain()
    {
        var entropy = new StuckDevice();
        using var world = new GuestWorld(
            new WorldOptions { Attach = machine => machine.Attach(0x1000_1000, 0x200, entropy) },
            GuestPayload.Program("li t0, 0x10001000\nli t1, 3\nsw t1, 0x70(t0)\n" + Reset(1, 0)) with { Name = "one" });
        entropy.Stuck = true;
        world.Run(Steps);
        Assert.That(world.Guest.Starts, Is.EqualTo(1), "its memory is not touched while a device may write to it");
        Assert.That(world.Desktop.Status, Is.EqualTo(1));
        Assert.That(Said(world), Does.Contain("rvirt: guest one is ended: a device of the host does not stop\r\n"));
    }

    [Test]
    public void AGuestWhoseDeviceDoesNotStopIsLostAsItGoesBack()
    {
        var entropy = new StuckDevice();
        using var world = new GuestWorld(
            new WorldOptions { Attach = machine => machine.Attach(0x1000_1000, 0x200, entropy) },
            GuestPayload.Program("li t0, 0x10001000\nli t1, 3\nsw t1, 0x70(t0)\nj .") with { Name = "one", Snapshot = true });
        world.Run(1000);
        var view = new MachineView<FakeHost>(world.Desktop.Record->Cores);
        view.TryCopy(CopyKind.Snapshot, 0, 0, begins: true, out _);
        world.Run(100_000);
        Assert.That(view.TryCopy(CopyKind.Snapshot, 0, 0, begins: false, out var answer), Is.True);
        Assert.That(answer.Outcome, Is.EqualTo(CopyOutcome.Done));
        entropy.Stuck = true;
        view.TryCopy(CopyKind.Revert, 0, 0, begins: true, out _);
        world.Run(100_000);
        Assert.That((world.Guest.State, world.Desktop.Status), Is.EqualTo((GuestState.Dead, (uint?)1)));
        Assert.That(Said(world), Does.Contain("rvirt: guest one is ended: a device of the host does not stop\r\n"));
    }

    [Test]
    public void ATrapThatNoGuestCanCauseIsReportedAndEndsTheHypervisor()
    {
        using var world = new GuestWorld(GuestPayload.Program("j .") with { Name = "one" });
        var record = (GuestHart<FakeHost>*)world.Desktop.Record->Guests[0].Harts[0];
        Assert.That(() => GuestLife<FakeHost>.Trap(record, 24, 0x77), Throws.InvalidOperationException.With.Message.EqualTo("a trap that cannot come from a guest"));
        Assert.That(Said(world), Does.Contain("rvirt: guest one caused an unknown trap: scause 0x18 stval 0x77\r\n").And.Contain("rvirt:   pc 0x80000000 (S)"));
    }

    [Test]
    public void AHartThatWakesWithAnotherOnesNameEndsTheHypervisor()
    {
        using var world = new GuestWorld(GuestPayload.Program("j ."));
        Assert.That(() => CoreLife<FakeHost>.HartMain(1, world.Desktop.Record->Cores), Throws.InvalidOperationException);
    }

    private const string Names = "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6";

    private static readonly string[] Csrs = ["sepc", "sscratch", "scause", "stval", "stvec"];

    private static string Said(GuestWorld world) => world.Machine.Uart.Output;

    /// <summary>A virtio entropy device that can be told to ignore its reset.</summary>
    private sealed class StuckDevice : IDevice
    {
        private readonly VirtioEntropy _device = new(1);
        private ulong _status;

        public bool Stuck { get; set; }

        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
        {
            var answered = _device.TryRead(hart, offset, size, out value);
            value = offset == 0x70 ? _status : value;
            return answered;
        }

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
        {
            if (offset == 0x70)
            {
                _status = Stuck && value == 0 ? _status : value;
                return true;
            }

            return offset < 0x100 || _device.TryWrite(hart, offset, size, value);
        }
    }
}
