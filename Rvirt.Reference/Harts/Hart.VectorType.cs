using System;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>vsetvli, vsetivli and vsetvl (V 1.0 §6).</summary>
// SAFETY: register numbers are five bits of an instruction, or the slot for writes to x0.
public sealed unsafe partial class Hart
{
    /// <summary>Chooses type and length, as vsetvl does.</summary>
    internal void SetVectorType(ulong type, ulong length)
    {
        _vstart = 0;
        _vtype = IsSupported(type) ? type : IllegalType;
        _vl = IsSupported(type) ? Math.Min(length, MaximumLength) : 0;
    }

    private void SetVectorType(VectorOp op, VectorOperands v)
    {
        var type = op switch
        {
            VectorOp.SetI => (v.Word >> 20) & 0x7ff,
            VectorOp.SetII => (v.Word >> 20) & 0x3ff,
            _ => _x[v.Vs2],
        };
        var wanted = op == VectorOp.SetII ? (ulong)v.Vs1
            : v.Vs1 != 0 ? _x[v.Vs1]
            : v.Vd != 0 ? ulong.MaxValue
            : _vl;
        SetVectorType(type, wanted);
        _x[v.Vd == 0 ? Decoded.Discard : v.Vd] = _vl;
    }

    /// <summary>Elements of up to 64 bits; of a fraction of a register no longer ones than that fraction of 64, which is all that a hart must support (§3.4.2).</summary>
    private static bool IsSupported(ulong type)
    {
        var (element, group) = ((int)(type >> 3) & 7, ((int)(type & 7) ^ 4) - 4);
        return type >> 8 == 0 && element <= 3 && group != -4 && element <= 3 + Math.Min(group, 0);
    }
}
