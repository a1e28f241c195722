using System;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>
/// Vector loads and stores (V 1.0 §7): element by element and field by field, each translated as a scalar access. One that faults leaves its
/// element's number in <c>vstart</c>, with what came before done.
/// </summary>
// SAFETY: x is indexed by five bits of an instruction; memory is reached as scalar loads and stores reach it.
public sealed unsafe partial class Hart
{
    private static bool IsLoad(VectorOp op) => op <= VectorOp.LoadIndexed;

    private static bool IsWhole(VectorOp op) => op is VectorOp.LoadWhole or VectorOp.StoreWhole;

    private static bool IsIndexed(VectorOp op) => op is VectorOp.LoadIndexed or VectorOp.StoreIndexed;

    /// <summary>Binary logarithm of the bytes that the instruction names: of its elements, or of its indices.</summary>
    private static int NamedShift(VectorOperands v) => (int)((v.Word >> 12) & 7) switch { 0 => 0, var width => width - 4 };

    private static int Fields(VectorOperands v) => (int)(v.Word >> 29) + 1;

    /// <summary>Whether the operands are not reserved.</summary>
    private bool CanAccessMemory(VectorOp op, VectorOperands v)
    {
        if (IsWhole(op))
        {
            return (v.Vd & (Fields(v) - 1)) == 0;
        }

        if ((_vtype & IllegalType) != 0 || (op is not (VectorOp.StoreUnit or VectorOp.StoreStrided or VectorOp.StoreIndexed) && !SparesMask(v)))
        {
            return false;
        }

        if (op is VectorOp.LoadMask or VectorOp.StoreMask)
        {
            return true;
        }

        var named = NamedShift(v);
        var namedGroup = named - ElementShift + GroupShift;
        var group = IsIndexed(op) ? GroupShift : namedGroup;
        var fields = Fields(v);
        var registers = Registers(group);
        if (!IsGroup(v.Vd, group) || fields * registers > 8 || v.Vd + (fields * registers) > 32)
        {
            return false;
        }

        if (!IsIndexed(op))
        {
            return true;
        }

        if (!IsGroup(v.Vs2, namedGroup))
        {
            return false;
        }

        if (op == VectorOp.StoreIndexed)
        {
            return true;
        }

        if (fields > 1)
        {
            return !Overlaps(v.Vd, fields * registers, v.Vs2, Registers(namedGroup));
        }

        return named == ElementShift || (named < ElementShift
            ? MayWidenInto(v.Vd, group, v.Vs2, namedGroup)
            : MayNarrowInto(v.Vd, group, v.Vs2, namedGroup));
    }

    private bool VectorMemory(VectorOp op, VectorOperands v)
    {
        var named = NamedShift(v);
        var (shift, fields, step) = (named, Fields(v), 0);
        var length = _vl;
        if (IsWhole(op))
        {
            // As many elements as the registers have, as if they were one group.
            length = ((ulong)(fields * _vlenb)) >> named;
            fields = 1;
        }
        else if (op is VectorOp.LoadMask or VectorOp.StoreMask)
        {
            length = (_vl + 7) / 8;
        }
        else
        {
            shift = IsIndexed(op) ? ElementShift : named;
            step = Registers(IsIndexed(op) ? GroupShift : named - ElementShift + GroupShift);
        }

        var start = _x[v.Vs1];
        var stride = op is VectorOp.LoadStrided or VectorOp.StoreStrided ? _x[v.Vs2] : (ulong)fields << shift;
        var load = IsLoad(op);
        Span<ulong> values = stackalloc ulong[8];
        if (op == VectorOp.LoadFirst && _vstart < length && length > FaultOnlyFirstLimit && FaultOnlyFirstLimit > _vstart)
        {
            length = _vl = FaultOnlyFirstLimit;
        }

        for (var i = _vstart; i < length; i++)
        {
            if (!IsActive(v, i))
            {
                continue;
            }

            var address = start + (IsIndexed(op) ? Element(v.Vs2, i, named) : i * stride);
            var done = 0;
            while (done < fields)
            {
                var va = address + ((ulong)done << shift);
                if (!(load ? SlowLoad(va, 1 << shift) : SlowStore(va, 1 << shift, Element(v.Vd + (done * step), i, shift))))
                {
                    break;
                }

                values[done++] = _value;
            }

            var whole = done == fields;
            if (!whole && op == VectorOp.LoadFirst)
            {
                // Of a segment that is left out nothing is written.
                done = 0;
            }

            for (var field = 0; load && field < done; field++)
            {
                SetElement(v.Vd + (field * step), i, shift, values[field]);
            }

            if (whole)
            {
                continue;
            }

            if (op == VectorOp.LoadFirst && i != 0)
            {
                _vl = i;
                return true;
            }

            _vstart = i;
            return false;
        }

        return true;
    }
}
