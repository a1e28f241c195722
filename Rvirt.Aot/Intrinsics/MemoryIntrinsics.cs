using Rvirt.Aot.Ir;
using Rvirt.Aot.Layout;
using Rvirt.Aot.Lowering;

namespace Rvirt.Aot.Intrinsics;

/// <summary>Block moves and fills.</summary>
[IntrinsicType("System.SpanHelpers")]
[IntrinsicType("System.Buffer")]
internal static class MemoryIntrinsics
{
    /// <summary>Three overloads: bytes by reference, and elements of a type; the count is in elements.</summary>
    [Intrinsic("Memmove")]
    [Intrinsic("_Memmove")]
    [Intrinsic("BulkMoveWithWriteBarrier")]
    public static Operand? Memmove(IntrinsicCall call)
    {
        var scale = call.TypeArguments.Count > 0 ? call.Shape(0).Size : 1;
        var alignment = call.TypeArguments.Count > 0 ? call.Shape(0).Alignment : 1;
        var size = call.B.Binary(BinaryOp.Mul, call.Long(2), IrConstant.Int64(scale));
        call.B.Emit(new IrCopy(call.Pointer(0), call.Pointer(1), size, alignment) { MayOverlap = true });
        return IntrinsicCall.Nothing;
    }

    [Intrinsic("ClearWithoutReferences")]
    public static Operand? Clear(IntrinsicCall call)
    {
        call.B.Emit(new IrFill(call.Pointer(0), new IrConstant(IrType.I8, 0), call.Long(1), 1));
        return IntrinsicCall.Nothing;
    }

    [Intrinsic("Fill")]
    public static Operand? Fill(IntrinsicCall call)
    {
        if (call.TypeArguments.Count == 0 || call.Shape(0) is not { Size: 1, IsAggregate: false })
        {
            return null;
        }
        call.B.Emit(new IrFill(call.Pointer(0), call.B.Convert(call.Value(2), IrType.I8, signed: false), call.Long(1), 1));
        return IntrinsicCall.Nothing;
    }
}

/// <summary>Arrays and spans.</summary>
[IntrinsicType("System.Runtime.InteropServices.MemoryMarshal")]
internal static class MemoryMarshalIntrinsics
{
    [Intrinsic("GetArrayDataReference")]
    public static Operand? GetArrayDataReference(IntrinsicCall call) =>
        call.TypeArguments.Count == 0 ? null : IntrinsicCall.Of(call.B.Field(call.Pointer(0), LayoutEngine.ArrayDataOffset));
}

/// <summary>Arrays: their length is known to the compiler.</summary>
[IntrinsicType("System.Array")]
internal static class ArrayIntrinsics
{
    /// <summary>One object for each type, as on .NET; it lies in the image.</summary>
    [Intrinsic("Empty")]
    public static Operand? Empty(IntrinsicCall call) => IntrinsicCall.Of(call.Lowering.Program.Data.EmptyArray(call.TypeArguments[0]));

    [Intrinsic("get_Length")]
    public static Operand? Length(IntrinsicCall call) =>
        IntrinsicCall.Of(call.B.Load(IrType.I32, call.B.Field(call.Pointer(0), LayoutEngine.ArrayLengthOffset), 4));
}
