using System;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>Which Rvirt this is.</summary>
[ColdPath]
internal static class VersionCommand
{
    /// <summary>The version, as the packages have it.</summary>
    public static ReadOnlySpan<byte> Version => "0.1.0"u8;

    /// <summary>The version.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        output.Text("  Rvirt "u8).Text(Version).Newline();
        return CommandResult.Done;
    }
}
