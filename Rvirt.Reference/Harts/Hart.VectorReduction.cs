using System;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>Vector instructions that make one element of all (V 1.0 §14).</summary>
public sealed partial class Hart
{
    private bool VectorReduce(VectorOp op, VectorOperands v)
    {
        var wide = op >= VectorOp.WideReduceSumU;
        var (from, to) = (ElementShift, wide ? ElementShift + 1 : ElementShift);
        if (_vstart != 0 || to > 3 || !IsGroup(v.Vs2, GroupShift))
        {
            return false;
        }

        if (_vl == 0)
        {
            return true;
        }

        var result = Element(v.Vs1, 0, to);
        for (var i = 0UL; i < _vl; i++)
        {
            if (IsActive(v, i))
            {
                var element = Element(v.Vs2, i, from);
                var signed = Signed(element, from);
                result = op switch
                {
                    VectorOp.ReduceSum or VectorOp.WideReduceSumU => result + element,
                    VectorOp.ReduceAnd => result & element,
                    VectorOp.ReduceOr => result | element,
                    VectorOp.ReduceXor => result ^ element,
                    VectorOp.ReduceMinU => Math.Min(Unsigned(result, to), element),
                    VectorOp.ReduceMin => (ulong)Math.Min(Signed(result, to), signed),
                    VectorOp.ReduceMaxU => Math.Max(Unsigned(result, to), element),
                    VectorOp.ReduceMax => (ulong)Math.Max(Signed(result, to), signed),
                    _ => result + (ulong)signed,
                };
            }
        }

        SetElement(v.Vd, 0, to, result);
        return true;
    }
}
