using System;
using System.Collections.Generic;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Abi;

/// <summary>A register's worth of a value: its type and where in the value it lies.</summary>
public readonly record struct Piece(IrType Type, int Offset);

public enum PassKind
{
    /// <summary>Nothing to pass: void, or a struct without data.</summary>
    Ignore,

    /// <summary>A value that is no struct.</summary>
    Scalar,

    /// <summary>A struct of up to 16 bytes, in one or two registers.</summary>
    Pieces,

    /// <summary>A larger struct: by address of a private copy; results through a hidden first parameter.</summary>
    Indirect,
}

/// <summary>How values of a shape go into and out of functions: the lp64 calling convention, for every function.</summary>
public sealed record PassingMode(PassKind Kind, IReadOnlyList<Piece> Pieces)
{
    private static readonly PassingMode Ignored = new(PassKind.Ignore, []);

    private static readonly PassingMode ByAddress = new(PassKind.Indirect, []);

    public static PassingMode Of(TypeShape shape)
    {
        if (shape.IsVoid || (shape.IsAggregate && shape.IsEmpty))
        {
            return Ignored;
        }
        if (!shape.IsAggregate)
        {
            return new PassingMode(PassKind.Scalar, [new Piece(shape.StackType, 0)]);
        }
        if (shape.Size > 16 || shape.Alignment > 8)
        {
            return ByAddress;
        }
        var pieces = new List<Piece>();
        for (var offset = 0; offset < shape.Size; offset += 8)
        {
            var size = Math.Min(8, shape.Size - offset);
            pieces.Add(new Piece(size == 8 && HasPointerAt(shape, offset) ? IrType.Pointer : IntegerFor(size), offset));
        }
        return new PassingMode(PassKind.Pieces, pieces);
    }

    /// <summary>Type of a result.</summary>
    public IrType ReturnType => Kind switch
    {
        PassKind.Ignore or PassKind.Indirect => IrType.Void,
        _ when Pieces.Count == 2 => IrType.Pair(Pieces[0].Type, Pieces[1].Type),
        _ => Pieces[0].Type,
    };

    private static IrType IntegerFor(int size) => size switch
    {
        1 => IrType.I8,
        2 => IrType.I16,
        4 => IrType.I32,
        _ => IrType.I64,
    };

    private static bool HasPointerAt(TypeShape shape, int offset)
    {
        foreach (var place in shape.Fields)
        {
            for (var i = 0; i < shape.Repeat; i++)
            {
                var start = place.Offset + (i * place.Shape.Size);
                if (start == offset && place.Shape.Kind == ShapeKind.Pointer)
                {
                    return true;
                }
                if (place.Shape.IsAggregate && offset >= start && offset < start + place.Shape.Size && HasPointerAt(place.Shape, offset - start))
                {
                    return true;
                }
            }
        }
        return false;
    }
}
