using System;

namespace Rvirt.Core.Images;

/// <summary>One line of text for each <see cref="GuestBlobError"/>: what is wrong and what to do.</summary>
public static class GuestBlobErrorText
{
    /// <summary>The line, without a full stop.</summary>
    public static ReadOnlySpan<byte> Of(GuestBlobError error) => error switch
    {
        GuestBlobError.None => "no error"u8,
        GuestBlobError.NoKernel => "no kernel given: hand one over as the initial RAM disk"u8,
        GuestBlobError.TooLarge => "the initrd is 2 GiB or more: make it smaller"u8,
        GuestBlobError.WrongTree => "the description of the guests is a damaged device tree: compile it again with dtc"u8,
        GuestBlobError.NotGuests => "the initrd is a device tree that is not compatible with \"rvirt,guests\": see docs/guests.md"u8,
        GuestBlobError.NoGuest => "the description names no guest: add a node compatible with \"rvirt,guest\""u8,
        GuestBlobError.TooManyGuests => "the description names more than 16 guests: leave some out"u8,
        GuestBlobError.UnknownProperty => "a guest has a property that Rvirt does not know; check the spelling of its name: "u8,
        GuestBlobError.GuestWithoutKernel => "a guest has no kernel: add kernel = /incbin/(\"FILE\")"u8,
        GuestBlobError.WrongLabel => "a guest's label is not 1 to 31 letters, digits, dashes, dots or underscores: shorten it or leave it out"u8,
        GuestBlobError.SameLabel => "two guests have the same name: give each a label of its own"u8,
        GuestBlobError.WrongBootArguments => "a guest's bootargs are not one string: put them in one pair of quotes"u8,
        GuestBlobError.LongBootArguments => "the command line is longer than 2047 bytes: shorten it"u8,
        GuestBlobError.WrongHarts => "a guest's harts are not one number from 1 to 8: give one cell"u8,
        GuestBlobError.WrongMemory => "a guest's memory is not a multiple of 2 MiB: give the bytes as one cell, or two for high and low"u8,
        GuestBlobError.WrongDevices => "a guest's devices are not numbers of virtio slots: give one cell from 0 to 7 for each"u8,
        GuestBlobError.DeviceGivenTwice => "a device is given twice: a virtio slot goes to one guest, once"u8,
        GuestBlobError.WrongShare => "a guest's share is not one number from 1 to 10000: give one cell"u8,
        GuestBlobError.WrongPinned => "a guest's pinned is not 0 or 1: give one cell"u8,
        GuestBlobError.WrongAutostart => "a guest's autostart is not 0 or 1: give one cell"u8,
        GuestBlobError.WrongSnapshot => "a guest's snapshot is not 0 or 1: give one cell"u8,
        GuestBlobError.WrongRamDisk => "a guest's ramdisk is empty or no multiple of 512 bytes: give it a file of whole sectors"u8,
        GuestBlobError.WrongNetwork => "a guest's network is neither empty nor \"private\": write network; or network = \"private\";"u8,
        GuestBlobError.WrongMac => "a guest's mac is not the address of its network card: give six bytes, the first of them even, to a guest with a network"u8,
        GuestBlobError.SameMac => "two guests' network cards have the same address: give each a mac of its own"u8,
        GuestBlobError.WrongDisk => "a guest's disk is no label of a partition: give 1 to 36 letters, digits, '-', '.' or '_', and disk-readonly; beside it or not at all"u8,
        GuestBlobError.DiskGivenTwice => "a partition is given to two guests, and one of them may write: give each its own, or both disk-readonly"u8,
        _ => "unknown error"u8,
    };
}
