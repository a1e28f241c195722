using System;
using System.Numerics;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Statics;

/// <summary>Arithmetic, comparisons and conversions on values at compile time.</summary>
internal static class EvaluatedArithmetic
{
    /// <summary>A value as a number.</summary>
    public static long Integer(EvaluatedValue value) =>
        value.Base is null ? value.Bits : throw new EvaluationException("an address is used as a number");

    private static long Wrap(IrType type, long value) => new IrConstant(type, value).Value;

    public static EvaluatedValue Binary(IrBinary binary, EvaluatedValue left, EvaluatedValue right)
    {
        var type = binary.Type;
        if (left.Base is not null || right.Base is not null)
        {
            switch (binary.Op)
            {
                case BinaryOp.Add when right.Base is null:
                    return left with { Bits = left.Bits + right.Bits };
                case BinaryOp.Add when left.Base is null:
                    return right with { Bits = left.Bits + right.Bits };
                case BinaryOp.Sub when right.Base is null:
                    return left with { Bits = left.Bits - right.Bits };
                case BinaryOp.Sub when ReferenceEquals(left.Base, right.Base):
                    return new EvaluatedValue(left.Bits - right.Bits);
                default:
                    throw new EvaluationException("an address is used as a number");
            }
        }
        if (type == IrType.I128)
        {
            var wide = Wide(binary.Op, new Int128((ulong)left.High, (ulong)left.Bits), new Int128((ulong)right.High, (ulong)right.Bits));
            return new EvaluatedValue((long)(ulong)(wide & ulong.MaxValue)) { High = (long)(wide >> 64) };
        }
        var l = left.Bits;
        var r = right.Bits;
        var ul = new IrConstant(type, l).Unsigned;
        var ur = new IrConstant(type, r).Unsigned;
        var result = binary.Op switch
        {
            BinaryOp.Add => l + r,
            BinaryOp.Sub => l - r,
            BinaryOp.Mul => l * r,
            BinaryOp.SDiv => r == 0 || (r == -1 && l == long.MinValue) ? throw new EvaluationException("it fails") : l / r,
            BinaryOp.UDiv => ur == 0 ? throw new EvaluationException("it fails") : (long)(ul / ur),
            BinaryOp.SRem => r is 0 or -1 ? 0 : l % r,
            BinaryOp.URem => ur == 0 ? throw new EvaluationException("it fails") : (long)(ul % ur),
            BinaryOp.And => l & r,
            BinaryOp.Or => l | r,
            BinaryOp.Xor => l ^ r,
            BinaryOp.Shl => l << (int)r,
            BinaryOp.AShr => l >> (int)r,
            _ => (long)(ul >> (int)r),
        };
        return new EvaluatedValue(Wrap(type, result));
    }

    private static Int128 Wide(BinaryOp op, Int128 left, Int128 right) => op switch
    {
        BinaryOp.Add => left + right,
        BinaryOp.Sub => left - right,
        BinaryOp.Mul => left * right,
        BinaryOp.LShr => (Int128)((UInt128)left >> (int)right),
        BinaryOp.AShr => left >> (int)right,
        BinaryOp.Shl => left << (int)right,
        BinaryOp.And => left & right,
        BinaryOp.Or => left | right,
        BinaryOp.Xor => left ^ right,
        _ => throw new EvaluationException("a 128-bit division is made"),
    };

    public static bool Compare(IrCompare compare, EvaluatedValue left, EvaluatedValue right)
    {
        if (!ReferenceEquals(left.Base, right.Base))
        {
            return compare.Op switch
            {
                CompareOp.Equal => false,
                CompareOp.NotEqual => true,
                // Any object lies above null.
                CompareOp.UnsignedGreater when right is { Base: null, Bits: 0 } => true,
                CompareOp.UnsignedLess when left is { Base: null, Bits: 0 } => true,
                _ => throw new EvaluationException("addresses of different objects are compared"),
            };
        }
        var ul = new IrConstant(compare.Left.Type, left.Bits).Unsigned;
        var ur = new IrConstant(compare.Left.Type, right.Bits).Unsigned;
        return compare.Op switch
        {
            CompareOp.Equal => ul == ur,
            CompareOp.NotEqual => ul != ur,
            CompareOp.SignedLess => left.Bits < right.Bits,
            CompareOp.SignedLessOrEqual => left.Bits <= right.Bits,
            CompareOp.SignedGreater => left.Bits > right.Bits,
            CompareOp.SignedGreaterOrEqual => left.Bits >= right.Bits,
            CompareOp.UnsignedLess => ul < ur,
            CompareOp.UnsignedLessOrEqual => ul <= ur,
            CompareOp.UnsignedGreater => ul > ur,
            _ => ul >= ur,
        };
    }

    public static EvaluatedValue Cast(IrCast cast, EvaluatedValue value)
    {
        if (value.Base is not null)
        {
            return cast.Type.Bits == 64 ? value : throw new EvaluationException("an address is used as a number");
        }
        return cast.Op switch
        {
            CastOp.ZeroExtend => new EvaluatedValue((long)new IrConstant(cast.Value.Type, value.Bits).Unsigned),
            CastOp.SignExtend => new EvaluatedValue(cast.Value.Type == IrType.I1 ? -value.Bits : value.Bits)
            {
                High = (cast.Value.Type == IrType.I1 ? -value.Bits : value.Bits) >> 63,
            },
            _ => new EvaluatedValue(Wrap(cast.Type, value.Bits)),
        };
    }

    public static EvaluatedValue Intrinsic(IrIntrinsic intrinsic, Func<IrValue, EvaluatedValue> value)
    {
        var name = intrinsic.Name;
        if (name.StartsWith("llvm.lifetime", StringComparison.Ordinal))
        {
            return default;
        }
        var type = intrinsic.Arguments.Count > 0 ? intrinsic.Arguments[0].Type : IrType.I64;
        if (type.Bits is not (8 or 16 or 32 or 64))
        {
            throw new EvaluationException($"it uses {name}");
        }
        var left = Integer(value(intrinsic.Arguments[0]));
        var unsigned = new IrConstant(type, left).Unsigned;
        var unused = 64 - type.Bits;
        if (name.StartsWith("llvm.ctpop", StringComparison.Ordinal))
        {
            return new EvaluatedValue(BitOperations.PopCount(unsigned));
        }
        if (name.StartsWith("llvm.ctlz", StringComparison.Ordinal))
        {
            return new EvaluatedValue(BitOperations.LeadingZeroCount(unsigned) - unused);
        }
        if (name.StartsWith("llvm.cttz", StringComparison.Ordinal))
        {
            return new EvaluatedValue(Math.Min(BitOperations.TrailingZeroCount(unsigned), type.Bits));
        }
        if (name.StartsWith("llvm.bswap", StringComparison.Ordinal))
        {
            return new EvaluatedValue(Wrap(type, (long)(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(unsigned) >> unused)));
        }
        if (name.StartsWith("llvm.fsh", StringComparison.Ordinal) && ReferenceEquals(intrinsic.Arguments[0], intrinsic.Arguments[1]))
        {
            var count = (int)(Integer(value(intrinsic.Arguments[2])) & (type.Bits - 1));
            count = name.StartsWith("llvm.fshl", StringComparison.Ordinal) || count == 0 ? count : type.Bits - count;
            var rotated = count == 0 ? unsigned : (unsigned << count) | (unsigned >> (type.Bits - count));
            return new EvaluatedValue(Wrap(type, (long)rotated));
        }
        if (name.Contains(".with.overflow.", StringComparison.Ordinal))
        {
            var right = Integer(value(intrinsic.Arguments[1]));
            var signed = name[5] == 's';
            var a = signed ? new BigInteger(left) : unsigned;
            var b = signed ? new BigInteger(right) : new IrConstant(type, right).Unsigned;
            var exact = name.AsSpan(6, 3) switch
            {
                "add" => a + b,
                "sub" => a - b,
                _ => a * b,
            };
            var wrapped = Wrap(type, (long)(ulong)(exact & ulong.MaxValue));
            var back = signed ? new BigInteger(wrapped) : new IrConstant(type, wrapped).Unsigned;
            return new EvaluatedValue(0) { Pair = [new EvaluatedValue(wrapped), new EvaluatedValue(back == exact ? 0 : 1)] };
        }
        throw new EvaluationException($"it uses {name}");
    }
}
