using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// Rvirt's machine-mode part with a program of ours where the hypervisor would be: the memory it closes, the traps it delegates, the
/// calls it answers and the errors it gives.
/// </summary>
[Category("System")]
public sealed class MachineModeTests
{
    [TestCase("rv64")]
    [TestCase("rv64,sstc=off")]
    public void Keeps_its_memory_closed_and_its_promises(string hart)
    {
        using var folder = new TemporaryFolder();
        var image = Link(folder);
        using var qemu = QemuMachine.Start(["-bios", "none", "-kernel", image, "-cpu", hart, "-m", "128M"], TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.Zero, () => "the status is the number of the check that failed\n" + qemu.Describe());
        Assert.That(qemu.Serial.Trim(), Is.EqualTo("stub: ok"));
    }

    /// <summary>The HiFive Unleashed: another UART, no <c>time</c> CSR, a first hart without S-mode, a larger part of memory closed, and no status at the end.</summary>
    [Test]
    public void Keeps_its_promises_on_the_Unleashed()
    {
        using var folder = new TemporaryFolder();
        var image = Link(folder, "Rvirt.Platform.Unleashed", "BOOT_HART=1", "TIME_REGISTER=0x200bff8");
        using var qemu = QemuMachine.Start(
            ["-M", "sifive_u", "-bios", "none", "-kernel", image, "-smp", "2", "-m", "128M", "-nic", "none", "-no-reboot"], TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.Zero, qemu.Describe);
        Assert.That(qemu.Serial.Trim(), Is.EqualTo("stub: ok"));
    }

    /// <summary>By a trap at the first register of S-mode, as misa may read as zero; QEMU has no hart whose does.</summary>
    [Test]
    public void A_hart_without_S_mode_goes_to_sleep()
    {
        using var folder = new TemporaryFolder();
        var image = Link(folder);
        var (status, symbols) = Commands.Run("llvm-nm-19", [image]);
        Assert.That(status, Is.Zero, symbols);
        var sleep = ulong.Parse(Regex.Match(symbols, "(?m)^([0-9a-f]+) . rvirt_machine_sleep\\r?$").Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var socket = folder.File("monitor");
        using var qemu = QemuMachine.Start(
            ["-bios", "none", "-kernel", image, "-cpu", "rv64,s=off,h=off", "-m", "128M", .. QemuMonitor.Arguments(socket)], Patience.For(60));
        using var monitor = new QemuMonitor(socket, qemu);
        Patience.Until(() => Register(monitor, "pc") - sleep <= 8, "the hart waits for interrupts, of which none is enabled");
        Assert.That((Register(monitor, "mtvec"), Register(monitor, "mcause")), Is.EqualTo((sleep, 2UL)), "an illegal instruction led there");
    }

    private static ulong Register(QemuMonitor monitor, string name)
    {
        var registers = monitor.Human("info registers");
        var match = Regex.Match(registers, $@"\b{name} +([0-9a-f]+)");
        Assert.That(match.Success, registers);
        return ulong.Parse(match.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private static string Link(TemporaryFolder folder, string board = "Rvirt.Platform.Qemu", params string[] defines)
    {
        var boot = Path.Combine(Repository.Top, "Rvirt.Boot");
        var elf = folder.File("stub.elf");
        var (status, output) = Commands.Run(
            "clang-19",
            [
                "--target=riscv64", "-march=rv64imac_zicsr_zifencei", "-mabi=lp64", "-mno-relax", "-nostdlib", "-static", "-fuse-ld=lld-19",
                "-I", Path.Combine(boot, "Assembly"), "-I", Path.Combine(boot, "MachineMode"), "-I", Path.Combine(Repository.Top, board, "MachineMode"), .. defines.Select(define => "-D" + define),
                $"-Wl,-T,{Path.Combine(boot, "Linker/rvirt.ld")}", "-Wl,--build-id=none", "-o", elf,
                .. Directory.GetFiles(Path.Combine(boot, "MachineMode"), "*.S").Order(StringComparer.Ordinal),
                Path.Combine(Repository.Top, "Rvirt.Tests/SystemTests/stub-payload.S"),
            ]);
        Assert.That(status, Is.Zero, output);
        return elf;
    }
}
