using Rvirt.Aot.Ir;
using Rvirt.Aot.Lowering;

namespace Rvirt.Aot.Intrinsics;

/// <summary>Counts, scans and rotations.</summary>
[IntrinsicType("System.Numerics.BitOperations")]
internal static class BitIntrinsics
{
    [Intrinsic("PopCount")]
    public static Operand? PopCount(IntrinsicCall call) => Count(call, "ctpop", hasFlag: false);

    [Intrinsic("LeadingZeroCount")]
    public static Operand? LeadingZeroCount(IntrinsicCall call) => Count(call, "ctlz", hasFlag: true);

    [Intrinsic("TrailingZeroCount")]
    public static Operand? TrailingZeroCount(IntrinsicCall call) => Count(call, "cttz", hasFlag: true);

    [Intrinsic("Log2")]
    public static Operand? Log2(IntrinsicCall call)
    {
        // Of 0 it is 0, as .NET has it: the lowest bit is set first.
        var value = Value(call);
        value = call.B.Binary(BinaryOp.Or, value, new IrConstant(value.Type, 1));
        var zeros = call.B.Intrinsic($"llvm.ctlz.{value.Type}", value.Type, value, IrConstant.Bool(false));
        return Int(call, call.B.Binary(BinaryOp.Xor, zeros, new IrConstant(value.Type, value.Type.Bits - 1)));
    }

    [Intrinsic("RotateLeft")]
    public static Operand? RotateLeft(IntrinsicCall call) => Rotate(call, "fshl");

    [Intrinsic("RotateRight")]
    public static Operand? RotateRight(IntrinsicCall call) => Rotate(call, "fshr");

    private static IrValue Value(IntrinsicCall call) => call.Lowering.AsInteger(call.Value(0));

    private static Operand? Count(IntrinsicCall call, string name, bool hasFlag)
    {
        var value = Value(call);
        var result = hasFlag
            ? call.B.Intrinsic($"llvm.{name}.{value.Type}", value.Type, value, IrConstant.Bool(false))
            : call.B.Intrinsic($"llvm.{name}.{value.Type}", value.Type, value);
        return Int(call, result);
    }

    private static Operand Int(IntrinsicCall call, IrValue value) => IntrinsicCall.Of(call.B.Convert(value, IrType.I32, signed: false));

    private static Operand? Rotate(IntrinsicCall call, string name)
    {
        var value = Value(call);
        var count = call.B.Convert(call.Value(1), value.Type, signed: false);
        return IntrinsicCall.Of(call.B.Intrinsic($"llvm.{name}.{value.Type}", value.Type, value, value, count));
    }
}

/// <summary>Byte order.</summary>
[IntrinsicType("System.Buffers.Binary.BinaryPrimitives")]
internal static class ByteOrderIntrinsics
{
    [Intrinsic("ReverseEndianness")]
    public static Operand? Reverse(IntrinsicCall call)
    {
        var shape = call.Result;
        if (call.Method.Parameters.Count != 1 || shape.IsAggregate)
        {
            return null;
        }
        if (shape.Size == 1)
        {
            return call.Arguments[0];
        }
        var value = call.B.Convert(call.Value(0), shape.MemoryType, signed: false);
        var swapped = call.B.Intrinsic($"llvm.bswap.{value.Type}", value.Type, value);
        return IntrinsicCall.Of(call.B.Convert(swapped, shape.StackType, shape.IsSigned));
    }
}

/// <summary>Wide products.</summary>
[IntrinsicType("System.Math")]
internal static class MathIntrinsics
{
    /// <summary>The overload that returns the high half and writes the low one.</summary>
    [Intrinsic("BigMul")]
    public static Operand? BigMul(IntrinsicCall call)
    {
        if (call.Method.Parameters.Count != 3 || call.Result.IsAggregate)
        {
            return null;
        }
        var signed = call.Result.IsSigned;
        var left = call.B.Convert(call.Value(0), IrType.I128, signed);
        var right = call.B.Convert(call.Value(1), IrType.I128, signed);
        var product = call.B.Emit(new IrBinary(BinaryOp.Mul, left, right));
        call.B.Store(call.B.Emit(new IrCast(CastOp.Truncate, product, IrType.I64)), call.Pointer(2), 8);
        var high = call.B.Emit(new IrBinary(BinaryOp.LShr, product, new IrConstant(IrType.I128, 64)));
        return IntrinsicCall.Of(call.B.Emit(new IrCast(CastOp.Truncate, high, IrType.I64)));
    }
}
