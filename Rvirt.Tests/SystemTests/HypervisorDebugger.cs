using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Rvirt.Tests.SystemTests;

/// <summary>gdb-multiarch on the hypervisor, with its script, as <c>make gdb</c> starts it.</summary>
internal static class HypervisorDebugger
{
    /// <summary>A source that has one line where a guest's byte goes to its UART.</summary>
    public const string UartSource = "GuestBus.Console.cs";

    /// <summary>The number of that line; 0 where it is not there.</summary>
    public static int UartLine =>
        1 + Array.FindIndex(File.ReadAllLines(Path.Combine(Repository.Top, "Rvirt.Devices/Bus", UartSource)), line => line.Contains("_uart.Write(", StringComparison.Ordinal));

    /// <summary>Runs commands on a machine that waits for a debugger.</summary>
    /// <param name="firmware">What lies under the image.</param>
    /// <param name="socket">Where QEMU's stub listens.</param>
    /// <param name="steps">The commands that follow <c>rvirt attach</c>.</param>
    /// <param name="limit">After this time gdb is ended.</param>
    /// <returns>What gdb said.</returns>
    public static string Run(Firmware firmware, string socket, IEnumerable<string> steps, TimeSpan limit) => Commands.Run(
        "gdb-multiarch",
        [
            "-q", "-batch", "-nx", "-x", Path.Combine(Repository.Top, "Rvirt.Boot/Debugger/rvirt.py"), Repository.Image(firmware),
            .. steps.Prepend($"rvirt attach {socket}").SelectMany(step => new[] { "-ex", step }),
        ],
        limit).Output;
}
