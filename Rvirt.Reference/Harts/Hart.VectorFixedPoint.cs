using System;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>Vector instructions that saturate or round, and those with narrower results (V 1.0 §11.7, §12).</summary>
public sealed partial class Hart
{
    private ulong FixedPoint(VectorOp op, ulong first, ulong second, int shift)
    {
        Int128 a = Unsigned(first, shift), b = Unsigned(second, shift);
        Int128 sa = Signed(first, shift), sb = Signed(second, shift);
        var bits = 8 << shift;
        var distance = (int)(second & (ulong)(bits - 1));
        return op switch
        {
            VectorOp.SaturatingAddU => ClipUnsigned(a + b, bits),
            VectorOp.SaturatingAdd => ClipSigned(sa + sb, bits),
            VectorOp.SaturatingSubU => ClipUnsigned(a - b, bits),
            VectorOp.SaturatingSub => ClipSigned(sa - sb, bits),
            VectorOp.AveragingAddU => Low(Rounded(a + b, 1)),
            VectorOp.AveragingAdd => Low(Rounded(sa + sb, 1)),
            VectorOp.AveragingSubU => Low(Rounded(a - b, 1)),
            VectorOp.AveragingSub => Low(Rounded(sa - sb, 1)),
            VectorOp.FractionalMultiply => ClipSigned(Rounded(sa * sb, bits - 1), bits),
            VectorOp.ScalingShiftRight => Low(Rounded(a, distance)),
            _ => Low(Rounded(sa, distance)),
        };
    }

    private bool VectorNarrow(VectorOp op, VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        if (!SparesMask(v) || shift >= 3 || !IsGroup(v.Vd, group) || !IsGroup(v.Vs2, group + 1) || !MayNarrowInto(v.Vd, group, v.Vs2, group + 1)
            || (v.HasVector && !IsGroup(v.Vs1, group)))
        {
            return false;
        }

        var bits = 8 << shift;
        for (var i = _vstart; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                var a = Element(v.Vs2, i, shift + 1);
                var sa = Signed(a, shift + 1);
                var distance = (int)(UnsignedOperand(v, i, shift) & (ulong)((2 * bits) - 1));
                SetElement(v.Vd, i, shift, op switch
                {
                    VectorOp.NarrowShiftRight => a >> distance,
                    VectorOp.NarrowShiftRightArithmetic => (ulong)(sa >> distance),
                    VectorOp.NarrowClipU => ClipUnsigned(Rounded(a, distance), bits),
                    _ => ClipSigned(Rounded(sa, distance), bits),
                });
            }
        }

        return true;
    }

    /// <summary>A number without its lowest bits, rounded as <c>vxrm</c> says (V 1.0 §3.8).</summary>
    private Int128 Rounded(Int128 value, int bits)
    {
        var result = value >> bits;
        if (bits == 0)
        {
            return result;
        }

        var lost = value - (result << bits);
        var half = Int128.One << (bits - 1);
        var odd = (result & 1) != 0;
        var up = _vxrm switch
        {
            0 => lost >= half,
            1 => lost > half || (lost == half && odd),
            2 => false,
            _ => lost != 0 && !odd,
        };
        return up ? result + 1 : result;
    }

    private ulong ClipUnsigned(Int128 value, int bits) => Clip(value, 0, (Int128.One << bits) - 1);

    private ulong ClipSigned(Int128 value, int bits) => Clip(value, -(Int128.One << (bits - 1)), (Int128.One << (bits - 1)) - 1);

    private ulong Clip(Int128 value, Int128 lowest, Int128 highest)
    {
        if (value < lowest || value > highest)
        {
            _vxsat = 1;
            value = value < lowest ? lowest : highest;
        }

        return Low(value);
    }

    private static ulong Low(Int128 value) => (ulong)(UInt128)value;
}
