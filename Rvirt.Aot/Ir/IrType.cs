namespace Rvirt.Aot.Ir;

/// <summary>The type of an IR value: what fits in registers. Structs live in memory and are known by their address.</summary>
public sealed class IrType
{
    private IrType(string llvmName, int bits, IrType? first = null, IrType? second = null)
    {
        LlvmName = llvmName;
        Bits = bits;
        First = first;
        Second = second;
    }

    public static IrType Void { get; } = new("void", 0);

    public static IrType I1 { get; } = new("i1", 1);

    public static IrType I8 { get; } = new("i8", 8);

    public static IrType I16 { get; } = new("i16", 16);

    public static IrType I32 { get; } = new("i32", 32);

    public static IrType I64 { get; } = new("i64", 64);

    public static IrType I128 { get; } = new("i128", 128);

    public static IrType Pointer { get; } = new("ptr", 64);

    public string LlvmName { get; }

    /// <summary>Width of an integer or pointer; 0 for void and pairs.</summary>
    public int Bits { get; }

    /// <summary>First half of a pair.</summary>
    public IrType? First { get; }

    /// <summary>Second half of a pair.</summary>
    public IrType? Second { get; }

    public bool IsPair => First is not null;

    public bool IsInteger => Bits != 0 && this != Pointer;

    public bool IsPointer => this == Pointer;

    public bool IsVoid => this == Void;

    public int Bytes => (Bits + 7) / 8;

    public static IrType Integer(int bits) => bits switch
    {
        1 => I1,
        8 => I8,
        16 => I16,
        32 => I32,
        64 => I64,
        128 => I128,
        _ => throw new System.ArgumentOutOfRangeException(nameof(bits), bits, "no such integer type"),
    };

    /// <summary>Two values returned together, as struct results of up to 16 bytes and LLVM's overflow intrinsics are.</summary>
    public static IrType Pair(IrType first, IrType second) => new($"{{ {first.LlvmName}, {second.LlvmName} }}", 0, first, second);

    public bool Matches(IrType other) =>
        ReferenceEquals(this, other) || (IsPair && other.IsPair && First!.Matches(other.First!) && Second!.Matches(other.Second!));

    public override string ToString() => LlvmName;
}
