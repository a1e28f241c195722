namespace Rvirt.Core.DeviceTree;

/// <summary>What is wrong with a flattened device tree.</summary>
public enum FdtError : byte
{
    /// <summary>Nothing: the blob is sound.</summary>
    None,

    /// <summary>There are fewer bytes than a header has.</summary>
    NoHeader,

    /// <summary>The blob does not start with 0xd00dfeed.</summary>
    WrongMagic,

    /// <summary>The version is not 17, nor a later one that is compatible with it.</summary>
    UnsupportedVersion,

    /// <summary>The header's total size is less than a header or 2 GiB or more.</summary>
    WrongTotalSize,

    /// <summary>The header's total size is more than the bytes there are.</summary>
    Truncated,

    /// <summary>A block lies outside the blob.</summary>
    BlockOutside,

    /// <summary>The structure block is not aligned to 4 bytes, or the reservation block to 8.</summary>
    Misaligned,

    /// <summary>The memory reservation block has no end.</summary>
    UnterminatedReservations,

    /// <summary>The structure block ends inside a token, a name or a value.</summary>
    StructureTruncated,

    /// <summary>The structure block holds a word that is no token.</summary>
    UnknownToken,

    /// <summary>Tokens come in an order that makes no tree.</summary>
    MalformedTree,

    /// <summary>Nodes are nested more deeply than <see cref="FdtReader.MaximumDepth"/>.</summary>
    TooDeep,

    /// <summary>A name is longer than <see cref="FdtReader.MaximumNameLength"/>, or lies outside its block, or has no end.</summary>
    WrongName,
}
