using System;
using System.Collections.Generic;
using System.Linq;
using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Abi;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Intrinsics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Naming;
using Rvirt.Aot.Policy;
using Rvirt.Aot.Resolution;

namespace Rvirt.Aot.Lowering;

/// <summary>Calls: every one is bound at compile time.</summary>
public sealed partial class MethodLowering
{
    private Operand LowerCall(CallInstruction call)
    {
        var place = ResultPlaceOf(call);
        if (TypeTests.TryFold(this, call) is { } folded)
        {
            return folded;
        }
        RefuseUnresolved(call.Method);
        var method = call.Method.Specialize(_instance.Substitution);
        IType? selfType = null;
        if (IsIterator(method))
        {
            throw IteratorRefused(call);
        }
        if (call.ConstrainedTo is { } constraint)
        {
            var type = Close(constraint);
            if (type.IsReferenceType == true && !method.IsStatic)
            {
                if (BindToType(type, method) is { } bound)
                {
                    return CallConstrainedToClass(bound, call, place);
                }
                throw new RefusalException(DiagnosticCode.VirtualCall, $"call of {method.FullName} on the class {NameBuilder.Of(type)} cannot be bound");
            }
            (method, selfType) = ResolveConstrained(type, method);
            if (selfType is not null && call is not NewObj)
            {
                return CallDefaultMember(method, call.Arguments, type, place);
            }
        }
        else
        {
            method = BindToReceiver(call, method);
        }
        if (call.ConstrainedTo is null && call is CallVirt or Call && !method.IsStatic && method.DeclaringType.Kind == TypeKind.Interface)
        {
            // A default interface method calls others on the struct it runs on.
            if (_instance.SelfType is not { } self || call.Arguments[0] is not LdLoc { Variable: { Kind: VariableKind.Parameter, Index: -1 } })
            {
                throw InterfaceCallRefused(method, call);
            }
            (method, selfType) = ResolveConstrained(self, method);
        }
        if (call is NewObj construct)
        {
            return LowerNewObj(construct, method, place);
        }
        return CallMethod(method, call.Arguments, selfType, place, call is CallVirt);
    }

    private (ILInstruction For, IrValue Place)? ResultPlaceOf(ILInstruction instruction)
    {
        // Taken now: compiling the arguments would forget it.
        var place = _resultPlace;
        _resultPlace = default;
        return ReferenceEquals(place.For, instruction) && place.Place is not null ? (instruction, place.Place) : null;
    }

    private (IMethod Method, IType? SelfType) ResolveConstrained(IType type, IMethod called)
    {
        var found = _program.Devirtualizer.Resolve(type, called)
            ?? throw new RefusalException(DiagnosticCode.VirtualCall, $"{NameBuilder.Of(type)} has no {called.FullName}");
        if (found.IsStatic)
        {
            return (found, null);
        }
        if (found.DeclaringType.Kind == TypeKind.Interface)
        {
            return (found, type);
        }
        if (found.DeclaringType.IsReferenceType == true && type.IsReferenceType != true)
        {
            throw new RefusalException(
                DiagnosticCode.Boxing, $"{NameBuilder.Of(type)} does not override {found.Name}: calling {found.FullName} would box it");
        }
        return (found, null);
    }

    /// <summary>Calls a closed method with arguments yet to be compiled.</summary>
    private Operand CallMethod(
        IMethod method, IReadOnlyList<ILInstruction> arguments, IType? selfType, (ILInstruction For, IrValue Place)? place, bool isVirtual)
    {
        if (ThrowHelpers.Includes(method))
        {
            PanicWith(ThrowHelpers.ExceptionOf(_program, method), null);
            return AfterPanic(method);
        }
        return CallWith(method, LowerArguments(arguments), selfType, place, isVirtual);
    }

    /// <summary>Calls a closed method, bound as it is.</summary>
    public Operand CallBound(IMethod method, Operand[] operands) => CallWith(method, operands, null, null, isVirtual: false);

    /// <summary>Calls what a type has for a method of an interface or of a base class; the first operand is the receiver's address.</summary>
    public Operand CallOn(IType type, IMethod called, Operand[] operands)
    {
        var (method, selfType) = ResolveConstrained(type, called);
        return CallWith(method, operands, selfType, null, isVirtual: false);
    }

    /// <summary>A default member of an interface gets a copy of the struct it is called on, as .NET boxes one.</summary>
    private Operand CallDefaultMember(IMethod method, IReadOnlyList<ILInstruction> arguments, IType type, (ILInstruction For, IrValue Place)? place)
    {
        var operands = LowerArguments(arguments);
        var shape = _program.Layouts.ShapeOf(type);
        var receiver = _b.Convert(Scalar(operands[0]), IrType.Pointer, signed: true);
        var copy = Temporary(shape);
        if (shape.IsAggregate)
        {
            FillTemporary(copy, receiver, shape, shape.Alignment);
        }
        else
        {
            StoreScalar(LoadScalar(receiver, shape, shape.Alignment), copy, shape, shape.Alignment);
        }
        operands[0] = new Operand(copy);
        return CallWith(method, operands, type, place, isVirtual: false);
    }

    private Operand CallWith(IMethod method, Operand[] operands, IType? selfType, (ILInstruction For, IrValue Place)? place, bool isVirtual)
    {
        if (_program.Intrinsics.Find(method) is { } intrinsic
            && intrinsic(new IntrinsicCall(this, method, operands)) is { } result)
        {
            return result;
        }
        if (_program.Externals.TryLower(this, method, operands) is { } external)
        {
            return external;
        }
        if (method.DeclaringType.Kind == TypeKind.Delegate)
        {
            throw new RefusalException(DiagnosticCode.Delegate, "delegates are not supported");
        }
        CoreLibraryPolicy.Check(method, _instance.Definition);
        if (isVirtual && method is { IsVirtual: true } or { IsOverride: true } && selfType is null && !method.IsStatic && method.DeclaringType.IsReferenceType == true)
        {
            if (!method.IsSealed && method.DeclaringType.GetDefinition() is not { IsSealed: true })
            {
                throw new RefusalException(DiagnosticCode.VirtualCall, $"virtual call of {method.FullName} cannot be bound");
            }
        }
        if (isVirtual && !method.IsStatic && method.DeclaringType.IsReferenceType == true && selfType is null)
        {
            CheckNull(Scalar(operands[0]));
        }
        IntrinsicTable.RefuseSelfCalling(method, _instance);
        var instance = new MethodInstance(method, selfType) { ReachedFrom = _instance, ReachedAt = _b.Location };
        var (function, signature) = _program.FunctionFor(instance);
        return EmitCall(new IrSymbol(function.Symbol), signature, operands, place?.Place);
    }

    /// <summary>Compiles arguments from left to right; structs that a later argument could change are copied.</summary>
    private Operand[] LowerArguments(IReadOnlyList<ILInstruction> arguments)
    {
        var operands = new Operand[arguments.Count];
        for (var i = 0; i < operands.Length; i++)
        {
            var operand = Lower(arguments[i]);
            if (operand.Aggregate is { } shape && !operand.IsOwned && operand.Boxed is null)
            {
                for (var j = i + 1; j < operands.Length; j++)
                {
                    if (arguments[j].HasFlag(InstructionFlags.SideEffect | InstructionFlags.MayWriteLocals))
                    {
                        operand = new Operand(CopyToTemporary(operand.Value, shape), shape, IsOwned: true);
                        break;
                    }
                }
            }
            operands[i] = operand;
        }
        return operands;
    }

    /// <summary>Emits a call to a function or through a pointer.</summary>
    public Operand EmitCall(IrValue target, CallSignature signature, IReadOnlyList<Operand> operands, IrValue? place)
    {
        var values = new List<IrValue>();
        var attributes = new List<string>();
        IrValue? result = null;
        if (signature.HasHiddenResult)
        {
            result = place ?? Temporary(signature.Result);
            values.Add(result);
            attributes.Add("");
        }
        for (var i = 0; i < signature.Parameters.Count; i++)
        {
            var shape = signature.Parameters[i];
            var mode = signature.ParameterModes[i];
            RefuseBoxed(operands[i]);
            switch (mode.Kind)
            {
                case PassKind.Ignore:
                    break;
                case PassKind.Scalar:
                    if (shape.Kind == ShapeKind.Float)
                    {
                        throw FloatRefused();
                    }
                    var scalar = operands[i].Aggregate is { } wrapped
                        ? LoadScalar(operands[i].Value, shape, Math.Min(shape.Alignment, wrapped.Alignment))
                        : Scalar(operands[i]);
                    values.Add(_b.Convert(scalar, shape.StackType, signed: true));
                    attributes.Add(CallSignature.Extension(shape));
                    break;
                case PassKind.Pieces:
                    foreach (var piece in LoadPieces(AggregateAddress(operands[i], shape), shape, mode))
                    {
                        values.Add(piece);
                        attributes.Add("");
                    }
                    break;
                default:
                    var address = AggregateAddress(operands[i], shape);
                    values.Add(operands[i].IsOwned ? address : CopyToTemporary(address, shape));
                    attributes.Add("");
                    break;
            }
        }
        if (signature.Result.Kind == ShapeKind.Float)
        {
            throw FloatRefused();
        }
        var call = _b.Emit(new IrCall(signature.ReturnType, target, values)
        {
            ArgumentAttributes = attributes,
            ReturnAttributes = signature.ResultExtension,
        });
        switch (signature.ResultMode.Kind)
        {
            case PassKind.Scalar:
                return new Operand(call);
            case PassKind.Indirect:
                return new Operand(result!, signature.Result, IsOwned: place is null);
            case PassKind.Pieces:
                var temporary = place ?? Temporary(signature.Result);
                var pieces = signature.ResultMode.Pieces.Count == 1 ? new IrValue[] { call } : [_b.Extract(call, 0), _b.Extract(call, 1)];
                var next = 0;
                StorePieces(pieces, ref next, temporary, signature.Result, signature.ResultMode);
                return new Operand(temporary, signature.Result, IsOwned: place is null);
            default:
                return signature.Result.IsVoid
                    ? new Operand(new IrUndefined(IrType.I32))
                    : new Operand(Temporary(signature.Result), signature.Result, IsOwned: true);
        }
    }

    private IrValue AggregateAddress(Operand operand, TypeShape shape)
    {
        if (operand.Aggregate is not null)
        {
            return operand.Value;
        }
        var temporary = Temporary(shape);
        _b.Store(Scalar(operand), temporary, shape.Alignment);
        return temporary;
    }

    private Operand LowerCallIndirect(CallIndirect call)
    {
        if (call.IsInstance)
        {
            throw new RefusalException(DiagnosticCode.VirtualCall, "indirect call of an instance method");
        }
        var place = ResultPlaceOf(call);
        var type = (FunctionPointerType)Close(call.FunctionPointerType);
        var signature = new CallSignature(
            _program.Layouts.ShapeOf(type.ReturnType), type.ParameterTypes.Select(_program.Layouts.ShapeOf).ToList());
        var operands = LowerArguments(call.Arguments);
        var target = LowerPointer(call.FunctionPointer);
        return EmitCall(target, signature, operands, place?.Place);
    }

    private IrValue LowerLdFtn(LdFtn function)
    {
        RefuseUnresolved(function.Method);
        var method = function.Method.Specialize(_instance.Substitution);
        if (function.Parent is NewObj { Method.DeclaringType.Kind: TypeKind.Delegate })
        {
            throw new RefusalException(DiagnosticCode.Delegate, "delegates are not supported");
        }
        if (_program.Externals.SymbolOf(method) is { } external)
        {
            return external;
        }
        CoreLibraryPolicy.Check(method, _instance.Definition);
        var instance = new MethodInstance(method) { ReachedFrom = _instance, ReachedAt = _b.Location };
        return new IrSymbol(_program.FunctionFor(instance).Function.Symbol);
    }

    private Operand LowerNewObj(NewObj construct, IMethod method, (ILInstruction For, IrValue Place)? place)
    {
        var type = method.DeclaringType;
        if (type.Kind == TypeKind.Delegate)
        {
            throw new RefusalException(DiagnosticCode.Delegate, "delegates are not supported");
        }
        if (type.IsReferenceType == true)
        {
            return NewObject(construct, method, type);
        }
        var shape = _program.Layouts.ShapeOf(type);
        if (!shape.IsAggregate)
        {
            // A constructor of a primitive, such as nint's.
            var slot = Temporary(shape);
            CallConstructor(construct, slot);
            return new Operand(LoadScalar(slot, shape, shape.Alignment));
        }
        var target = place is { } wanted && !construct.Arguments.Any(argument => argument.HasFlag(InstructionFlags.SideEffect)) ? wanted.Place : Temporary(shape);
        CallConstructor(construct, target);
        return new Operand(target, shape, IsOwned: true);
    }

    private void CallConstructor(NewObj construct, IrValue target)
    {
        var method = construct.Method.Specialize(_instance.Substitution);
        if (method.MetadataToken.IsNil)
        {
            // The constructor every struct has: all zeroes.
            var shape = _program.Layouts.ShapeOf(method.DeclaringType);
            _b.Zero(target, shape.Size, shape.Alignment);
            return;
        }
        var arguments = LowerArguments(construct.Arguments);
        CallWith(method, [new Operand(target), .. arguments], null, null, isVirtual: false);
    }

    /// <summary>The value of a call that never returns.</summary>
    public Operand AfterPanic(IMethod method)
    {
        var shape = _program.Layouts.ShapeOf(method.ReturnType);
        return shape.IsAggregate
            ? new Operand(Temporary(shape), shape, IsOwned: true)
            : new Operand(new IrUndefined(shape.IsVoid ? IrType.I32 : shape.StackType));
    }
}
