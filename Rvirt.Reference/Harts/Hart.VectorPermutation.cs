using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>Vector instructions that move elements (V 1.0 §16).</summary>
// SAFETY: five bits of an instruction, or the slot for writes to x0, index x.
public sealed unsafe partial class Hart
{
    private bool VectorMoveScalar(VectorOp op, VectorOperands v)
    {
        var shift = ElementShift;
        if (op == VectorOp.MoveToScalar)
        {
            _x[v.Vd == 0 ? Decoded.Discard : v.Vd] = (ulong)Signed(Element(v.Vs2, 0, shift), shift);
        }
        else if (_vstart < _vl)
        {
            SetElement(v.Vd, 0, shift, _x[v.Vs1]);
        }

        return true;
    }

    private bool VectorMoveWhole(VectorOperands v)
    {
        var count = v.Vs1 + 1;
        if (((v.Vd | v.Vs2) & (count - 1)) != 0)
        {
            return false;
        }

        var shift = ElementShift;
        var elements = (ulong)(count * _vlenb) >> shift;
        for (var i = _vstart; i < elements; i++)
        {
            SetElement(v.Vd, i, shift, Element(v.Vs2, i, shift));
        }

        return true;
    }

    private bool VectorSlide(VectorOp op, VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        var up = op is VectorOp.SlideUp or VectorOp.Slide1Up;
        if (!SparesMask(v) || !IsGroup(v.Vd, group) || !IsGroup(v.Vs2, group) || (up && v.Vd == v.Vs2))
        {
            return false;
        }

        var one = op is VectorOp.Slide1Up or VectorOp.Slide1Down;
        var distance = one ? 1 : UnsignedOperand(v, 0, shift);
        var limit = MaximumLength;
        for (var i = _vstart; i < _vl; i++)
        {
            if (!IsActive(v, i) || (op == VectorOp.SlideUp && i < distance))
            {
                continue;
            }

            SetElement(v.Vd, i, shift, up
                ? i < distance ? _x[v.Vs1] : Element(v.Vs2, i - distance, shift)
                : one && i == _vl - 1 ? _x[v.Vs1]
                : distance < limit - i ? Element(v.Vs2, i + distance, shift)
                : 0);
        }

        return true;
    }

    private bool VectorGather(VectorOp op, VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        var (indexShift, indexGroup) = op == VectorOp.Gather16 ? (1, group + 1 - shift) : (shift, group);
        if (!SparesMask(v) || !IsGroup(v.Vd, group) || !IsGroup(v.Vs2, group) || v.Vd == v.Vs2
            || (v.HasVector && (!IsGroup(v.Vs1, indexGroup) || Overlaps(v.Vd, Registers(group), v.Vs1, Registers(indexGroup)))))
        {
            return false;
        }

        var limit = MaximumLength;
        for (var i = _vstart; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                var index = UnsignedOperand(v, i, indexShift);
                SetElement(v.Vd, i, shift, index < limit ? Element(v.Vs2, index, shift) : 0);
            }
        }

        return true;
    }

    private bool VectorCompress(VectorOperands v)
    {
        var (shift, group) = (ElementShift, GroupShift);
        if (_vstart != 0 || !IsGroup(v.Vd, group) || !IsGroup(v.Vs2, group) || v.Vd == v.Vs2 || Overlaps(v.Vd, Registers(group), v.Vs1, 1))
        {
            return false;
        }

        var to = 0UL;
        for (var i = 0UL; i < _vl; i++)
        {
            if (MaskBit(v.Vs1, i))
            {
                SetElement(v.Vd, to++, shift, Element(v.Vs2, i, shift));
            }
        }

        return true;
    }
}
