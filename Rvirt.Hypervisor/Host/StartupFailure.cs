using System;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Host;

/// <summary>A start that cannot go on: one line that says what is wrong and what to do, then the end of the machine.</summary>
internal static class StartupFailure
{
    private const uint Status = 1;

    /// <summary>Reports <c>rvirt: error: TEXT</c>, with what the board has to add, and ends the machine.</summary>
    internal static void End<THost>(ref THost host, ReadOnlySpan<byte> text, ReadOnlySpan<byte> advice = default)
        where THost : unmanaged, IHypervisorHost
    {
        Begin(ref host).Text(text).Text(advice);
        Finish(ref host);
    }

    /// <summary>Reports <c>rvirt: error: guest NAME: TEXT</c>, with what the board has to add, and ends the machine; never returns.</summary>
    internal static void EndOfGuest<THost>(ref THost host, ReadOnlySpan<byte> guest, ReadOnlySpan<byte> text, ReadOnlySpan<byte> advice = default)
        where THost : unmanaged, IHypervisorHost
    {
        Begin(ref host).Text("guest "u8).Text(guest).Text(": "u8).Text(text).Text(advice);
        Finish(ref host);
    }

    /// <summary>Starts the line; <see cref="Finish"/> ends it.</summary>
    internal static ConsoleWriter<THost, EmergencySink<THost>> Begin<THost>(ref THost host)
        where THost : unmanaged, IHypervisorHost
    {
        var writer = Writer(ref host);
        writer.Text("rvirt: error: "u8);
        return writer;
    }

    /// <summary>Ends the line and the machine; never returns.</summary>
    internal static void Finish<THost>(ref THost host)
        where THost : unmanaged, IHypervisorHost
    {
        Writer(ref host).Newline();
        host.End(Status);
    }

    private static ConsoleWriter<THost, EmergencySink<THost>> Writer<THost>(ref THost host)
        where THost : unmanaged, IHypervisorHost =>
        new(ref host, default);
}
