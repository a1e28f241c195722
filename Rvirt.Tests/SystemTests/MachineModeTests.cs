using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Reference;
using Rvirt.Reference.Devices;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// Rvirt's machine-mode part with a program of ours where the hypervisor would be: the memory it closes, the traps it delegates, the
/// calls it answers and the errors it gives.
/// </summary>
[Category("System")]
public sealed class MachineModeTests
{
    private const string Stub = "stub-payload.S";

    [TestCase("rv64")]
    [TestCase("rv64,sstc=off")]
    public void KeepsItsMemoryClosedAndItsPromises(string hart)
    {
        using var folder = new TemporaryFolder();
        var image = BareProgram.BuildAboveMachineMode(folder, Stub, defines: ["MTIMECMP=0x2004000", "MSIP=0x2000000"]);
        using var qemu = QemuMachine.Start(["-bios", "none", "-kernel", image, "-cpu", hart, "-m", "128M"], TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.Zero, () => "the line has the number of the check that failed\n" + qemu.Describe());
        Assert.That(qemu.Serial.Trim(), Is.EqualTo("stub: ok"));
    }

    /// <summary>The HiFive Unleashed: another UART, no <c>time</c> CSR, a first hart without S-mode, a larger part of memory closed, and no status at the end.</summary>
    [Test]
    public void KeepsItsPromisesOnTheUnleashed()
    {
        using var folder = new TemporaryFolder();
        var image = BareProgram.BuildAboveMachineMode(folder, Stub, "Rvirt.Platform.Unleashed", "BOOT_HART=1", "TIME_REGISTER=0x200bff8", "MTIMECMP=0x2004008", "MSIP=0x2000004");
        using var qemu = QemuMachine.Start(
            ["-M", "sifive_u", "-bios", "none", "-kernel", image, "-smp", "2", "-m", "128M", "-nic", "none", "-no-reboot"], TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.Zero, qemu.Describe);
        Assert.That(qemu.Serial.Trim(), Is.EqualTo("stub: ok"));
    }

    /// <summary>By a trap at the first register of S-mode, as misa may read as zero; QEMU has no hart whose does.</summary>
    [Test]
    public void AHartWithoutSModeGoesToSleep()
    {
        const int State = 64;
        using var folder = new TemporaryFolder();
        var image = BareProgram.BuildAboveMachineMode(folder, Stub, defines: ["MTIMECMP=0x2004000", "MSIP=0x2000000"]);
        var (status, symbols) = Commands.Run("llvm-nm-19", [image]);
        Assert.That(status, Is.Zero, symbols);
        ulong Symbol(string name) => Hexadecimal(Regex.Match(symbols, $"(?m)^([0-9a-f]+) . {name}\\r?$"));
        var sleep = Symbol("rvirt_machine_sleep");
        var socket = folder.File("monitor");
        using var qemu = QemuMachine.Start(
            ["-bios", "none", "-kernel", image, "-cpu", "rv64,s=off,h=off", "-m", "128M", .. QemuMonitor.Arguments(socket)], Patience.For(60));
        using var monitor = new QemuMonitor(socket, qemu);
        Patience.Until(() => Register(monitor, "pc") - sleep <= 8, "the hart waits for interrupts, of which none is enabled");
        Assert.That((Register(monitor, "mtvec"), Register(monitor, "mcause")), Is.EqualTo((Symbol("rvirt_machine_unusable"), 2UL)), "an illegal instruction led there");
        var state = monitor.Human($"xp /1gx 0x{Symbol("rvirt_machine_harts") + State:x}");
        Assert.That(Hexadecimal(Regex.Match(state, "0x([0-9a-f]{16})")), Is.EqualTo(ulong.MaxValue), "it is not to be started");
    }

    /// <summary>
    /// A hart that the machine holds back, at each instruction up to well behind the call that starts it: on the reference machine, where harts take turns by
    /// single instructions. It is started by a call before it came, while it comes, and after that, and again as it stops.
    /// </summary>
    [Test]
    public void AHartThatComesLateStartsAllTheSame([Values(0, 1)] int late)
    {
        const ulong Ram = 1 << 20;
        const ulong Called = Machine.DefaultRamBase + Ram - 8;
        const ulong Last = 300;
        using var folder = new TemporaryFolder();
        var image = folder.File("late.bin");
        var (status, output) = Commands.Run("llvm-objcopy-19", ["-O", "binary", BareProgram.BuildAboveMachineMode(folder, "late-hart-payload.S", defines: $"CALLED=0x{Called:x}"), image]);
        Assert.That(status, Is.Zero, output);
        var called = new List<bool>();
        for (var steps = 1UL; steps <= Last; steps++)
        {
            using var machine = new Machine(Ram, harts: 2) { Slice = 1 };
            machine.Load(machine.RamBase, File.ReadAllBytes(image));
            foreach (var hart in machine.Harts)
            {
                hart.Pc = machine.RamBase;
            }

            machine.Harts[late].Stopped = true;
            machine.Run(steps);
            called.Add(machine.Read64(Called) != 0);
            machine.Harts[late].Stopped = false;
            machine.Run(100_000);
            Assert.That(machine.Outcome, Is.EqualTo(TestFinisher.Pass), $"hart {late} came after {steps} instructions; pc {machine.Harts[0].Pc:x}, {machine.Harts[1].Pc:x}");
        }

        Assert.That(called, Has.Some.False.And.Some.True, "the hart came before the call and after it");
    }

    private static ulong Register(QemuMonitor monitor, string name)
    {
        var registers = monitor.Human("info registers");
        var match = Regex.Match(registers, $@"\b{name} +([0-9a-f]+)");
        Assert.That(match.Success, registers);
        return Hexadecimal(match);
    }

    private static ulong Hexadecimal(Match match) => ulong.Parse(match.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
