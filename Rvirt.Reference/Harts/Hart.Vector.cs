using System;
using System.Runtime.InteropServices;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>
/// The vector unit (Unprivileged spec, V 1.0): its state, and what all vector instructions have in common. Integers of up to 64 bits;
/// elements of the tail and those that are masked off keep what they had, which both policies allow (§3.4.3).
/// </summary>
public sealed unsafe partial class Hart
{
    private const ulong IllegalType = 1UL << 63;

    private readonly int _vlenb;
    private ulong _vl, _vstart, _vxrm, _vxsat;
    private ulong _vtype = IllegalType;

    /// <summary>v0 to v31, one behind the other; empty where there are none.</summary>
    public Span<byte> VectorRegisters => new(_v, 32 * _vlenb);

    /// <summary>
    /// Most elements that a fault-only-first load processes: it may leave out any but the first (V 1.0 §7.7). None but a test's comparison with a
    /// hart that left some out has use for it.
    /// </summary>
    public ulong FaultOnlyFirstLimit { get; set; } = ulong.MaxValue;

    private bool HasVectors => _vlenb != 0;

    // The largest element index is that of single bytes in eight registers.
    private ulong VstartMask => ((ulong)_vlenb * 8) - 1;

    /// <summary>Binary logarithm of the bytes of an element.</summary>
    private int ElementShift => (int)(_vtype >> 3) & 7;

    /// <summary>Binary logarithm of the registers of a group, -3 to 3.</summary>
    private int GroupShift => ((int)(_vtype & 7) ^ 4) - 4;

    private ulong MaximumLength => LengthOf(_vtype);

    private ulong LengthOf(ulong type)
    {
        var shift = ((int)(type & 7) ^ 4) - 4 - ((int)(type >> 3) & 7);
        return shift >= 0 ? (ulong)_vlenb << shift : (ulong)_vlenb >> -shift;
    }

    // SAFETY: freed in Dispose; as long as all registers, which IsGroup keeps every access in.
    private static byte* AllocateVectors(int vectorBits, out int bytes)
    {
        if (vectorBits != 0 && (vectorBits is < 64 or > 65536 || (vectorBits & (vectorBits - 1)) != 0))
        {
            throw new ArgumentOutOfRangeException(nameof(vectorBits), vectorBits, "a vector register has a power of two of bits, 64 to 65536");
        }

        bytes = vectorBits / 8;
        return (byte*)NativeMemory.AllocZeroed((nuint)(32 * bytes));
    }

    private bool DirtyVectors()
    {
        if (HasVectors)
        {
            _mstatus |= Status.Vs;
        }

        return HasVectors;
    }

    private void SaveVectors(HartSnapshot snapshot)
    {
        if (snapshot.V.Length != 32 * _vlenb)
        {
            snapshot.V = new byte[32 * _vlenb];
        }

        VectorRegisters.CopyTo(snapshot.V);
        (snapshot.Vl, snapshot.Vstart, snapshot.Vtype, snapshot.Vxrm, snapshot.Vxsat) = (_vl, _vstart, _vtype, _vxrm, _vxsat);
    }

    private void RestoreVectors(HartSnapshot snapshot)
    {
        snapshot.V.CopyTo(VectorRegisters);
        (_vl, _vstart, _vtype, _vxrm, _vxsat) = (snapshot.Vl, snapshot.Vstart, snapshot.Vtype, snapshot.Vxrm, snapshot.Vxsat);
    }

    /// <summary>The operands of a vector instruction, as its word names them.</summary>
    private readonly struct VectorOperands(uint word)
    {
        public readonly uint Word = word;

        public int Vd => (int)(Word >> 7) & 31;

        public int Vs1 => (int)(Word >> 15) & 31;

        public int Vs2 => (int)(Word >> 20) & 31;

        public bool Masked => (Word & (1 << 25)) == 0;

        /// <summary>Whether the operand at <see cref="Vs1"/> is a vector: else it is an x register, or the number itself.</summary>
        public bool HasVector => (Word & 0x5000) == 0;

        public bool HasImmediate => (Word & 0x7000) == 0x3000;

        public long Immediate => (int)(Word << 12) >> 27;
    }

    private bool Vector(Decoded* d)
    {
        if ((_mstatus & Status.Vs) == 0)
        {
            return IllegalInstruction(d);
        }

        var op = (VectorOp)d->Extra;
        var v = new VectorOperands(d->Raw);
        if (op <= VectorOp.Set)
        {
            SetVectorType(op, v);
            DirtyVectors();
            return true;
        }

        if (VectorTable.IsMemory(op))
        {
            if (!CanAccessMemory(op, v))
            {
                return IllegalInstruction(d);
            }

            // An access that faults in the middle has changed registers and vstart.
            DirtyVectors();
            if (!VectorMemory(op, v))
            {
                return false;
            }
        }
        else if ((_vtype & IllegalType) != 0 || !VectorArithmetic(op, v))
        {
            return IllegalInstruction(d);
        }

        _vstart = 0;
        DirtyVectors();
        return true;
    }

    /// <summary>Carries an instruction out that does not reach memory; all of it or nothing.</summary>
    /// <returns>False where its operands are reserved.</returns>
    private bool VectorArithmetic(VectorOp op, VectorOperands v) => op switch
    {
        <= VectorOp.ScalingShiftRightArithmetic => VectorBinary(op, v),
        <= VectorOp.NarrowClip => VectorNarrow(op, v),
        <= VectorOp.WiderSub => VectorWiden(op, v),
        <= VectorOp.NegatedMultiplyAccumulate => VectorAccumulate(op, v),
        <= VectorOp.WideAccumulateSU => VectorWidenAccumulate(op, v),
        <= VectorOp.SignExtend8 => VectorExtend(op, v),
        <= VectorOp.SubBorrow => VectorAddCarry(op, v),
        <= VectorOp.BorrowOut => VectorCarryOut(op, v),
        <= VectorOp.Greater => VectorCompare(op, v),
        VectorOp.Merge or VectorOp.Move => VectorMerge(v),
        VectorOp.MoveWhole => VectorMoveWhole(v),
        VectorOp.MoveToScalar or VectorOp.MoveFromScalar => VectorMoveScalar(op, v),
        <= VectorOp.WideReduceSum => VectorReduce(op, v),
        <= VectorOp.MaskXnor => MaskLogical(op, v),
        VectorOp.CountPopulation or VectorOp.FindFirst => MaskCount(op, v),
        <= VectorOp.SetIncludingFirst => MaskSetFirst(op, v),
        VectorOp.Iota or VectorOp.Index => VectorIota(op, v),
        <= VectorOp.Slide1Down => VectorSlide(op, v),
        VectorOp.Compress => VectorCompress(v),
        _ => VectorGather(op, v),
    };

    /// <summary>Registers of a group: one at least.</summary>
    private static int Registers(int groupShift) => groupShift > 0 ? 1 << groupShift : 1;

    /// <summary>Whether a register begins a group of that size, and there are such groups (V 1.0 §3.4.2).</summary>
    private static bool IsGroup(int register, int groupShift) => groupShift is >= -3 and <= 3 && (register & (Registers(groupShift) - 1)) == 0;

    private static bool Overlaps(int a, int aCount, int b, int bCount) => a < b + bCount && b < a + aCount;

    /// <summary>Whether a destination may share registers with a source of narrower elements: only the highest ones, of a whole group (V 1.0 §5.2).</summary>
    private static bool MayWidenInto(int destination, int destinationShift, int source, int sourceShift)
    {
        var (to, from) = (Registers(destinationShift), Registers(sourceShift));
        return !Overlaps(destination, to, source, from) || (sourceShift >= 0 && source + from == destination + to);
    }

    /// <summary>Whether a destination may share registers with a source of wider elements: only the lowest ones.</summary>
    private static bool MayNarrowInto(int destination, int destinationShift, int source, int sourceShift) =>
        destination == source || !Overlaps(destination, Registers(destinationShift), source, Registers(sourceShift));

    /// <summary>Whether a masked instruction leaves its mask alone (V 1.0 §5.3).</summary>
    private static bool SparesMask(VectorOperands v) => !v.Masked || v.Vd != 0;

    private bool IsActive(VectorOperands v, ulong index) => !v.Masked || MaskBit(0, index);

    private bool MaskBit(int register, ulong index) => ((_v[(ulong)(register * _vlenb) + (index >> 3)] >> (int)(index & 7)) & 1) != 0;

    private void SetMaskBit(int register, ulong index, bool value)
    {
        var at = _v + (ulong)(register * _vlenb) + (index >> 3);
        var bit = 1 << (int)(index & 7);
        *at = (byte)(value ? *at | bit : *at & ~bit);
    }

    /// <summary>An element, zero-extended.</summary>
    private ulong Element(int register, ulong index, int shift) => ReadPointer(_v + (ulong)(register * _vlenb) + (index << shift), 1 << shift);

    private void SetElement(int register, ulong index, int shift, ulong value) => WritePointer(_v + (ulong)(register * _vlenb) + (index << shift), 1 << shift, value);

    /// <summary>The lowest bits of a number as a signed one.</summary>
    private static long Signed(ulong value, int shift)
    {
        var unused = 64 - (8 << shift);
        return (long)(value << unused) >> unused;
    }

    private static ulong Unsigned(ulong value, int shift)
    {
        var unused = 64 - (8 << shift);
        return value << unused >> unused;
    }

    /// <summary>The operand that is a vector's element, an x register or an immediate, sign-extended.</summary>
    private ulong Operand(VectorOperands v, ulong index, int shift) => v.HasVector ? Element(v.Vs1, index, shift)
        : v.HasImmediate ? (ulong)v.Immediate
        : _x[v.Vs1];

    /// <summary>The same where an immediate has no sign: distances and indices.</summary>
    private ulong UnsignedOperand(VectorOperands v, ulong index, int shift) => v.HasImmediate ? (ulong)v.Vs1 : Operand(v, index, shift);
}
