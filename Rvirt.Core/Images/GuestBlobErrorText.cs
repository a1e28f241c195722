using System;

namespace Rvirt.Core.Images;

/// <summary>One line of text for each <see cref="GuestBlobError"/>: what is wrong and what to do.</summary>
public static class GuestBlobErrorText
{
    /// <summary>The line, without a full stop.</summary>
    public static ReadOnlySpan<byte> Of(GuestBlobError error) => error switch
    {
        GuestBlobError.None => "no error"u8,
        GuestBlobError.NoKernel => "no kernel given: hand one over with -initrd KERNEL"u8,
        GuestBlobError.TooLarge => "the initrd is 2 GiB or more: make it smaller"u8,
        GuestBlobError.WrongTree => "the description of the guests is a damaged device tree"u8,
        GuestBlobError.NotGuests => "the initrd is a device tree that is not compatible with \"rvirt,guests\""u8,
        GuestBlobError.NoGuest => "the description names no guest"u8,
        GuestBlobError.TooManyGuests => "the description names more than 16 guests"u8,
        GuestBlobError.UnknownProperty => "a guest has a property that Rvirt does not know: check its spelling"u8,
        GuestBlobError.GuestWithoutKernel => "a guest has no kernel: add kernel = /incbin/(\"FILE\")"u8,
        GuestBlobError.WrongLabel => "a guest's label is not 1 to 31 letters, digits, dashes, dots or underscores"u8,
        GuestBlobError.SameLabel => "two guests have the same name"u8,
        GuestBlobError.WrongBootArguments => "a guest's bootargs are not one string"u8,
        GuestBlobError.WrongHarts => "a guest's harts are not one number from 1 to 16"u8,
        GuestBlobError.WrongMemory => "a guest's memory is not a multiple of 2 MiB, in bytes, as one cell or two"u8,
        GuestBlobError.WrongDevices => "a guest's devices are not numbers of virtio slots, 0 to 7"u8,
        GuestBlobError.DeviceGivenTwice => "a device is given twice"u8,
        _ => "unknown error"u8,
    };
}
