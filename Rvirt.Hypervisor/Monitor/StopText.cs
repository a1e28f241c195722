using System;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What is said of a guest that stopped, by its reason.</summary>
/// <param name="report">Behind the guest's name, in a line when it happens.</param>
/// <param name="state">In a column of the monitor.</param>
internal readonly ref struct StopText(ReadOnlySpan<byte> report, ReadOnlySpan<byte> state)
{
    /// <summary>Behind the guest's name, in a line when it happens.</summary>
    internal readonly ReadOnlySpan<byte> Report = report;

    /// <summary>In a column of the monitor. A failure's code follows.</summary>
    internal readonly ReadOnlySpan<byte> State = state;

    /// <summary>The row of a reason.</summary>
    internal static StopText Of(StopReason reason) => reason switch
    {
        StopReason.None => new(" did not stop"u8, "not started"u8),
        StopReason.Shutdown => new(" powered off"u8, "stopped: powered off"u8),
        StopReason.Reboot => new(" asked for a reset"u8, "stopped: reset"u8),
        StopReason.Failure => new(" reported a failure"u8, "stopped: failure"u8),
        StopReason.AllHartsStopped => new(" stopped all its harts"u8, "stopped: all harts"u8),
        StopReason.WindowCollision => new(" mapped addresses that the hypervisor needs on this machine"u8, "stopped: collision"u8),
        StopReason.Requested => new(" was stopped"u8, "stopped: by request"u8),
        StopReason.Forbidden => new(" went where it is shut out"u8, "stopped: shut out"u8),
        _ => new(" stopped"u8, "stopped"u8),
    };
}
