using System.Collections.Generic;
using ICSharpCode.Decompiler.IL;
using Rvirt.Aot.Abi;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Lowering;

/// <summary>Structs: they live in memory; expressions are compiled into the place that wants them.</summary>
public sealed partial class MethodLowering
{
    public IrValue Temporary(TypeShape shape) => _b.Slot(shape.Size, shape.Alignment);

    private IrValue CopyToTemporary(IrValue source, TypeShape shape)
    {
        var copy = Temporary(shape);
        FillTemporary(copy, source, shape, shape.Alignment);
        return copy;
    }

    /// <summary>Copies a struct between places that may be parts of each other: C# has explicit layout, references and pointers.</summary>
    public void CopyStruct(IrValue destination, IrValue source, TypeShape shape, int alignment)
    {
        if (!shape.IsEmpty)
        {
            _b.Copy(destination, source, shape.Size, alignment, mayOverlap: true);
        }
    }

    /// <summary>Copies a struct into a new temporary, which nothing else can overlap.</summary>
    public void FillTemporary(IrValue temporary, IrValue source, TypeShape shape, int alignment)
    {
        if (!shape.IsEmpty)
        {
            _b.Copy(temporary, source, shape.Size, alignment);
        }
    }

    /// <summary>Compiles an expression into memory.</summary>
    /// <param name="instruction">The expression.</param>
    /// <param name="destination">Address to write to.</param>
    /// <param name="shape">Shape of what is written.</param>
    /// <param name="isPrivate">True when nothing the expression does can see the destination.</param>
    /// <param name="alignment">Known alignment of the destination; 0 for that of the type.</param>
    private void LowerInto(ILInstruction instruction, IrValue destination, TypeShape shape, bool isPrivate, int alignment = 0)
    {
        alignment = alignment == 0 ? shape.Alignment : alignment;
        if (!shape.IsAggregate)
        {
            StoreScalar(LowerScalar(instruction), destination, shape, alignment);
            return;
        }
        if (instruction is DefaultValue)
        {
            if (!shape.IsEmpty)
            {
                _b.Zero(destination, shape.Size, alignment);
            }
            return;
        }
        var operand = isPrivate ? LowerWithDestination(instruction, destination, shape) : Lower(instruction);
        if (operand.Aggregate is { } actual && operand.Boxed is null)
        {
            CopyStruct(destination, operand.Value, actual.Size <= shape.Size ? actual : shape, System.Math.Min(alignment, actual.Alignment));
        }
        else
        {
            // A struct around one primitive, reached through generic code.
            _b.Store(Scalar(operand), destination, alignment);
        }
    }

    /// <summary>Compiles an expression, using <paramref name="destination"/> for its result where a call or constructor can write there.</summary>
    private Operand LowerWithDestination(ILInstruction instruction, IrValue destination, TypeShape shape)
    {
        _resultPlace = (instruction, destination, shape);
        var operand = Lower(instruction);
        _resultPlace = default;
        return operand;
    }

    private (ILInstruction? For, IrValue? Place, TypeShape? Shape) _resultPlace;

    private Operand LowerDefaultValue(DefaultValue value)
    {
        var shape = ShapeOf(value.Type);
        if (!shape.IsAggregate)
        {
            return shape.Kind == ShapeKind.Float ? throw FloatRefused() : new Operand(new IrConstant(shape.StackType, 0));
        }
        var temporary = Temporary(shape);
        if (!shape.IsEmpty)
        {
            _b.Zero(temporary, shape.Size, shape.Alignment);
        }
        return new Operand(temporary, shape, IsOwned: true);
    }

    private IrValue LowerAddressOf(AddressOf address)
    {
        var operand = Lower(address.Value);
        if (operand.Aggregate is not null)
        {
            return operand.Value;
        }
        var shape = ShapeOf(address.Type);
        var temporary = Temporary(shape);
        StoreScalar(Scalar(operand), temporary, shape, shape.Alignment);
        return temporary;
    }

    /// <summary>Loads a small struct into the registers it travels in.</summary>
    private List<IrValue> LoadPieces(IrValue address, TypeShape shape, PassingMode mode)
    {
        var covered = 0;
        foreach (var piece in mode.Pieces)
        {
            covered = piece.Offset + piece.Type.Bytes;
        }
        var alignment = shape.Alignment;
        if (covered > shape.Size)
        {
            var wide = _b.Slot(covered, 8);
            FillTemporary(wide, address, shape, shape.Alignment);
            address = wide;
            alignment = 8;
        }
        var values = new List<IrValue>();
        foreach (var piece in mode.Pieces)
        {
            values.Add(_b.Load(piece.Type, _b.Field(address, piece.Offset), System.Math.Min(alignment, piece.Type.Bytes)));
        }
        return values;
    }

    private void StorePieces(IReadOnlyList<IrValue> values, ref int next, IrValue address, TypeShape shape, PassingMode mode)
    {
        var last = mode.Pieces[^1];
        var covered = last.Offset + last.Type.Bytes;
        var target = address;
        var alignment = shape.Alignment;
        if (covered > shape.Size)
        {
            target = _b.Slot(covered, 8);
            alignment = 8;
        }
        foreach (var piece in mode.Pieces)
        {
            _b.Store(values[next++], _b.Field(target, piece.Offset), System.Math.Min(alignment, piece.Type.Bytes));
        }
        if (!ReferenceEquals(target, address))
        {
            CopyStruct(address, target, shape, shape.Alignment);
        }
    }
}
