namespace Rvirt.Core.DeviceTree;

/// <summary>One token of a structure block with its payload. Positions are byte offsets in the blob.</summary>
internal struct FdtToken
{
    /// <summary>Start of a node; a name follows.</summary>
    public const uint BeginNode = 1;

    /// <summary>End of a node.</summary>
    public const uint EndNode = 2;

    /// <summary>A property; length, name offset and value follow.</summary>
    public const uint Property = 3;

    /// <summary>Nothing.</summary>
    public const uint Nop = 4;

    /// <summary>End of the structure block.</summary>
    public const uint End = 9;

    /// <summary>One of the constants above, never <see cref="Nop"/>.</summary>
    public uint Kind;

    /// <summary>Where the token itself is.</summary>
    public int Offset;

    /// <summary>Where the next token is.</summary>
    public int Next;

    /// <summary>Where the name of a node or property is.</summary>
    public int Name;

    /// <summary>Bytes in the name, without its NUL.</summary>
    public int NameLength;

    /// <summary>Where the value of a property is.</summary>
    public int Value;

    /// <summary>Bytes in the value of a property.</summary>
    public int ValueLength;
}
