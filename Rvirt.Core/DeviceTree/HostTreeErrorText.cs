using System;

namespace Rvirt.Core.DeviceTree;

/// <summary>One line of text for each <see cref="HostTreeError"/>.</summary>
public static class HostTreeErrorText
{
    /// <summary>What is wrong with the machine, as a sentence without a full stop.</summary>
    public static ReadOnlySpan<byte> Of(HostTreeError error) => error switch
    {
        HostTreeError.None => "no error"u8,
        HostTreeError.NoMemory => "the machine's device tree names no memory: start with firmware that says how much there is"u8,
        HostTreeError.WrongMemory => "the machine's device tree gives an impossible range of memory: start with firmware that hands over a sound one"u8,
        HostTreeError.NoHart => "the machine's device tree names no 64-bit hart with an MMU that Rvirt knows (Sv39, Sv48, Sv57): start a machine that has one"u8,
        HostTreeError.NoBootHart => "the hart that started has no MMU that Rvirt knows (Sv39, Sv48, Sv57): start on another one"u8,
        HostTreeError.NoTimebase => "the machine's device tree has no timebase-frequency: start with firmware that says how fast time runs"u8,
        HostTreeError.NoPlic => "the machine's device tree names no PLIC, and no APLIC that interrupts harts directly: Rvirt cannot use IMSICs"u8,
        HostTreeError.UnknownPlic => "the board has no driver for the machine's PLIC: use a machine with one that it drives"u8,
        HostTreeError.NoPlicContext => "the machine's PLIC has no supervisor context for the hart that started: start on another one"u8,
        HostTreeError.InitrdOutsideMemory => "the initrd lies outside of the machine's memory: load it elsewhere, or give the machine more"u8,
        HostTreeError.MemoryOutOfReach => "all of the machine's memory lies above the addresses that Rvirt can map on this hart: use a hart with Sv48 or Sv57"u8,
        HostTreeError.PlicOutOfReach => "the machine's PLIC lies above the addresses that Rvirt can map on this hart: use a hart with Sv48 or Sv57"u8,
        HostTreeError.UartOutOfReach => "the console's UART lies above the addresses that Rvirt can map on this hart: name another one in stdout-path, or use a hart with Sv48 or Sv57"u8,
        HostTreeError.ResetOutOfReach => "the device that ends the machine lies above the addresses that Rvirt can map on this hart: use a hart with Sv48 or Sv57"u8,
        HostTreeError.ClockOutOfReach => "the machine's real-time clock lies above the addresses that Rvirt can map on this hart: disable it in the device tree, or use a hart with Sv48 or Sv57"u8,
        HostTreeError.NetworkOutOfReach => "the machine's network card lies above the addresses that Rvirt can map on this hart: disable it in the device tree, or use a hart with Sv48 or Sv57"u8,
        HostTreeError.DiskOutOfReach => "the machine's disk lies above the addresses that Rvirt can map on this hart: disable it in the device tree, or use a hart with Sv48 or Sv57"u8,
        HostTreeError.VirtioOutOfReach => "a virtio slot lies above the addresses that Rvirt can map on this hart: disable it in the device tree, or use a hart with Sv48 or Sv57"u8,
        HostTreeError.TooManyReservations => "the machine's device tree reserves more than 16 ranges of memory, and Rvirt must keep clear of each: reserve fewer"u8,
        _ => "unknown error"u8,
    };
}
