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
    public static Command Create() => MakeCommand.Create("gdb", "gdb", "Debugs a hypervisor that runs on QEMU.", ["FIRMWARE", RunSettings.DebuggerPort], Run);

    private static int Run(Setting settings, bool check)
    {
        var port = settings.Number(RunSettings.DebuggerPort, 1234, 1, 65535, "a port of this machine");
        var overFirmware = settings.Choice("FIRMWARE", "stub", "sbi") == "sbi";
        if (!Ports.IsTaken(port))
        {
            return Report.Fail($"nothing waits for a debugger on port {port}: run make qemu-gdb in another terminal first");
        }

        if (check)
        {
            return 0;
        }

        var copy = WorkingCopy.Find();
        return Programs.Become(
            "gdb-multiarch",
            [
                "-q", "-x", Path.Combine(copy.Top, "Rvirt.Boot/Debugger/rvirt.py"), WorkingCopy.Need(copy.Image(overFirmware), "make image"),
                "-ex", $"rvirt attach 127.0.0.1:{port}",
            ]);
    }
}
