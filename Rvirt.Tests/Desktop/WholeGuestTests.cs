using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Reference;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Devices.Virtio;
using Rvirt.Reference.Harts;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Desktop;

/// <summary>
/// Whole guests on the reference machine, in real S-mode and under the hypervisor's trap handler, shadow tables and devices, with no
/// QEMU. The hart forgets nothing until a fence says so: a fence that Rvirt leaves out ends here.
/// </summary>
[Category("Desktop")]
public sealed class WholeGuestTests
{
    private const ulong Million = 1_000_000;

    [Test]
    public void TheBenchmarkGuestRunsToItsEnd([Values] bool underRvirt)
    {
        var payload = new GuestPayload(File.ReadAllBytes(BenchmarkGuest()));
        using var run = new Run(payload, 64, underRvirt);
        run.Until(60 * Million);
        Assert.That(run.PoweredOff, run.Output);
        Assert.That(run.Output, Does.Contain("rvirt-bench: done"));
        var rows = Regex.Count(File.ReadAllText(Path.Combine(Repository.Top, "guests", "bench", "rows.S")), @"^(read_row \w+|device_row ""|row ""[^\\""]*"")", RegexOptions.Multiline);
        Assert.That(Regex.Count(run.Output, @"^\S.* {2,}(\d+\.\d\d|absent)\r?$", RegexOptions.Multiline), Is.EqualTo(rows), run.Output);
    }

    [Test]
    public void UBootReachesItsPromptAndListsTheDisk([Values] bool underRvirt, [Values] bool elf)
    {
        using var disk = new SnapshotDisk(Repository.Disk);
        var payload = new GuestPayload(File.ReadAllBytes(elf ? Repository.UBootElf : Repository.UBootBinary));
        // Each register layout once natively and once under Rvirt.
        using var run = new Run(payload, 64, underRvirt, new VirtioBlock(disk, legacy: elf));
        run.Machine.Uart.Expect("stop autoboot", "\n");
        run.Machine.Uart.Expect("=> ", "ls virtio 0 /\n");
        run.Machine.Uart.Expect("=> ", "poweroff\n");
        run.Until(1000 * Million);
        Assert.That(run.Output, Does.Match(@"<DIR>\s+\d+ etc"));
        Assert.That(run.PoweredOff, run.Output);
    }

    [Test]
    public void TheClockAnswersAsQemusBoardDoes([Values] bool underRvirt)
    {
        using var folder = new TemporaryFolder();
        var payload = new GuestPayload(File.ReadAllBytes(BareProgram.Build(folder, "clock-payload.S", 0x8020_0000)));
        using var run = new Run(payload, 16, underRvirt);
        run.Until(200 * Million);
        Assert.That(run.PoweredOff, run.Output);
        Assert.That(ClockTests.In(run.Output), Is.EqualTo(ClockTests.OfTheBoard()));
    }

    [Test]
    public void LinuxStartsItsFirstProcess([Values] bool underRvirt)
    {
        var payload = new GuestPayload(File.ReadAllBytes(Repository.Kernel)) { Initrd = File.ReadAllBytes(Repository.Initrd), Arguments = "console=ttyS0" };
        using var run = new Run(payload, 128, underRvirt);
        run.Until(2500 * Million, "Run /init as init process");
        Assert.That(run.Output, Does.Contain("Run /init as init process"));
    }

    private static string BenchmarkGuest()
    {
        var folder = Path.Combine(Repository.Top, "guests", "bench");
        var (status, output) = Commands.Run("make", ["-C", folder, "all"]);
        Assert.That(status, Is.Zero, output);
        return Path.Combine(Repository.Top, "artifacts", "bench", "bench.elf");
    }

    private sealed class Run : System.IDisposable
    {
        private const ulong Chunk = 5 * Million;

        private readonly GuestWorld? _world;

        public Run(GuestPayload payload, ulong megabytes, bool underRvirt, params VirtioMmio[] devices)
        {
            void Attach(Machine machine)
            {
                foreach (var (slot, device) in devices.Index())
                {
                    machine.AttachVirtio(slot, device);
                }
            }

            if (underRvirt)
            {
                _world = new GuestWorld(new WorldOptions { Harts = HartOptions.Strict, Attach = Attach }, payload with { Memory = megabytes << 20 });
                Machine = _world.Machine;
            }
            else
            {
                Machine = new Machine(megabytes << 20, options: HartOptions.Strict);
                Attach(Machine);
                payload.StartOn(Machine);
            }
        }

        public Machine Machine { get; }

        public string Output => Machine.Uart.Output;

        public bool PoweredOff => _world is null ? Machine.Outcome == TestFinisher.Pass : _world.Stopped == StopReason.Shutdown;

        /// <summary>Runs until the guest has ended, has said something, or has used up its instructions.</summary>
        public void Until(ulong limit, string? text = null)
        {
            for (var done = 0UL; done < limit && !Machine.Ended && (text is null || !Output.Contains(text)); done += Chunk)
            {
                if ((_world?.Run(Chunk) ?? Machine.Run(Chunk)) == 0)
                {
                    break;
                }
            }
        }

        public void Dispose() => Machine.Dispose();
    }
}
