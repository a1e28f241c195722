using System;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>Vector instructions on whole numbers, element by element (V 1.0 §11).</summary>
public sealed partial class Hart
{
    private bool VectorBinary(VectorOp op, VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        if (!SparesMask(v) || !IsGroup(v.Vd, group) || !IsGroup(v.Vs2, group) || (v.HasVector && !IsGroup(v.Vs1, group)))
        {
            return false;
        }

        var shifts = op is VectorOp.ShiftLeft or VectorOp.ShiftRight or VectorOp.ShiftRightArithmetic or >= VectorOp.ScalingShiftRight;
        for (var i = _vstart; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                var (a, b) = (Element(v.Vs2, i, shift), shifts ? UnsignedOperand(v, i, shift) : Operand(v, i, shift));
                SetElement(v.Vd, i, shift, op < VectorOp.SaturatingAddU ? Binary(op, a, b, shift) : FixedPoint(op, a, b, shift));
            }
        }

        return true;
    }

    private static ulong Binary(VectorOp op, ulong first, ulong second, int shift)
    {
        var (a, b) = (Unsigned(first, shift), Unsigned(second, shift));
        var (sa, sb) = (Signed(first, shift), Signed(second, shift));
        var bits = 8 << shift;
        var distance = (int)(second & (ulong)(bits - 1));
        return op switch
        {
            VectorOp.Add => a + b,
            VectorOp.Sub => a - b,
            VectorOp.ReverseSub => b - a,
            VectorOp.MinU => Math.Min(a, b),
            VectorOp.Min => (ulong)Math.Min(sa, sb),
            VectorOp.MaxU => Math.Max(a, b),
            VectorOp.Max => (ulong)Math.Max(sa, sb),
            VectorOp.And => a & b,
            VectorOp.Or => a | b,
            VectorOp.Xor => a ^ b,
            VectorOp.ShiftLeft => a << distance,
            VectorOp.ShiftRight => a >> distance,
            VectorOp.ShiftRightArithmetic => (ulong)(sa >> distance),
            VectorOp.Multiply => a * b,
            VectorOp.MultiplyHigh => (ulong)(((Int128)sa * sb) >> bits),
            VectorOp.MultiplyHighU => (ulong)(((UInt128)a * b) >> bits),
            VectorOp.MultiplyHighSU => (ulong)(((Int128)sa * b) >> bits),
            VectorOp.Divide => Divide(sa, sb),
            VectorOp.DivideU => b == 0 ? ulong.MaxValue : a / b,
            VectorOp.Remainder => Remainder(sa, sb),
            _ => b == 0 ? a : a % b,
        };
    }

    private bool VectorWiden(VectorOp op, VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        var wide = op >= VectorOp.WiderAddU;
        if (!CanWiden(v) || (wide ? !IsGroup(v.Vs2, group + 1) : !IsNarrowSource(v, v.Vs2)) || (v.HasVector && !IsNarrowSource(v, v.Vs1)))
        {
            return false;
        }

        for (var i = _vstart; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                var a = Element(v.Vs2, i, wide ? shift + 1 : shift);
                var b = Operand(v, i, shift);
                var (sa, ua) = wide ? (a, a) : ((ulong)Signed(a, shift), a);
                var (sb, ub) = ((ulong)Signed(b, shift), Unsigned(b, shift));
                SetElement(v.Vd, i, shift + 1, op switch
                {
                    VectorOp.WideAddU or VectorOp.WiderAddU => ua + ub,
                    VectorOp.WideAdd or VectorOp.WiderAdd => sa + sb,
                    VectorOp.WideSubU or VectorOp.WiderSubU => ua - ub,
                    VectorOp.WideSub or VectorOp.WiderSub => sa - sb,
                    VectorOp.WideMultiplyU => ua * ub,
                    VectorOp.WideMultiplySU => sa * ub,
                    _ => sa * sb,
                });
            }
        }

        return true;
    }

    private bool VectorAccumulate(VectorOp op, VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        if (!SparesMask(v) || !IsGroup(v.Vd, group) || !IsGroup(v.Vs2, group) || (v.HasVector && !IsGroup(v.Vs1, group)))
        {
            return false;
        }

        for (var i = _vstart; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                var (a, b, d) = (Element(v.Vs2, i, shift), Operand(v, i, shift), Element(v.Vd, i, shift));
                SetElement(v.Vd, i, shift, op switch
                {
                    VectorOp.MultiplyAdd => (b * d) + a,
                    VectorOp.NegatedMultiplySub => a - (b * d),
                    VectorOp.MultiplyAccumulate => (b * a) + d,
                    _ => d - (b * a),
                });
            }
        }

        return true;
    }

    private bool VectorWidenAccumulate(VectorOp op, VectorOperands v)
    {
        var shift = ElementShift;
        if (!CanWiden(v) || !IsNarrowSource(v, v.Vs2) || (v.HasVector && !IsNarrowSource(v, v.Vs1)))
        {
            return false;
        }

        for (var i = _vstart; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                var (a, b) = (Element(v.Vs2, i, shift), Operand(v, i, shift));
                // Which of the two is signed, the name says: first the one at vs1.
                var signedFirst = op is VectorOp.WideAccumulate or VectorOp.WideAccumulateUS;
                var signedSecond = op is VectorOp.WideAccumulate or VectorOp.WideAccumulateSU;
                var product = (signedFirst ? (ulong)Signed(a, shift) : a) * (signedSecond ? (ulong)Signed(b, shift) : Unsigned(b, shift));
                SetElement(v.Vd, i, shift + 1, Element(v.Vd, i, shift + 1) + product);
            }
        }

        return true;
    }

    private bool CanWiden(VectorOperands v) => SparesMask(v) && ElementShift < 3 && IsGroup(v.Vd, GroupShift + 1);

    /// <summary>A source whose elements are half as wide as the destination's.</summary>
    private bool IsNarrowSource(VectorOperands v, int register) =>
        IsGroup(register, GroupShift) && MayWidenInto(v.Vd, GroupShift + 1, register, GroupShift);

    private bool VectorExtend(VectorOp op, VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        var signed = op >= VectorOp.SignExtend2;
        var by = signed ? op - VectorOp.SignExtend2 + 1 : op - VectorOp.ZeroExtend2 + 1;
        if (!SparesMask(v) || shift < by || !IsGroup(v.Vd, group) || !IsGroup(v.Vs2, group - by) || !MayWidenInto(v.Vd, group, v.Vs2, group - by))
        {
            return false;
        }

        for (var i = _vstart; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                var value = Element(v.Vs2, i, shift - by);
                SetElement(v.Vd, i, shift, signed ? (ulong)Signed(value, shift - by) : value);
            }
        }

        return true;
    }

    private bool VectorAddCarry(VectorOp op, VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        if (v.Vd == 0 || !IsGroup(v.Vd, group) || !IsGroup(v.Vs2, group) || (v.HasVector && !IsGroup(v.Vs1, group)))
        {
            return false;
        }

        for (var i = _vstart; i < _vl; i++)
        {
            var (a, b, carry) = (Element(v.Vs2, i, shift), Operand(v, i, shift), MaskBit(0, i) ? 1UL : 0);
            SetElement(v.Vd, i, shift, op == VectorOp.AddCarry ? a + b + carry : a - b - carry);
        }

        return true;
    }

    private bool VectorCarryOut(VectorOp op, VectorOperands v)
    {
        if (!CanCompare(v))
        {
            return false;
        }

        var shift = ElementShift;
        for (var i = _vstart; i < _vl; i++)
        {
            var (a, b) = ((UInt128)Element(v.Vs2, i, shift), (UInt128)Unsigned(Operand(v, i, shift), shift));
            var carry = v.Masked && MaskBit(0, i) ? UInt128.One : UInt128.Zero;
            SetMaskBit(v.Vd, i, op == VectorOp.CarryOut ? (a + b + carry) >> (8 << shift) != 0 : a < b + carry);
        }

        return true;
    }

    private bool VectorCompare(VectorOp op, VectorOperands v)
    {
        if (!CanCompare(v))
        {
            return false;
        }

        var shift = ElementShift;
        for (var i = _vstart; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                var (first, second) = (Element(v.Vs2, i, shift), Operand(v, i, shift));
                var (a, b) = (first, Unsigned(second, shift));
                var (sa, sb) = (Signed(first, shift), Signed(second, shift));
                SetMaskBit(v.Vd, i, op switch
                {
                    VectorOp.Equal => a == b,
                    VectorOp.NotEqual => a != b,
                    VectorOp.LessU => a < b,
                    VectorOp.Less => sa < sb,
                    VectorOp.LessOrEqualU => a <= b,
                    VectorOp.LessOrEqual => sa <= sb,
                    VectorOp.GreaterU => a > b,
                    _ => sa > sb,
                });
            }
        }

        return true;
    }

    /// <summary>The result is a mask: one register, and it may be the mask in use.</summary>
    private bool CanCompare(VectorOperands v)
    {
        var group = GroupShift;
        return IsGroup(v.Vs2, group) && MayNarrowInto(v.Vd, 0, v.Vs2, group)
            && (!v.HasVector || (IsGroup(v.Vs1, group) && MayNarrowInto(v.Vd, 0, v.Vs1, group)));
    }

    private bool VectorMerge(VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        if (!SparesMask(v) || !IsGroup(v.Vd, group) || (v.Masked && !IsGroup(v.Vs2, group)) || (v.HasVector && !IsGroup(v.Vs1, group)))
        {
            return false;
        }

        for (var i = _vstart; i < _vl; i++)
        {
            SetElement(v.Vd, i, shift, IsActive(v, i) ? Operand(v, i, shift) : Element(v.Vs2, i, shift));
        }

        return true;
    }
}
