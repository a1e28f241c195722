using System.Collections.Generic;
using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Abi;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Lowering;

/// <summary>Parameters, local variables and the reader's stack slots.</summary>
public sealed partial class MethodLowering
{
    private readonly Dictionary<ILVariable, Storage> _storage = [];
    private readonly Dictionary<ILVariable, Operand> _values = [];
    private IrValue? _hiddenResult;

    /// <summary>Memory of a variable.</summary>
    private sealed record Storage(IrValue Address, TypeShape Shape);

    private void DeclareVariables()
    {
        var next = 0;
        if (_signature.HasHiddenResult)
        {
            _hiddenResult = _function.Parameters[next++];
        }
        var parameterNumber = 0;
        var thisCount = _instance.Definition.IsStatic ? 0 : 1;
        for (var i = 0; i < _signature.Parameters.Count; i++)
        {
            var shape = _signature.Parameters[i];
            var mode = _signature.ParameterModes[i];
            var variable = FindParameter(i - thisCount);
            var name = variable?.Name ?? $"p{i}";
            IrValue address;
            if (mode.Kind == PassKind.Indirect)
            {
                address = _function.Parameters[next++];
            }
            else
            {
                var slot = _b.Slot(shape.Size, shape.Alignment);
                slot.Variable = new IrVariable(name, variable is null ? shape : ShapeOf(variable.Type), ++parameterNumber);
                address = slot;
                if (mode.Kind == PassKind.Scalar)
                {
                    StoreScalar(_function.Parameters[next++], address, shape, shape.Alignment);
                }
                else if (mode.Kind == PassKind.Pieces)
                {
                    StorePieces(_function.Parameters, ref next, address, shape, mode);
                }
            }
            if (variable is not null)
            {
                _storage.Add(variable, new Storage(address, shape));
            }
        }
        foreach (var variable in _body.Variables)
        {
            // One of floating point is refused where it is used, if it is: generic code has some on ways that are folded away.
            if (variable.Kind is VariableKind.Local or VariableKind.PinnedLocal && !variable.IsDead && variable.StackType is not (StackType.F4 or StackType.F8))
            {
                Declare(variable);
            }
        }
    }

    private ILVariable? FindParameter(int index)
    {
        foreach (var variable in _body.Variables)
        {
            if (variable.Kind == VariableKind.Parameter && variable.Index == index)
            {
                return variable;
            }
        }
        return null;
    }

    private Storage Declare(ILVariable variable)
    {
        var shape = ShapeOfVariable(variable);
        if (shape.Kind == ShapeKind.Float)
        {
            throw FloatRefused();
        }
        var name = variable.Index is { } index && _symbols.LocalNames.TryGetValue(index, out var known) && variable.Kind != VariableKind.StackSlot
            ? known
            : null;
        var slot = _b.Slot(shape.Size, shape.Alignment);
        if (name is not null)
        {
            slot.Variable = new IrVariable(name, shape, 0);
        }
        if (variable.Kind is VariableKind.Local or VariableKind.PinnedLocal && variable.InitialValueIsInitialized && !shape.IsEmpty)
        {
            if (shape.IsAggregate)
            {
                _b.Zero(slot, shape.Size, shape.Alignment);
            }
            else
            {
                _b.Store(new IrConstant(shape.MemoryType, 0), slot, shape.Alignment);
            }
        }
        var storage = new Storage(slot, shape);
        _storage.Add(variable, storage);
        return storage;
    }

    private TypeShape ShapeOfVariable(ILVariable variable)
    {
        if (variable.Kind != VariableKind.StackSlot || variable.StackType == StackType.VT)
        {
            return ShapeOf(variable.Type);
        }
        return variable.StackType switch
        {
            StackType.I4 => _program.Layouts.ShapeOf(_program.KnownType(KnownTypeCode.Int32)),
            StackType.I8 => _program.Layouts.ShapeOf(_program.KnownType(KnownTypeCode.Int64)),
            StackType.I when variable.Type.Kind is not (TypeKind.Pointer or TypeKind.FunctionPointer or TypeKind.ByReference) =>
                _program.Layouts.ShapeOf(_program.KnownType(KnownTypeCode.IntPtr)),
            StackType.I or StackType.Ref or StackType.Obj => _program.Layouts.ShapeOf(_program.KnownType(KnownTypeCode.Object)),
            StackType.F4 or StackType.F8 => throw FloatRefused(),
            _ => throw new RefusalException(DiagnosticCode.InvalidIl, $"a value of unknown type {variable.Type.ReflectionName}"),
        };
    }

    private Storage StorageOf(ILVariable variable) => _storage.TryGetValue(variable, out var storage) ? storage : Declare(variable);

    private IrValue AddressOf(ILVariable variable) => StorageOf(variable).Address;

    /// <summary>True for a slot written once: its value needs no memory.</summary>
    private static bool IsValueSlot(ILVariable variable) =>
        variable.Kind == VariableKind.StackSlot && variable.StoreInstructions.Count == 1 && variable.AddressCount == 0;

    private Operand UndefinedFor(ILVariable variable)
    {
        try
        {
            var shape = ShapeOfVariable(variable);
            return shape.IsAggregate
                ? new Operand(Temporary(shape), shape, IsOwned: true)
                : new Operand(new IrUndefined(shape.StackType));
        }
        catch (RefusalException)
        {
            return new Operand(new IrUndefined(IrType.I64));
        }
    }

    private Operand LowerLdLoc(LdLoc load)
    {
        if (_values.TryGetValue(load.Variable, out var value))
        {
            return value;
        }
        var storage = StorageOf(load.Variable);
        return storage.Shape.IsAggregate
            ? new Operand(storage.Address, storage.Shape)
            : new Operand(LoadScalar(storage.Address, storage.Shape, storage.Shape.Alignment));
    }

    private Operand LowerStLoc(StLoc store)
    {
        var variable = store.Variable;
        if (IsValueSlot(variable))
        {
            var value = Lower(store.Value);
            if (value.Aggregate is { } aggregate && !value.IsOwned)
            {
                value = new Operand(CopyToTemporary(value.Value, aggregate), aggregate, IsOwned: true);
            }
            _values[variable] = value with { IsOwned = false };
            return value;
        }
        var storage = StorageOf(variable);
        if (storage.Shape.IsAggregate)
        {
            LowerInto(store.Value, storage.Address, storage.Shape, isPrivate: variable.AddressCount == 0);
            return new Operand(storage.Address, storage.Shape);
        }
        var scalar = LowerScalar(store.Value);
        StoreScalar(scalar, storage.Address, storage.Shape, storage.Shape.Alignment);
        return new Operand(Narrow(scalar, storage.Shape));
    }
}
