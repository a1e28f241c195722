using Rvirt.Aot.Ir;
using Rvirt.Aot.Layout;
using Rvirt.Aot.Lowering;

namespace Rvirt.Aot.Intrinsics;

/// <summary>Constant data, and questions about types.</summary>
[IntrinsicType("System.Runtime.CompilerServices.RuntimeHelpers")]
internal static class RuntimeHelpersIntrinsics
{
    /// <summary>A span over data of the assembly. The handle is the data's address, its length comes from the field's size.</summary>
    [Intrinsic("CreateSpan")]
    public static Operand? CreateSpan(IntrinsicCall call)
    {
        var data = (IrSymbol)call.Value(0);
        var size = call.Lowering.Program.Module.Globals[data.Name].Size;
        var shape = call.Result;
        var span = call.Lowering.Temporary(shape);
        call.B.Store(data, span, 8);
        call.B.Store(IrConstant.Int32(size / call.Shape(0).Size), call.B.Field(span, 8), 4);
        return new Operand(span, shape, IsOwned: true);
    }

    [Intrinsic("InitializeArray")]
    public static Operand? InitializeArray(IntrinsicCall call)
    {
        var data = (IrSymbol)call.Value(1);
        var size = call.Lowering.Program.Module.Globals[data.Name].Size;
        call.B.Copy(call.B.Field(call.Pointer(0), LayoutEngine.ArrayDataOffset), data, size, 4);
        return IntrinsicCall.Nothing;
    }

    [Intrinsic("IsReferenceOrContainsReferences")]
    public static Operand? ContainsReferences(IntrinsicCall call) =>
        IntrinsicCall.Bool(call.Layouts.ContainsReferences(call.TypeArguments[0]));

    [Intrinsic("IsBitwiseEquatable")]
    public static Operand? IsBitwiseEquatable(IntrinsicCall call) =>
        IntrinsicCall.Bool(call.Shape(0).Kind is ShapeKind.Integer
            || (call.Shape(0).Kind == ShapeKind.Pointer && call.TypeArguments[0].IsReferenceType != true));

    [Intrinsic("IsKnownConstant")]
    public static Operand? IsKnownConstant(IntrinsicCall call) => IntrinsicCall.Bool(call.Value(0) is IrConstant);

    [Intrinsic("get_OffsetToStringData")]
    public static Operand? OffsetToStringData(IntrinsicCall call) => IntrinsicCall.Of(IrConstant.Int32(12));
}
