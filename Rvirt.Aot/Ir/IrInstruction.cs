using System.Collections.Generic;

namespace Rvirt.Aot.Ir;

/// <summary>One operation; its value, if it has one, is used by naming the instruction as an operand.</summary>
public abstract class IrInstruction(IrType type) : IrValue(type)
{
    public IrLocation? Location { get; set; }

    public virtual bool IsTerminator => false;

    public abstract IEnumerable<IrValue> Operands { get; }
}

/// <summary>How strongly a memory access is ordered against others.</summary>
public enum MemoryOrder
{
    None,
    Monotonic,
    Acquire,
    Release,
    AcquireRelease,
    SequentiallyConsistent,
}

/// <summary>Room on the stack for the whole run of the function, or of a scope where lifetimes are marked.</summary>
public sealed class IrSlot(int size, int alignment) : IrValue(IrType.Pointer)
{
    public int Size { get; } = size;

    public int Alignment { get; } = alignment;

    /// <summary>Type of the variable in the debugger; null for temporaries.</summary>
    public IrVariable? Variable { get; set; }
}

public sealed class IrLoad(IrType type, IrValue address, int alignment) : IrInstruction(type)
{
    public IrValue Address { get; } = address;

    public int Alignment { get; } = alignment;

    public bool IsVolatile { get; init; }

    public MemoryOrder Order { get; init; }

    public override IEnumerable<IrValue> Operands => [Address];
}

public sealed class IrStore(IrValue value, IrValue address, int alignment) : IrInstruction(IrType.Void)
{
    public IrValue Value { get; } = value;

    public IrValue Address { get; } = address;

    public int Alignment { get; } = alignment;

    public bool IsVolatile { get; init; }

    public MemoryOrder Order { get; init; }

    public override IEnumerable<IrValue> Operands => [Value, Address];
}

public enum BinaryOp
{
    Add,
    Sub,
    Mul,
    SDiv,
    UDiv,
    SRem,
    URem,
    And,
    Or,
    Xor,
    Shl,
    AShr,
    LShr,
}

public sealed class IrBinary(BinaryOp op, IrValue left, IrValue right) : IrInstruction(left.Type)
{
    public BinaryOp Op { get; } = op;

    public IrValue Left { get; } = left;

    public IrValue Right { get; } = right;

    public override IEnumerable<IrValue> Operands => [Left, Right];
}

public enum CompareOp
{
    Equal,
    NotEqual,
    SignedLess,
    SignedLessOrEqual,
    SignedGreater,
    SignedGreaterOrEqual,
    UnsignedLess,
    UnsignedLessOrEqual,
    UnsignedGreater,
    UnsignedGreaterOrEqual,
}

public sealed class IrCompare(CompareOp op, IrValue left, IrValue right) : IrInstruction(IrType.I1)
{
    public CompareOp Op { get; } = op;

    public IrValue Left { get; } = left;

    public IrValue Right { get; } = right;

    public override IEnumerable<IrValue> Operands => [Left, Right];
}

public enum CastOp
{
    Truncate,
    ZeroExtend,
    SignExtend,
    PointerToInt,
    IntToPointer,
}

public sealed class IrCast(CastOp op, IrValue value, IrType type) : IrInstruction(type)
{
    public CastOp Op { get; } = op;

    public IrValue Value { get; } = value;

    public override IEnumerable<IrValue> Operands => [Value];
}

/// <summary>An address a number of bytes away from another.</summary>
public sealed class IrOffset(IrValue address, IrValue bytes, bool inBounds) : IrInstruction(IrType.Pointer)
{
    public IrValue Address { get; } = address;

    public IrValue Bytes { get; } = bytes;

    /// <summary>True for fields: the result stays within the object.</summary>
    public bool InBounds { get; } = inBounds;

    public override IEnumerable<IrValue> Operands => [Address, Bytes];
}

public sealed class IrCall(IrType type, IrValue target, IReadOnlyList<IrValue> arguments) : IrInstruction(type)
{
    public IrValue Target { get; } = target;

    public IReadOnlyList<IrValue> Arguments { get; } = arguments;

    /// <summary>Attributes of each argument as LLVM spells them, or empty.</summary>
    public IReadOnlyList<string> ArgumentAttributes { get; init; } = [];

    public string ReturnAttributes { get; init; } = "";

    /// <summary>True for panics: keeps each site apart so that it keeps its line.</summary>
    public bool NoMerge { get; init; }

    public bool NoReturn { get; init; }

    public override IEnumerable<IrValue> Operands => [Target, .. Arguments];
}

/// <summary>An LLVM intrinsic, by its full name.</summary>
public sealed class IrIntrinsic(string name, IrType type, params IReadOnlyList<IrValue> arguments) : IrInstruction(type)
{
    public string Name { get; } = name;

    public IReadOnlyList<IrValue> Arguments { get; } = arguments;

    public override IEnumerable<IrValue> Operands => Arguments;
}

public sealed class IrAssembly(string template, string constraints, IrType type, IReadOnlyList<IrValue> arguments) : IrInstruction(type)
{
    public string Template { get; } = template;

    public string Constraints { get; } = constraints;

    public IReadOnlyList<IrValue> Arguments { get; } = arguments;

    public override IEnumerable<IrValue> Operands => Arguments;
}

/// <summary>Copies bytes; <see cref="MayOverlap"/> chooses memmove over memcpy.</summary>
public sealed class IrCopy(IrValue destination, IrValue source, IrValue size, int alignment) : IrInstruction(IrType.Void)
{
    public IrValue Destination { get; } = destination;

    public IrValue Source { get; } = source;

    public IrValue Size { get; } = size;

    public int Alignment { get; } = alignment;

    public bool MayOverlap { get; init; }

    public override IEnumerable<IrValue> Operands => [Destination, Source, Size];
}

public sealed class IrFill(IrValue destination, IrValue value, IrValue size, int alignment) : IrInstruction(IrType.Void)
{
    public IrValue Destination { get; } = destination;

    public IrValue Value { get; } = value;

    public IrValue Size { get; } = size;

    public int Alignment { get; } = alignment;

    public override IEnumerable<IrValue> Operands => [Destination, Value, Size];
}

public sealed class IrAtomic(string operation, IrValue address, IrValue value) : IrInstruction(value.Type)
{
    /// <summary>LLVM's name: xchg, add, and, or.</summary>
    public string Operation { get; } = operation;

    public IrValue Address { get; } = address;

    public IrValue Value { get; } = value;

    public override IEnumerable<IrValue> Operands => [Address, Value];
}

/// <summary>Yields the pair (old value, whether it was replaced).</summary>
public sealed class IrCompareExchange(IrValue address, IrValue expected, IrValue replacement)
    : IrInstruction(IrType.Pair(expected.Type, IrType.I1))
{
    public IrValue Address { get; } = address;

    public IrValue Expected { get; } = expected;

    public IrValue Replacement { get; } = replacement;

    public override IEnumerable<IrValue> Operands => [Address, Expected, Replacement];
}

public sealed class IrFence(MemoryOrder order) : IrInstruction(IrType.Void)
{
    public MemoryOrder Order { get; } = order;

    public override IEnumerable<IrValue> Operands => [];
}

/// <summary>Room on the stack of a size known only at run time, or made inside a loop.</summary>
public sealed class IrStackAllocate(IrValue size, int alignment) : IrInstruction(IrType.Pointer)
{
    public IrValue Size { get; } = size;

    public int Alignment { get; } = alignment;

    public override IEnumerable<IrValue> Operands => [Size];
}

public sealed class IrMakePair(IrValue first, IrValue second) : IrInstruction(IrType.Pair(first.Type, second.Type))
{
    public IrValue First { get; } = first;

    public IrValue Second { get; } = second;

    public override IEnumerable<IrValue> Operands => [First, Second];
}

public sealed class IrExtract(IrValue pair, int index) : IrInstruction(index == 0 ? pair.Type.First! : pair.Type.Second!)
{
    public IrValue Pair { get; } = pair;

    public int Index { get; } = index;

    public override IEnumerable<IrValue> Operands => [Pair];
}

/// <summary>Allocates an object or an array. Only code evaluated at compile time may: nothing of it is left in an image.</summary>
public sealed class IrAllocate(TypeShape element, IrValue? length, long size) : IrInstruction(IrType.Pointer)
{
    public TypeShape Element { get; } = element;

    /// <summary>Number of elements of an array; null for an object.</summary>
    public IrValue? Length { get; } = length;

    /// <summary>Bytes of an object.</summary>
    public long Size { get; } = size;

    public override IEnumerable<IrValue> Operands => Length is null ? [] : [Length];
}
