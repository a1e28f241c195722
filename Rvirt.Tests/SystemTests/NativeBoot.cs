using System;

namespace Rvirt.Tests.SystemTests;

/// <summary>What the same guest takes to be reachable over SSH without Rvirt, on this machine and in this run.</summary>
internal static class NativeBoot
{
    private static BootCost? s_cost;

    /// <summary>From QEMU's start to the guest's SSH line; measured once, unless a test has done so already.</summary>
    public static BootCost Cost => s_cost ??= Measure(Firmware.Native);

    /// <summary>Takes over a measurement a test has made anyway.</summary>
    public static void Record(BootCost cost) => s_cost = cost;

    /// <summary>Boots once more.</summary>
    public static BootCost Measure(Firmware firmware)
    {
        using var machine = GuestMachine.BootDebian(firmware, 1, TimeSpan.FromSeconds(260));
        machine.Qemu.Expect("rvirt-guest: ssh ready", 240);
        return BootCost.Of(machine.Qemu);
    }
}
