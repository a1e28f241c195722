using System;
using System.Numerics;
using ICSharpCode.Decompiler.IL;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Policy;

namespace Rvirt.Aot.Lowering;

/// <summary>Loads and stores through references and pointers, fields, static fields, stack allocation, block copies.</summary>
public sealed partial class MethodLowering
{
    /// <summary>Loads a value that is no struct, widened as the evaluation stack has it.</summary>
    public IrValue LoadScalar(IrValue address, TypeShape shape, int alignment, bool isVolatile = false)
    {
        if (shape.Kind == ShapeKind.Float)
        {
            throw FloatRefused();
        }
        // An atomic access must be naturally aligned.
        var order = isVolatile && alignment >= shape.Size ? MemoryOrder.Acquire : MemoryOrder.None;
        var raw = _b.Load(shape.MemoryType, address, alignment, order: order);
        return _b.Convert(raw, shape.StackType, shape.IsSigned);
    }

    public void StoreScalar(IrValue value, IrValue address, TypeShape shape, int alignment, bool isVolatile = false)
    {
        if (shape.Kind == ShapeKind.Float)
        {
            throw FloatRefused();
        }
        var order = isVolatile && alignment >= shape.Size ? MemoryOrder.Release : MemoryOrder.None;
        _b.Store(_b.Convert(value, shape.MemoryType, signed: true), address, alignment, order: order);
    }

    /// <summary>Cuts a value down to what a variable of the shape would hold, and widens it again.</summary>
    public IrValue Narrow(IrValue value, TypeShape shape) =>
        _b.Convert(_b.Convert(value, shape.MemoryType, signed: true), shape.StackType, shape.IsSigned);

    /// <summary>Compiles an address: any pointer, reference or native integer.</summary>
    public IrValue LowerPointer(ILInstruction instruction) => _b.Convert(LowerScalar(instruction), IrType.Pointer, signed: true);

    private Operand LowerLdObj(LdObj load)
    {
        var shape = ShapeOf(load.Type);
        if (load.Target is LdsFlda { Field: var known } && Statics.StaticFields.KnownValue(known, shape) is { } constant)
        {
            return new Operand(constant);
        }
        RefuseFixedAddress(load.Target, isStore: false, load.IsVolatile);
        var address = LowerPointer(load.Target);
        var alignment = AlignmentOf(load.Target, shape, load.UnalignedPrefix);
        if (!shape.IsAggregate)
        {
            return new Operand(LoadScalar(address, shape, alignment, load.IsVolatile));
        }
        if (alignment >= shape.Alignment)
        {
            return new Operand(address, shape);
        }
        var copy = Temporary(shape);
        FillTemporary(copy, address, shape, alignment);
        return new Operand(copy, shape, IsOwned: true);
    }

    private Operand LowerStObj(StObj store)
    {
        var shape = ShapeOf(store.Type);
        RefuseFixedAddress(store.Target, isStore: true, store.IsVolatile);
        var address = LowerPointer(store.Target);
        if (store.Value is NewObj { ILRangeIsEmpty: true } construct && shape.IsAggregate && construct.Method.DeclaringType.IsReferenceType != true)
        {
            // "call .ctor" on an address builds in place; only "newobj" makes a value of its own.
            CallConstructor(construct, address);
            return new Operand(address, shape);
        }
        var alignment = AlignmentOf(store.Target, shape, store.UnalignedPrefix);
        if (shape.IsAggregate)
        {
            LowerInto(store.Value, address, shape, isPrivate: false, alignment);
            return new Operand(address, shape);
        }
        var value = LowerScalar(store.Value);
        StoreScalar(value, address, shape, alignment, store.IsVolatile);
        return new Operand(Narrow(value, shape));
    }

    /// <summary>
    /// Refuses a plain access to an address that the program's text fixes: that is a device's register, and LLVM leaves out and moves plain
    /// accesses as suits it. An initializer has no devices, and is refused otherwise.
    /// </summary>
    private void RefuseFixedAddress(ILInstruction target, bool isStore, bool isVolatile)
    {
        if (!isVolatile && !_instance.Definition.IsConstructor && FixedAddressOf(target) is { } address)
        {
            var (what, access) = isStore
                ? ("store to", "[AsmIntrinsic(\"sw $1, 0($0)\")] static extern void Store(ulong register, uint value)")
                : ("load from", "[AsmIntrinsic(\"lwu $0, 0($1)\")] static extern uint Load(ulong register)");
            throw new RefusalException(
                DiagnosticCode.FixedAddress, $"a plain {what} 0x{address:x}, a fixed address, may be left out or moved: for a device's register, {access}; for memory, a pointer by [LinkerSymbol]");
        }
    }

    /// <summary>The constant that an address is or is counted from, where the method says so; offsets alone, below the first page's end, are none.</summary>
    private static ulong? FixedAddressOf(ILInstruction instruction)
    {
        const long firstPage = 4096;
        for (var steps = 0; steps < 32; steps++)
        {
            switch (instruction)
            {
                case LdcI4 { Value: >= (int)firstPage or < 0 } constant:
                    return (uint)constant.Value;
                case LdcI8 { Value: >= firstPage or < 0 } constant:
                    return (ulong)constant.Value;
                case Conv conversion:
                    instruction = conversion.Argument;
                    break;
                case LdFlda { Field.DeclaringType.IsReferenceType: not true } field:
                    instruction = field.Target;
                    break;
                case BinaryNumericInstruction { Operator: BinaryNumericOperator.Add, Right: not LdLoc { Variable.Type.Kind: ICSharpCode.Decompiler.TypeSystem.TypeKind.Pointer } } sum:
                    instruction = sum.Left;
                    break;
                case LdLoc { Variable: { Kind: VariableKind.Local or VariableKind.StackSlot, AddressCount: 0, StoreInstructions: [StLoc only] } }:
                    instruction = only.Value;
                    break;
                default:
                    return null;
            }
        }

        return null;
    }

    /// <summary>What is known of an address's alignment: fields of packed structs have less than their type asks for.</summary>
    private int AlignmentOf(ILInstruction address, TypeShape shape, byte prefix)
    {
        if (prefix != 0)
        {
            return Math.Min(prefix, shape.Alignment);
        }
        var alignment = shape.Alignment;
        while (address is LdFlda { Field: var field } access && field.DeclaringType.IsReferenceType != true)
        {
            var owner = Close(field.DeclaringType);
            var place = _program.Layouts.PlaceOf(owner, field);
            var known = _program.Layouts.ShapeOf(owner).Alignment;
            if (place.Offset != 0)
            {
                known = Math.Min(known, 1 << BitOperations.TrailingZeroCount(place.Offset));
            }
            alignment = Math.Min(alignment, known);
            address = access.Target;
        }
        return Math.Max(alignment, 1);
    }

    private IrValue LowerLdFlda(LdFlda access)
    {
        var owner = Close(access.Field.DeclaringType);
        var target = Lower(access.Target);
        IrValue address;
        if (target.Aggregate is not null)
        {
            address = target.Value;
        }
        else if (target.Boxed is not null)
        {
            throw new RefusalException(DiagnosticCode.Boxing, "field of a boxed value");
        }
        else
        {
            address = _b.Convert(Scalar(target), IrType.Pointer, signed: true);
        }
        if (owner.IsReferenceType == true)
        {
            CheckNull(address);
        }
        return _b.Field(address, _program.Layouts.PlaceOf(owner, access.Field).Offset);
    }

    private IrValue LowerLdsFlda(LdsFlda access)
    {
        CoreLibraryPolicy.Check(access.Field, _instance.Definition);
        return _program.Statics.AddressOf(Close(access.Field.DeclaringType), access.Field, _instance, _b.Location);
    }

    private IrValue LowerLocAlloc(LocAlloc allocate)
    {
        var size = _b.Convert(LowerScalar(allocate.Argument), IrType.I64, signed: false);
        var zero = _body.Variables.Count == 0 || _body.Method is null || InitializesLocals();
        const int alignment = 16;
        if (size is IrConstant { Value: var bytes } && bytes <= 1 << 16 && !IsInLoop(allocate))
        {
            var slot = _b.Slot((int)bytes, alignment);
            if (zero)
            {
                _b.Zero(slot, (int)bytes, alignment);
            }
            return slot;
        }
        var memory = _b.Emit(new IrStackAllocate(size, alignment));
        if (zero)
        {
            _b.Emit(new IrFill(memory, new IrConstant(IrType.I8, 0), size, alignment));
        }
        return memory;
    }

    private bool InitializesLocals()
    {
        foreach (var variable in _body.Variables)
        {
            if (variable.Kind is VariableKind.Local or VariableKind.PinnedLocal)
            {
                return variable.InitialValueIsInitialized;
            }
        }
        return true;
    }

    /// <summary>True when a block may run more than once: its stack allocations must then be separate.</summary>
    private static bool IsInLoop(ILInstruction instruction)
    {
        for (var current = instruction.Parent; current is not null; current = current.Parent)
        {
            if (current is Block { Parent: BlockContainer container } block && BlockOrder.CanReachItself(container, block))
            {
                return true;
            }
        }
        return false;
    }

    private void LowerCpblk(Cpblk copy)
    {
        var destination = LowerPointer(copy.DestAddress);
        var source = LowerPointer(copy.SourceAddress);
        var size = _b.Convert(LowerScalar(copy.Size), IrType.I64, signed: false);
        // ECMA-335 III.3.30 leaves an overlap open; .NET moves.
        _b.Emit(new IrCopy(destination, source, size, copy.UnalignedPrefix == 0 ? 1 : copy.UnalignedPrefix) { MayOverlap = true });
    }

    private void LowerInitblk(Initblk fill)
    {
        var destination = LowerPointer(fill.Address);
        var value = _b.Convert(LowerScalar(fill.Value), IrType.I8, signed: false);
        var size = _b.Convert(LowerScalar(fill.Size), IrType.I64, signed: false);
        _b.Emit(new IrFill(destination, value, size, 1));
    }
}
