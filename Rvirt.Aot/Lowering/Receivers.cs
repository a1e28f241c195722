using System.Linq;
using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Loading;

namespace Rvirt.Aot.Lowering;

/// <summary>What is known at compile time of the object that a call is made on.</summary>
public sealed partial class MethodLowering
{
    /// <summary>
    /// The method that a virtual call runs, where the receiver's static type leaves one only: a sealed class, or a sealed override.
    /// </summary>
    private IMethod BindToReceiver(CallInstruction call, IMethod method)
    {
        if (call is not CallVirt || method.IsStatic || !(method.IsVirtual || method.IsOverride || method.IsAbstract) || method.IsSealed)
        {
            return method;
        }
        // A value of a type parameter is boxed first, which does nothing to an object.
        var type = call.Arguments[0] is Box box ? box.Type : call.Arguments[0].InferType(_program.Compilation);
        return BindToType(Close(type), method) ?? method;
    }

    private IMethod? BindToType(IType type, IMethod method)
    {
        if (type.IsReferenceType != true || type.Kind != TypeKind.Class || type.GetDefinition() is not { } definition)
        {
            return null;
        }
        var found = _program.Devirtualizer.Resolve(type, method);
        return found is not null && found.DeclaringType.Kind == TypeKind.Class && !found.IsAbstract && (definition.IsSealed || found.IsSealed) ? found : null;
    }

    /// <summary>Calls a method of a type parameter's class, whose reference lies where the receiver points.</summary>
    private Operand CallConstrainedToClass(IMethod method, CallInstruction call, (ILInstruction For, IrValue Place)? place)
    {
        var operands = LowerArguments(call.Arguments);
        operands[0] = new Operand(_b.Load(IrType.Pointer, _b.Convert(Scalar(operands[0]), IrType.Pointer, signed: true), 8));
        return CallWith(method, operands, null, place, isVirtual: true);
    }

    /// <summary>The refusal of a call through an interface.</summary>
    private RefusalException InterfaceCallRefused(IMethod method, CallInstruction call) => FindIterator(call.Arguments[0], 8) is { } iterator
        ? IteratorRefused(iterator)
        : new RefusalException(
            DiagnosticCode.VirtualCall, $"call of {method.FullName} through an interface: make the receiver a type parameter constrained to it");

    private RefusalException IteratorRefused(CallInstruction iterator) =>
        new(DiagnosticCode.Allocation, $"{iterator.Method.FullName} is an iterator, and each call of one makes an object: loop in place, or write a struct with MoveNext and Current")
        {
            Location = iterator.ILRangeIsEmpty ? null : _symbols.At(iterator.StartILOffset),
        };

    private static bool IsIterator(IMethod method) =>
        method.MemberDefinition is IMethod { MetadataToken.IsNil: false } definition
        && Attributes.Has(definition, Attributes.IteratorStateMachine);

    /// <summary>The call of an iterator method that a value comes from, by way of variables and of GetEnumerator.</summary>
    private static CallInstruction? FindIterator(ILInstruction value, int depth) => depth == 0 ? null : value switch
    {
        CallInstruction call when IsIterator(call.Method) => call,
        CallInstruction { Method.Name: "GetEnumerator", Arguments: [var source, ..] } => FindIterator(source, depth - 1),
        LdLoc load => load.Variable.StoreInstructions.OfType<StLoc>().Select(store => FindIterator(store.Value, depth - 1)).FirstOrDefault(found => found is not null),
        _ => null,
    };

    /// <summary>Refuses a member of an assembly that was not given.</summary>
    private static void RefuseUnresolved(IMethod method)
    {
        if (method.ParentModule is null || method.DeclaringType.Kind == TypeKind.Unknown)
        {
            throw new RefusalException(
                DiagnosticCode.UnresolvedMember, $"{method.FullName} was not found: its assembly was not given, or is another version; pass it with --reference");
        }
    }
}
