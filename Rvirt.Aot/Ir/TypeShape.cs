using System.Collections.Generic;
using ICSharpCode.Decompiler.TypeSystem;

namespace Rvirt.Aot.Ir;

public enum ShapeKind
{
    Void,
    Integer,
    Pointer,
    Float,
    Aggregate,
}

/// <summary>How values of a closed type look in memory and in registers.</summary>
public sealed class TypeShape(IType type, ShapeKind kind, int size, int alignment)
{
    public IType Type { get; } = type;

    public ShapeKind Kind { get; } = kind;

    /// <summary>Bytes in memory.</summary>
    public int Size { get; } = size;

    public int Alignment { get; } = alignment;

    public bool IsSigned { get; init; }

    /// <summary>Fields of a struct in order of declaration, with their offsets.</summary>
    public IReadOnlyList<FieldPlace> Fields { get; init; } = [];

    /// <summary>True for a struct that holds no data at all: copying it does nothing.</summary>
    public bool IsEmpty { get; init; }

    /// <summary>Elements of an inline array, otherwise 1: the fields repeat so many times.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>Shape of what a pointer or reference points at, asked for when needed: types point at each other. Null for objects.</summary>
    public System.Func<TypeShape>? Pointee { get; init; }

    public bool IsAggregate => Kind == ShapeKind.Aggregate;

    public bool IsVoid => Kind == ShapeKind.Void;

    /// <summary>Type in memory of a value that is no struct.</summary>
    public IrType MemoryType => Kind switch
    {
        ShapeKind.Pointer => IrType.Pointer,
        ShapeKind.Void => IrType.Void,
        _ => IrType.Integer(Size * 8),
    };

    /// <summary>Type on the evaluation stack: integers narrower than 32 bits are widened, as IL has it.</summary>
    public IrType StackType => Kind == ShapeKind.Integer && Size < 4 ? IrType.I32 : MemoryType;
}

/// <summary>A field and its offset in bytes.</summary>
public sealed record FieldPlace(IField Field, TypeShape Shape, int Offset);
