using System.Runtime.InteropServices;

namespace Rvirt.Reference.Instructions;

/// <summary>An instruction taken apart, 16 bytes: the form the interpreter runs and caches.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Decoded
{
    /// <summary>Register index that stands for a write to x0: a slot nobody reads.</summary>
    public const byte Discard = 32;

    /// <summary>The instruction as fetched: 16 bits zero-extended, or 32.</summary>
    public uint Raw;

    /// <summary>What it does.</summary>
    public Op Op;

    /// <summary>Destination; integer destination x0 is <see cref="Discard"/>.</summary>
    public byte Rd;

    /// <summary>First source.</summary>
    public byte Rs1;

    /// <summary>Second source.</summary>
    public byte Rs2;

    /// <summary>2 or 4 bytes.</summary>
    public byte Length;

    /// <summary>Bits 9:5 third float source or zero, bits 2:0 rounding mode (funct3); of a vector instruction its <see cref="VectorOp"/>, and its operands are in <see cref="Raw"/>.</summary>
    public ushort Extra;

    /// <summary>Immediate, sign-extended; for lui and auipc already shifted; for CSR instructions the CSR number.</summary>
    public int Immediate;

    /// <summary>Third float source.</summary>
    public readonly int Rs3 => Extra >> 5;

    /// <summary>Rounding mode field.</summary>
    public readonly int RoundingMode => Extra & 7;
}
