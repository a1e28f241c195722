using System;

namespace Rvirt.Core.DeviceTree;

/// <summary>One line of text for each <see cref="FdtError"/>.</summary>
public static class FdtErrorText
{
    /// <summary>What is wrong, as the end of a sentence about the device tree.</summary>
    public static ReadOnlySpan<byte> Of(FdtError error) => error switch
    {
        FdtError.None => "no error"u8,
        FdtError.NoHeader => "it is shorter than a device tree's header"u8,
        FdtError.WrongMagic => "it does not start with the magic number of a device tree"u8,
        FdtError.UnsupportedVersion => "its version is not 17: rebuild it with a current dtc"u8,
        FdtError.WrongTotalSize => "its header gives an impossible size"u8,
        FdtError.Truncated => "it is cut short: its header gives more bytes than there are"u8,
        FdtError.BlockOutside => "its header points outside of it"u8,
        FdtError.Misaligned => "its header gives a misaligned block"u8,
        FdtError.UnterminatedReservations => "its memory reservations have no end"u8,
        FdtError.StructureTruncated => "its structure ends within a node or property"u8,
        FdtError.UnknownToken => "its structure holds an unknown token"u8,
        FdtError.MalformedTree => "its nodes and properties are in an impossible order"u8,
        FdtError.TooDeep => "its nodes are nested too deeply"u8,
        FdtError.WrongName => "it holds a name that is too long or has no end"u8,
        _ => "unknown error"u8,
    };
}
