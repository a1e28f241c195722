using System;
using System.CommandLine;
using System.IO;
using Rvirt.Tool.Machines;
using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Commands;

/// <summary><c>gdb-hypervisor</c>: becomes gdb-multiarch, attached to the hypervisor of <c>make qemu-gdb</c>.</summary>
public static class GdbCommand
{
    /// <summary>The command behind <c>make gdb</c>.</summary>
    public static Command Create() => MakeCommand.Create("gdb-hypervisor", "Debugs a hypervisor that runs on QEMU.", settings => Run(settings, WorkingCopy.Find(), Outside.Real));

    /// <summary>The settings: the debugger's port, where something waits for one, the board, and whether the hypervisor is above OpenSBI.</summary>
    /// <exception cref="FormatException">One is wrong, or nothing waits there.</exception>
    public static (int Port, HostBoard Board, bool OverFirmware) Judge(Setting settings, IPorts ports)
    {
        var port = settings.Number(RunSettings.DebuggerPort, 1234, 1, 65535, "a port of this machine");
        var overFirmware = settings.Choice("FIRMWARE", "stub", "sbi") == "sbi";
        var board = HostBoard.Read(settings);
        return ports.IsTaken(port)
            ? (port, board, overFirmware)
            : throw new FormatException($"nothing waits for a debugger on port {port}: run make qemu-gdb in another terminal first");
    }

    /// <summary>Becomes the debugger.</summary>
    /// <param name="settings">What was typed.</param>
    /// <param name="copy">Where the parts lie.</param>
    /// <param name="outside">What that takes of this machine.</param>
    public static int Run(Setting settings, WorkingCopy copy, Outside outside)
    {
        var (port, board, overFirmware) = Judge(settings, outside.Ports);
        return outside.Programs.Become(
            "gdb-multiarch",
            [
                "-q", "-x", Path.Combine(copy.Top, "Rvirt.Boot/Debugger/rvirt.py"), WorkingCopy.Need(copy.Image(board, overFirmware), "make image"),
                "-ex", $"rvirt attach 127.0.0.1:{port}",
            ]);
    }
}
