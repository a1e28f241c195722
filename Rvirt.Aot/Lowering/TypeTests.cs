using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Lowering;

/// <summary>Questions about types that are answered at compile time, before the code behind the answer is looked at.</summary>
internal static class TypeTests
{
    public static Operand? TryFold(MethodLowering lowering, CallInstruction call)
    {
        if (call.Method.DeclaringType.FullName != "System.Type")
        {
            return null;
        }
        switch (call.Method.Name)
        {
            case "op_Equality" or "op_Inequality" when call.Arguments.Count == 2:
                if (TypeOf(lowering, call.Arguments[0]) is { } left && TypeOf(lowering, call.Arguments[1]) is { } right)
                {
                    return Bool(left.Equals(right) == (call.Method.Name == "op_Equality"));
                }
                return null;
            case "get_IsValueType":
                return TypeOf(lowering, call.Arguments[0]) is { } type ? Bool(type.IsReferenceType == false) : null;
            case "get_IsEnum":
                return TypeOf(lowering, call.Arguments[0]) is { } candidate ? Bool(candidate.Kind == TypeKind.Enum) : null;
            case "get_IsPrimitive":
                return TypeOf(lowering, call.Arguments[0]) is { } number
                    ? Bool(number.Kind == TypeKind.Struct && number.GetDefinition()?.KnownTypeCode is (>= KnownTypeCode.Boolean and <= KnownTypeCode.Double) or KnownTypeCode.IntPtr or KnownTypeCode.UIntPtr)
                    : null;
            default:
                return null;
        }
    }

    private static Operand Bool(bool value) => new(IrConstant.Int32(value ? 1 : 0));

    private static IType? TypeOf(MethodLowering lowering, ILInstruction instruction) =>
        instruction is CallInstruction { Method.Name: "GetTypeFromHandle", Arguments: [LdTypeToken token] } ? lowering.Close(token.Type) : null;
}
