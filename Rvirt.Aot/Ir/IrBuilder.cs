using System;
using System.Collections.Generic;
using System.Numerics;

namespace Rvirt.Aot.Ir;

/// <summary>
/// Appends instructions to a block. Operations on constants yield constants, so that a branch whose outcome is known at
/// compile time is seen as such before the code behind it is compiled.
/// </summary>
public sealed class IrBuilder(IrFunction function)
{
    private int _blockCount;

    public IrFunction Function { get; } = function;

    /// <summary>Block that instructions go to; null after a terminator: what follows is dropped.</summary>
    public IrBlock? Block { get; private set; }

    public IrLocation? Location { get; set; }

    public bool IsReachable => Block is not null;

    public IrBlock CreateBlock(string name) => new($"{name}.{_blockCount++}");

    /// <summary>Appends <paramref name="block"/> to the function and continues in it.</summary>
    public void Begin(IrBlock block)
    {
        Function.Blocks.Add(block);
        Block = block;
    }

    public T Emit<T>(T instruction)
        where T : IrInstruction
    {
        instruction.Location = Location;
        if (Block is null)
        {
            return instruction;
        }
        Block.Instructions.Add(instruction);
        if (instruction.IsTerminator)
        {
            Block = null;
        }
        return instruction;
    }

    public IrSlot Slot(int size, int alignment)
    {
        var slot = new IrSlot(Math.Max(size, 1), Math.Max(alignment, 1));
        Function.Slots.Add(slot);
        return slot;
    }

    public IrValue Load(IrType type, IrValue address, int alignment, bool isVolatile = false, MemoryOrder order = MemoryOrder.None) =>
        Emit(new IrLoad(type, address, alignment) { IsVolatile = isVolatile, Order = order });

    public void Store(IrValue value, IrValue address, int alignment, bool isVolatile = false, MemoryOrder order = MemoryOrder.None) =>
        Emit(new IrStore(value, address, alignment) { IsVolatile = isVolatile, Order = order });

    public IrValue Binary(BinaryOp op, IrValue left, IrValue right)
    {
        if (left is IrConstant l && right is IrConstant r && Fold(op, l, r) is { } folded)
        {
            return folded;
        }
        if (right is IrConstant { Value: 0 } && op is BinaryOp.Add or BinaryOp.Sub or BinaryOp.Or or BinaryOp.Xor or BinaryOp.Shl or BinaryOp.AShr or BinaryOp.LShr)
        {
            if (right is IrConstant { Value: 0 })
            {
                return left;
            }
        }
        return Emit(new IrBinary(op, left, right));
    }

    public IrValue Compare(CompareOp op, IrValue left, IrValue right)
    {
        if (left is IrConstant l && right is IrConstant r)
        {
            return IrConstant.Bool(op switch
            {
                CompareOp.Equal => l.Unsigned == r.Unsigned,
                CompareOp.NotEqual => l.Unsigned != r.Unsigned,
                CompareOp.SignedLess => l.Value < r.Value,
                CompareOp.SignedLessOrEqual => l.Value <= r.Value,
                CompareOp.SignedGreater => l.Value > r.Value,
                CompareOp.SignedGreaterOrEqual => l.Value >= r.Value,
                CompareOp.UnsignedLess => l.Unsigned < r.Unsigned,
                CompareOp.UnsignedLessOrEqual => l.Unsigned <= r.Unsigned,
                CompareOp.UnsignedGreater => l.Unsigned > r.Unsigned,
                _ => l.Unsigned >= r.Unsigned,
            });
        }
        if (right is IrConstant { Value: 0 } && op == CompareOp.UnsignedLess)
        {
            return IrConstant.Bool(false);
        }
        return Emit(new IrCompare(op, left, right));
    }

    public IrValue IsNull(IrValue pointer) => Compare(CompareOp.Equal, pointer, IrConstant.Null);

    public IrValue Not(IrValue condition) => condition is IrConstant c
        ? IrConstant.Bool(c.Value == 0)
        : Emit(new IrBinary(BinaryOp.Xor, condition, IrConstant.Bool(true)));

    /// <summary>Makes an integer narrower or wider, or turns a pointer into an integer and back.</summary>
    public IrValue Convert(IrValue value, IrType type, bool signed)
    {
        var from = value.Type;
        if (from.Matches(type))
        {
            return value;
        }
        if (value is IrUndefined)
        {
            return new IrUndefined(type);
        }
        if (from.IsPointer && type.IsInteger)
        {
            IrValue address = value is IrConstant pointer ? IrConstant.Int64(pointer.Value) : Emit(new IrCast(CastOp.PointerToInt, value, IrType.I64));
            return Convert(address, type, signed: false);
        }
        if (type.IsPointer)
        {
            var wide = Convert(value, IrType.I64, signed);
            return wide is IrConstant address
                ? new IrConstant(IrType.Pointer, address.Value)
                : wide is IrCast { Op: CastOp.PointerToInt } cast ? cast.Value : Emit(new IrCast(CastOp.IntToPointer, wide, IrType.Pointer));
        }
        if (value is IrConstant constant && type.Bits <= 64)
        {
            return new IrConstant(type, signed && from.Bits > 1 ? constant.Value : (long)constant.Unsigned);
        }
        return from.Bits > type.Bits
            ? Emit(new IrCast(CastOp.Truncate, value, type))
            : Emit(new IrCast(signed ? CastOp.SignExtend : CastOp.ZeroExtend, value, type));
    }

    public IrValue Offset(IrValue address, IrValue bytes, bool inBounds)
    {
        if (bytes is IrConstant { Value: 0 })
        {
            return address;
        }
        if (bytes is IrConstant offset)
        {
            switch (address)
            {
                case IrSymbol symbol:
                    return new IrSymbol(symbol.Name, symbol.Offset + offset.Value);
                case IrConstant constant:
                    return new IrConstant(IrType.Pointer, constant.Value + offset.Value);
            }
        }
        return Emit(new IrOffset(address, bytes, inBounds));
    }

    public IrValue Field(IrValue address, long offset) => Offset(address, IrConstant.Int64(offset), inBounds: true);

    public IrValue Extract(IrValue pair, int index) => Emit(new IrExtract(pair, index));

    public IrValue Intrinsic(string name, IrType type, params IReadOnlyList<IrValue> arguments) => Emit(new IrIntrinsic(name, type, arguments));

    public void Copy(IrValue destination, IrValue source, int size, int alignment, bool mayOverlap = false)
    {
        if (size == 0 || ReferenceEquals(destination, source))
        {
            return;
        }
        Emit(new IrCopy(destination, source, IrConstant.Int64(size), alignment) { MayOverlap = mayOverlap });
    }

    public void Zero(IrValue destination, int size, int alignment)
    {
        if (size != 0)
        {
            Emit(new IrFill(destination, new IrConstant(IrType.I8, 0), IrConstant.Int64(size), alignment));
        }
    }

    public void Branch(IrBlock target) => Emit(new IrBranch(target));

    public void BranchIf(IrValue condition, IrBlock whenTrue, IrBlock whenFalse, Likelihood likelihood = Likelihood.Unknown)
    {
        if (condition is IrConstant constant)
        {
            Branch(constant.Value != 0 ? whenTrue : whenFalse);
        }
        else
        {
            Emit(new IrConditionalBranch(condition, whenTrue, whenFalse, likelihood));
        }
    }

    public void Return(IrValue? value) => Emit(new IrReturn(value));

    public void Unreachable() => Emit(new IrUnreachable());

    private static IrConstant? Fold(BinaryOp op, IrConstant left, IrConstant right)
    {
        if (left.Type.Bits > 64)
        {
            return null;
        }
        long bits = left.Type.Bits;
        var shift = (int)right.Unsigned;
        BigInteger? result = op switch
        {
            BinaryOp.Add => new BigInteger(left.Value) + right.Value,
            BinaryOp.Sub => new BigInteger(left.Value) - right.Value,
            BinaryOp.Mul => new BigInteger(left.Value) * right.Value,
            BinaryOp.SDiv when right.Value is not (0 or -1) => left.Value / right.Value,
            BinaryOp.UDiv when right.Value != 0 => left.Unsigned / right.Unsigned,
            BinaryOp.SRem when right.Value is not (0 or -1) => left.Value % right.Value,
            BinaryOp.URem when right.Value != 0 => left.Unsigned % right.Unsigned,
            BinaryOp.And => left.Value & right.Value,
            BinaryOp.Or => left.Value | right.Value,
            BinaryOp.Xor => left.Value ^ right.Value,
            BinaryOp.Shl when right.Unsigned < (ulong)bits => new BigInteger(left.Value) << shift,
            BinaryOp.AShr when right.Unsigned < (ulong)bits => left.Value >> shift,
            BinaryOp.LShr when right.Unsigned < (ulong)bits => left.Unsigned >> shift,
            _ => null,
        };
        return result is { } value ? new IrConstant(left.Type, (long)(ulong)(value & ulong.MaxValue)) : null;
    }
}
