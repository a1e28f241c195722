using System;
using System.CommandLine;
using System.IO;
using Rvirt.Tool.Files;
using Rvirt.Tool.Machines;
using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Commands;

/// <summary><c>gdb</c>: becomes gdb-multiarch, attached to the hypervisor of <c>make qemu-gdb</c>.</summary>
public static class GdbCommand
{
    /// <summary>The command behind <c>make gdb</c>.</summary>
    public static Command Create() => MakeCommand.Create("gdb", "Debugs a hypervisor that runs on QEMU.", Run);

    /// <summary>The settings: the debugger's port, where something waits for one, and whether the hypervisor is above OpenSBI.</summary>
    /// <exception cref="FormatException">One is wrong, or nothing waits there.</exception>
    public static (int Port, bool OverFirmware) Judge(Setting settings)
    {
        var port = settings.Number(RunSettings.DebuggerPort, 1234, 1, 65535, "a port of this machine");
        var overFirmware = settings.Choice("FIRMWARE", "stub", "sbi") == "sbi";
        return Ports.IsTaken(port)
            ? (port, overFirmware)
            : throw new FormatException($"nothing waits for a debugger on port {port}: run make qemu-gdb in another terminal first");
    }

    private static int Run(Setting settings)
    {
        var (port, overFirmware) = Judge(settings);
        var copy = WorkingCopy.Find();
        return Programs.Become(
            "gdb-multiarch",
            [
                "-q", "-x", Path.Combine(copy.Top, "Rvirt.Boot/Debugger/rvirt.py"), WorkingCopy.Need(copy.Image(overFirmware), "make image"),
                "-ex", $"rvirt attach 127.0.0.1:{port}",
            ]);
    }
}
