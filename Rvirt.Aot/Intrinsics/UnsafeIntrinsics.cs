using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Lowering;

namespace Rvirt.Aot.Intrinsics;

/// <summary>References and pointers as numbers.</summary>
[IntrinsicType("System.Runtime.CompilerServices.Unsafe")]
internal static class UnsafeIntrinsics
{
    [Intrinsic("As")]
    [Intrinsic("AsRef")]
    [Intrinsic("AsPointer")]
    public static Operand? Same(IntrinsicCall call) => IntrinsicCall.Of(call.Pointer(0));

    [Intrinsic("Add")]
    public static Operand? Add(IntrinsicCall call) => Move(call, call.Shape(0).Size, negate: false);

    [Intrinsic("Subtract")]
    public static Operand? Subtract(IntrinsicCall call) => Move(call, call.Shape(0).Size, negate: true);

    [Intrinsic("AddByteOffset")]
    public static Operand? AddBytes(IntrinsicCall call) => Move(call, 1, negate: false);

    [Intrinsic("SubtractByteOffset")]
    public static Operand? SubtractBytes(IntrinsicCall call) => Move(call, 1, negate: true);

    [Intrinsic("ByteOffset")]
    public static Operand? ByteOffset(IntrinsicCall call) => IntrinsicCall.Of(call.B.Binary(
        BinaryOp.Sub, call.Lowering.AsInteger(call.Pointer(1)), call.Lowering.AsInteger(call.Pointer(0))));

    [Intrinsic("AreSame")]
    public static Operand? AreSame(IntrinsicCall call) => call.Bool(call.B.Compare(CompareOp.Equal, call.Pointer(0), call.Pointer(1)));

    [Intrinsic("IsAddressGreaterThan")]
    public static Operand? IsGreater(IntrinsicCall call) => call.Bool(call.B.Compare(CompareOp.UnsignedGreater, call.Pointer(0), call.Pointer(1)));

    [Intrinsic("IsAddressGreaterThanOrEqualTo")]
    public static Operand? IsGreaterOrEqual(IntrinsicCall call) =>
        call.Bool(call.B.Compare(CompareOp.UnsignedGreaterOrEqual, call.Pointer(0), call.Pointer(1)));

    [Intrinsic("IsAddressLessThan")]
    public static Operand? IsLess(IntrinsicCall call) => call.Bool(call.B.Compare(CompareOp.UnsignedLess, call.Pointer(0), call.Pointer(1)));

    [Intrinsic("IsAddressLessThanOrEqualTo")]
    public static Operand? IsLessOrEqual(IntrinsicCall call) =>
        call.Bool(call.B.Compare(CompareOp.UnsignedLessOrEqual, call.Pointer(0), call.Pointer(1)));

    [Intrinsic("IsNullRef")]
    public static Operand? IsNullRef(IntrinsicCall call) => call.Bool(call.B.IsNull(call.Pointer(0)));

    [Intrinsic("NullRef")]
    public static Operand? NullRef(IntrinsicCall call) => IntrinsicCall.Of(IrConstant.Null);

    [Intrinsic("SizeOf")]
    public static Operand? SizeOf(IntrinsicCall call) => IntrinsicCall.Of(IrConstant.Int32(call.Shape(0).Size));

    [Intrinsic("SkipInit")]
    public static Operand? SkipInit(IntrinsicCall call) => IntrinsicCall.Nothing;

    [Intrinsic("Read")]
    public static Operand? Read(IntrinsicCall call) => call.Read(call.Pointer(0), call.Shape(0), call.Shape(0).Alignment);

    [Intrinsic("ReadUnaligned")]
    public static Operand? ReadUnaligned(IntrinsicCall call) => call.Read(call.Pointer(0), call.Shape(0), 1);

    [Intrinsic("Write")]
    public static Operand? Write(IntrinsicCall call)
    {
        call.Write(call.Pointer(0), call.Arguments[1], call.Shape(0), call.Shape(0).Alignment);
        return IntrinsicCall.Nothing;
    }

    [Intrinsic("WriteUnaligned")]
    public static Operand? WriteUnaligned(IntrinsicCall call)
    {
        call.Write(call.Pointer(0), call.Arguments[1], call.Shape(0), 1);
        return IntrinsicCall.Nothing;
    }

    [Intrinsic("Copy")]
    public static Operand? Copy(IntrinsicCall call)
    {
        var shape = call.Shape(0);
        call.Write(call.Pointer(0), call.Read(call.Pointer(1), shape, shape.Alignment), shape, shape.Alignment);
        return IntrinsicCall.Nothing;
    }

    [Intrinsic("CopyBlock")]
    [Intrinsic("CopyBlockUnaligned")]
    public static Operand? CopyBlock(IntrinsicCall call)
    {
        call.B.Emit(new IrCopy(call.Pointer(0), call.Pointer(1), call.Long(2), 1) { MayOverlap = true });
        return IntrinsicCall.Nothing;
    }

    [Intrinsic("InitBlock")]
    [Intrinsic("InitBlockUnaligned")]
    public static Operand? InitBlock(IntrinsicCall call)
    {
        call.B.Emit(new IrFill(call.Pointer(0), call.B.Convert(call.Value(1), IrType.I8, signed: false), call.Long(2), 1));
        return IntrinsicCall.Nothing;
    }

    [Intrinsic("BitCast")]
    public static Operand? BitCast(IntrinsicCall call)
    {
        var (from, to) = (call.Shape(0), call.Shape(1));
        if (from.Size != to.Size)
        {
            throw new RefusalException(DiagnosticCode.InvalidIl, $"BitCast between types of {from.Size} and {to.Size} bytes");
        }
        // Room aligned for both.
        var slot = call.B.Slot(from.Size, System.Math.Max(from.Alignment, to.Alignment));
        call.Write(slot, call.Arguments[0], from, from.Alignment);
        return call.Read(slot, to, to.Alignment);
    }

    private static Operand? Move(IntrinsicCall call, int scale, bool negate)
    {
        var bytes = call.B.Binary(BinaryOp.Mul, call.Long(1), IrConstant.Int64(scale));
        if (negate)
        {
            bytes = call.B.Binary(BinaryOp.Sub, IrConstant.Int64(0), bytes);
        }
        return IntrinsicCall.Of(call.B.Offset(call.Pointer(0), bytes, inBounds: false));
    }
}
