namespace Rvirt.Core.DeviceTree;

/// <summary>Why a device tree could not be written.</summary>
public enum FdtWriteError : byte
{
    /// <summary>Nothing: it is written.</summary>
    None,

    /// <summary>The buffer is too small.</summary>
    BufferTooSmall,

    /// <summary>Nodes were begun and not ended, ended and not begun, or there is no root.</summary>
    Unbalanced,

    /// <summary>A property comes after a child of its node, or outside of any.</summary>
    PropertyMisplaced,

    /// <summary>A name or string holds a NUL, or a name is longer than <see cref="FdtReader.MaximumNameLength"/>.</summary>
    WrongName,
}
