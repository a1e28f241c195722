using System;

namespace Rvirt.Tests.SystemTests;

/// <summary>How long the same guest takes to be reachable over SSH without Rvirt, on this machine and in this run.</summary>
internal static class NativeBoot
{
    private static TimeSpan? s_time;

    /// <summary>The time from QEMU's start to the guest's SSH line; measured once, unless a test has done so already.</summary>
    public static TimeSpan Time => s_time ??= Measure();

    /// <summary>Takes over a measurement a test has made anyway.</summary>
    public static void Record(TimeSpan time) => s_time = time;

    private static TimeSpan Measure()
    {
        using var machine = GuestMachine.BootDebian(Firmware.Native, 1, TimeSpan.FromSeconds(60));
        machine.Qemu.Expect("rvirt-guest: ssh ready", 60);
        return machine.Qemu.Age;
    }
}
