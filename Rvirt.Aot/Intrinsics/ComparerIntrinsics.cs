using System.Linq;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Lowering;
using Rvirt.Aot.Naming;

namespace Rvirt.Aot.Intrinsics;

/// <summary>The default comparer for equality, which record structs and tuples use: calls the type's own methods, without an object.</summary>
[IntrinsicType("System.Collections.Generic.EqualityComparer")]
internal static class EqualityComparerIntrinsics
{
    /// <summary>The calls on it are bound to the type; an object stands there for those who compare it with null or another.</summary>
    [Intrinsic("get_Default")]
    public static Operand? Default(IntrinsicCall call) => ComparerIntrinsics.Default(call);

    [Intrinsic("Equals")]
    public static Operand? Compare(IntrinsicCall call)
    {
        var type = ComparerIntrinsics.Compared(call);
        if (type.Kind == TypeKind.Enum)
        {
            return call.Bool(call.B.Compare(CompareOp.Equal, call.Value(1), call.Value(2)));
        }
        if (ComparerIntrinsics.CallOnNullable(call, type, "Equals") is { } equal)
        {
            return equal;
        }
        if (type.IsKnownType(KnownTypeCode.String))
        {
            var equality = type.GetMethods(method => method is { Name: "op_Equality", IsStatic: true }).Single();
            return call.Lowering.CallBound(equality, [call.Arguments[1], call.Arguments[2]]);
        }
        return ComparerIntrinsics.CallOn(call, type, "System.IEquatable", "Equals", [call.Arguments[2]]);
    }

    [Intrinsic("GetHashCode")]
    public static Operand? Hash(IntrinsicCall call)
    {
        var type = ComparerIntrinsics.Compared(call);
        type = type.Kind == TypeKind.Enum ? type.GetEnumUnderlyingType() : type;
        var method = call.Lowering.Program.KnownType(KnownTypeCode.Object).GetMethods(candidate => candidate.Name == "GetHashCode").Single();
        return ComparerIntrinsics.CallOn(call, type, method, []);
    }
}

/// <summary>The default comparer for order.</summary>
[IntrinsicType("System.Collections.Generic.Comparer")]
internal static class ComparerIntrinsics
{
    [Intrinsic("get_Default")]
    public static Operand? Default(IntrinsicCall call) => IntrinsicCall.Of(call.Lowering.Program.Data.StandIn(call.Method.DeclaringType));

    [Intrinsic("Compare")]
    public static Operand? Compare(IntrinsicCall call)
    {
        if (call.Arguments.Length != 3)
        {
            return null;
        }
        var type = Compared(call);
        type = type.Kind == TypeKind.Enum ? type.GetEnumUnderlyingType() : type;
        return CallOnNullable(call, type, "Compare") ?? CallOn(call, type, "System.IComparable", "CompareTo", [call.Arguments[2]]);
    }

    /// <summary>Calls the static method that <c>System.Nullable</c> has for two nullable values; null for other types.</summary>
    internal static Operand? CallOnNullable(IntrinsicCall call, IType type, string name)
    {
        if (!type.IsKnownType(KnownTypeCode.NullableOfT))
        {
            return null;
        }
        var owner = call.Lowering.Program.Compilation.FindType(new TopLevelTypeName("System", "Nullable"));
        var method = owner.GetMethods(candidate => candidate.Name == name && candidate.TypeParameters.Count == 1).Single();
        return call.Lowering.CallBound(method.Specialize(new TypeParameterSubstitution(null, type.TypeArguments)), [call.Arguments[1], call.Arguments[2]]);
    }

    /// <summary>The type that a comparer compares.</summary>
    public static IType Compared(IntrinsicCall call) => call.Method.DeclaringType.TypeArguments[0];

    /// <summary>Calls a method of a generic interface that a type has over itself.</summary>
    public static Operand CallOn(IntrinsicCall call, IType type, string interfaceName, string name, Operand[] arguments)
    {
        var implemented = type.GetAllBaseTypes().FirstOrDefault(
            candidate => candidate.FullName == interfaceName && candidate.TypeArguments is [var self] && self.Equals(type));
        if (type.IsReferenceType == true || implemented is null)
        {
            throw new RefusalException(DiagnosticCode.Boxing, $"{NameBuilder.Of(type)} has no {interfaceName} of itself: comparing it would box it");
        }
        return CallOn(call, type, implemented.GetMethods(method => method.Name == name, GetMemberOptions.IgnoreInheritedMembers).Single(), arguments);
    }

    /// <summary>Calls what a type has for a method of an interface or of <c>object</c>; the first of the comparer's arguments is the receiver.</summary>
    public static Operand CallOn(IntrinsicCall call, IType type, IMethod method, Operand[] arguments)
    {
        if (type.IsReferenceType == true)
        {
            throw new RefusalException(DiagnosticCode.VirtualCall, $"call of {method.Name} on the class {NameBuilder.Of(type)} cannot be bound");
        }
        var shape = call.Layouts.ShapeOf(type);
        var receiver = call.Lowering.Temporary(shape);
        call.Write(receiver, call.Arguments[1], shape, shape.Alignment);
        return call.Lowering.CallOn(type, method, [new Operand(receiver), .. arguments]);
    }
}

/// <summary>Enums as sets of flags.</summary>
[IntrinsicType("System.Enum")]
internal static class EnumIntrinsics
{
    /// <summary>Both values come boxed; the boxes exist only at compile time.</summary>
    [Intrinsic("HasFlag")]
    public static Operand? HasFlag(IntrinsicCall call)
    {
        if (call.Arguments[0].Boxed is not { } left || call.Arguments[1].Boxed is not { } right || !left.Equals(right))
        {
            return null;
        }
        var flag = call.Arguments[1].Value;
        return call.Bool(call.B.Compare(CompareOp.Equal, call.B.Binary(BinaryOp.And, call.Arguments[0].Value, flag), flag));
    }
}
