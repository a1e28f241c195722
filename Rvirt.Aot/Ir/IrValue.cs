namespace Rvirt.Aot.Ir;

/// <summary>Anything an instruction can use as an operand.</summary>
public abstract class IrValue(IrType type)
{
    public IrType Type { get; } = type;
}

/// <summary>An integer known at compile time, sign-extended to 64 bits; for pointers, an address.</summary>
public sealed class IrConstant(IrType type, long value) : IrValue(type)
{
    public long Value { get; } = Normalize(type, value);

    public static IrConstant Null { get; } = new(IrType.Pointer, 0);

    public static IrConstant Int32(int value) => new(IrType.I32, value);

    public static IrConstant Int64(long value) => new(IrType.I64, value);

    public static IrConstant Bool(bool value) => new(IrType.I1, value ? 1 : 0);

    public ulong Unsigned => Type.Bits is 0 or >= 64 ? (ulong)Value : (ulong)Value & ((1UL << Type.Bits) - 1);

    private static long Normalize(IrType type, long value) => type.Bits switch
    {
        1 => value & 1,
        8 => (sbyte)value,
        16 => (short)value,
        32 => (int)value,
        _ => value,
    };
}

/// <summary>A value nobody looks at: what an abandoned expression evaluates to.</summary>
public sealed class IrUndefined(IrType type) : IrValue(type);

/// <summary>The address of a function or a global.</summary>
public sealed class IrSymbol(string name, long offset = 0) : IrValue(IrType.Pointer)
{
    public string Name { get; } = name;

    public long Offset { get; } = offset;
}

/// <summary>A parameter of the function.</summary>
public sealed class IrParameter(IrType type) : IrValue(type)
{
    /// <summary>Attributes as LLVM spells them, for example <c>nonnull noundef</c>.</summary>
    public string Attributes { get; init; } = "";
}
