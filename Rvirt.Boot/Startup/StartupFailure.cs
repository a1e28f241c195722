using System;
using Rvirt.Boot.Firmware;
using Rvirt.Boot.Target;
using Rvirt.Devices.Console;

namespace Rvirt.Boot.Startup;

/// <summary>A start that cannot go on: one line that says what is wrong and what to do, then the end of the machine.</summary>
internal static class StartupFailure
{
    private const uint Status = 1;

    /// <summary>Reports <c>rvirt: error: TEXT</c> and ends the machine; never returns.</summary>
    internal static void End(ref TargetHost host, ReadOnlySpan<byte> text)
    {
        Begin(ref host).Text(text);
        Finish(ref host);
    }

    /// <summary>Reports <c>rvirt: error: guest NAME: TEXT</c> and ends the machine; never returns.</summary>
    internal static void End(ref TargetHost host, ReadOnlySpan<byte> guest, ReadOnlySpan<byte> text)
    {
        Begin(ref host).Text("guest "u8).Text(guest).Text(": "u8).Text(text);
        Finish(ref host);
    }

    /// <summary>Starts the line; <see cref="Finish"/> ends it.</summary>
    internal static ConsoleWriter<TargetHost, FirmwareSink> Begin(ref TargetHost host)
    {
        var writer = Writer(ref host);
        writer.Text("rvirt: error: "u8);
        return writer;
    }

    /// <summary>Ends the line and the machine; never returns.</summary>
    internal static void Finish(ref TargetHost host)
    {
        Writer(ref host).Newline();
        MachineEnd.Finish(ref host, Status);
    }

    private static ConsoleWriter<TargetHost, FirmwareSink> Writer(ref TargetHost host) => new(ref host, default);
}
