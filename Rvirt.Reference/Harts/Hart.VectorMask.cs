using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>Vector instructions on masks (V 1.0 §15).</summary>
// SAFETY: x is indexed by five bits of an instruction, or by the slot for writes to x0.
public sealed unsafe partial class Hart
{
    private bool MaskLogical(VectorOp op, VectorOperands v)
    {
        for (var i = _vstart; i < _vl; i++)
        {
            var (a, b) = (MaskBit(v.Vs2, i), MaskBit(v.Vs1, i));
            SetMaskBit(v.Vd, i, op switch
            {
                VectorOp.MaskAndNot => a && !b,
                VectorOp.MaskAnd => a && b,
                VectorOp.MaskOr => a || b,
                VectorOp.MaskXor => a != b,
                VectorOp.MaskOrNot => a || !b,
                VectorOp.MaskNand => !(a && b),
                VectorOp.MaskNor => !(a || b),
                _ => a == b,
            });
        }

        return true;
    }

    private bool MaskCount(VectorOp op, VectorOperands v)
    {
        if (_vstart != 0)
        {
            return false;
        }

        var (count, first) = (0UL, ulong.MaxValue);
        for (var i = 0UL; i < _vl; i++)
        {
            if (IsActive(v, i) && MaskBit(v.Vs2, i))
            {
                first = count++ == 0 ? i : first;
            }
        }

        _x[v.Vd == 0 ? Decoded.Discard : v.Vd] = op == VectorOp.CountPopulation ? count : first;
        return true;
    }

    private bool MaskSetFirst(VectorOp op, VectorOperands v)
    {
        if (_vstart != 0 || !SparesMask(v) || v.Vd == v.Vs2)
        {
            return false;
        }

        var found = false;
        for (var i = 0UL; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                var first = !found && MaskBit(v.Vs2, i);
                SetMaskBit(v.Vd, i, op switch
                {
                    VectorOp.SetBeforeFirst => !found && !first,
                    VectorOp.SetOnlyFirst => first,
                    _ => !found,
                });
                found |= first;
            }
        }

        return true;
    }

    private bool VectorIota(VectorOp op, VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        var iota = op == VectorOp.Iota;
        if (!SparesMask(v) || !IsGroup(v.Vd, group) || (iota && (_vstart != 0 || Overlaps(v.Vd, Registers(group), v.Vs2, 1))))
        {
            return false;
        }

        var count = 0UL;
        for (var i = _vstart; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                SetElement(v.Vd, i, shift, iota ? count : i);
                count += iota && MaskBit(v.Vs2, i) ? 1u : 0;
            }
        }

        return true;
    }
}
