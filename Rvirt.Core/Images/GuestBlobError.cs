namespace Rvirt.Core.Images;

/// <summary>What is wrong with a description of guests.</summary>
public enum GuestBlobError : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>There is no kernel at all: no initial RAM disk was handed over.</summary>
    NoKernel,

    /// <summary>The blob is 2 GiB or more.</summary>
    TooLarge,

    /// <summary>The blob starts as a device tree and is none: its <see cref="DeviceTree.FdtError"/> tells more.</summary>
    WrongTree,

    /// <summary>The device tree is not compatible with <c>rvirt,guests</c>.</summary>
    NotGuests,

    /// <summary>There is no guest.</summary>
    NoGuest,

    /// <summary>There are more guests than <see cref="GuestBlob.MaximumGuests"/>.</summary>
    TooManyGuests,

    /// <summary>A guest has a property that is not known.</summary>
    UnknownProperty,

    /// <summary>A guest has no kernel, or an empty one.</summary>
    GuestWithoutKernel,

    /// <summary>A guest's label is not 1 to 31 letters, digits, dashes, dots or underscores.</summary>
    WrongLabel,

    /// <summary>Two guests have the same name.</summary>
    SameLabel,

    /// <summary>A guest's command line is not a string.</summary>
    WrongBootArguments,

    /// <summary>A guest's command line is longer than <see cref="DeviceTree.GuestDeviceTree.MaximumBootArguments"/>.</summary>
    LongBootArguments,

    /// <summary>A guest's number of harts is not 1 to <see cref="GuestBlob.MaximumHarts"/>.</summary>
    WrongHarts,

    /// <summary>A guest's memory is 0 or no multiple of 2 MiB.</summary>
    WrongMemory,

    /// <summary>A guest's devices are not numbers of virtio slots, 0 to 7.</summary>
    WrongDevices,

    /// <summary>A device is given to two guests, or twice to one.</summary>
    DeviceGivenTwice,

    /// <summary>A guest's share is not 1 to <see cref="GuestBlob.MaximumShare"/>.</summary>
    WrongShare,

    /// <summary>A guest's <c>pinned</c> is not 0 or 1.</summary>
    WrongPinned,

    /// <summary>A guest's <c>autostart</c> is not 0 or 1.</summary>
    WrongAutostart,

    /// <summary>A guest's <c>snapshot</c> is not 0 or 1.</summary>
    WrongSnapshot,

    /// <summary>A guest's <c>ramdisk</c> is empty, or not a whole number of sectors of 512 bytes.</summary>
    WrongRamDisk,

    /// <summary>A guest's <c>network</c> is neither empty nor <c>"private"</c>.</summary>
    WrongNetwork,

    /// <summary>A guest's <c>mac</c> is not the address of one network card, or the guest has none.</summary>
    WrongMac,

    /// <summary>Two guests' network cards have the same address.</summary>
    SameMac,

    /// <summary>A guest's <c>disk</c> is no label of a partition, or <c>disk-readonly</c> has a value or stands alone.</summary>
    WrongDisk,

    /// <summary>A partition was given to two guests, of which one may write.</summary>
    DiskGivenTwice,
}
