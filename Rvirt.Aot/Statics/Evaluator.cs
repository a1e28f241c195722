using System;
using System.Collections.Generic;
using Rvirt.Aot.Abi;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Layout;

namespace Rvirt.Aot.Statics;

/// <summary>Runs IR at compile time: what static constructors leave behind becomes initial data of the image.</summary>
/// <param name="module">The module.</param>
/// <param name="beforeGlobal">Called before a global is first touched: runs the static constructor it needs.</param>
internal sealed class Evaluator(IrModule module, Action<IrGlobal> beforeGlobal)
{
    private const int StepLimit = 50_000_000;
    private const int DepthLimit = 500;

    private readonly Dictionary<string, EvaluatedMemory> _symbols = [];
    private int _steps;
    private int _depth;

    /// <summary>Memory of the globals that were touched.</summary>
    public IReadOnlyDictionary<string, EvaluatedMemory> Symbols => _symbols;

    /// <summary>Line of the instruction that was run last.</summary>
    public IrLocation? Location { get; private set; }

    public EvaluatedValue Call(IrFunction function, IReadOnlyList<EvaluatedValue> arguments)
    {
        if (function.IsDeclaration || function.Symbol == PanicHandler.Symbol)
        {
            throw new EvaluationException($"{function.DisplayName} is called");
        }
        if (function.IsCold && function.NoReturn)
        {
            throw new EvaluationException($"it fails ({function.DisplayName})");
        }
        if (++_depth > DepthLimit)
        {
            throw new EvaluationException("calls nest too deeply");
        }
        var frame = new Dictionary<IrValue, EvaluatedValue>();
        for (var i = 0; i < function.Parameters.Count; i++)
        {
            frame[function.Parameters[i]] = arguments[i];
        }
        foreach (var slot in function.Slots)
        {
            frame[slot] = new EvaluatedValue(0, new EvaluatedMemory(slot.Size, null) { IsLocal = true });
        }
        var block = function.Blocks[0];
        while (true)
        {
            IrBlock? next = null;
            foreach (var instruction in block.Instructions)
            {
                if (++_steps > StepLimit)
                {
                    throw new EvaluationException("it takes too long");
                }
                Location = instruction.Location ?? Location;
                switch (instruction)
                {
                    case IrReturn result:
                        _depth--;
                        return result.Value is null ? default : Get(frame, result.Value);
                    case IrBranch branch:
                        next = branch.Target;
                        break;
                    case IrConditionalBranch branch:
                        next = Get(frame, branch.Condition).Bits != 0 ? branch.WhenTrue : branch.WhenFalse;
                        break;
                    case IrSwitch choice:
                        next = choice.Otherwise;
                        var value = Get(frame, choice.Value).Bits;
                        foreach (var (label, target) in choice.Cases)
                        {
                            if (new IrConstant(choice.Value.Type, label).Value == value)
                            {
                                next = target;
                                break;
                            }
                        }
                        break;
                    case IrUnreachable:
                        throw new EvaluationException("it fails");
                    default:
                        var produced = Execute(frame, instruction);
                        if (!instruction.Type.IsVoid)
                        {
                            frame[instruction] = produced;
                        }
                        break;
                }
            }
            block = next!;
        }
    }

    public EvaluatedMemory MemoryOf(string symbol)
    {
        if (_symbols.TryGetValue(symbol, out var memory))
        {
            return memory;
        }
        if (module.Functions.ContainsKey(symbol))
        {
            memory = new EvaluatedMemory(0, symbol) { IsReadOnly = true };
            _symbols.Add(symbol, memory);
            return memory;
        }
        var global = module.Globals[symbol];
        memory = new EvaluatedMemory(global.Size, symbol) { IsReadOnly = global.IsConstant };
        _symbols.Add(symbol, memory);
        global.Data?.CopyTo(memory.Bytes, 0);
        foreach (var relocation in global.Relocations)
        {
            memory.Point(relocation.Offset, MemoryOf(relocation.Symbol), relocation.Addend);
        }
        return memory;
    }

    private EvaluatedValue Get(Dictionary<IrValue, EvaluatedValue> frame, IrValue value)
    {
        switch (value)
        {
            case IrConstant constant:
                return new EvaluatedValue(constant.Value) { High = constant.Value >> 63 };
            case IrUndefined:
                return default;
            case IrSymbol symbol:
                if (module.Globals.TryGetValue(symbol.Name, out var global))
                {
                    if (global.IsExternal)
                    {
                        throw new EvaluationException($"the address of {symbol.Name} is used");
                    }
                    beforeGlobal(global);
                }
                return new EvaluatedValue(symbol.Offset, MemoryOf(symbol.Name));
            default:
                return frame[value];
        }
    }

    private EvaluatedValue Execute(Dictionary<IrValue, EvaluatedValue> frame, IrInstruction instruction)
    {
        EvaluatedValue Value(IrValue operand) => Get(frame, operand);
        switch (instruction)
        {
            case IrLoad load:
                var (memory, offset) = Address(Value(load.Address));
                var loaded = memory.Read(offset, load.Type.Bytes);
                return load.Type == IrType.I1 ? loaded with { Bits = loaded.Bits & 1 } : loaded;
            case IrStore store:
                var (target, at) = Address(Value(store.Address));
                target.Write(at, store.Value.Type.Bytes, Value(store.Value));
                return default;
            case IrBinary binary:
                return EvaluatedArithmetic.Binary(binary, Value(binary.Left), Value(binary.Right));
            case IrCompare compare:
                return new EvaluatedValue(EvaluatedArithmetic.Compare(compare, Value(compare.Left), Value(compare.Right)) ? 1 : 0);
            case IrCast cast:
                return EvaluatedArithmetic.Cast(cast, Value(cast.Value));
            case IrOffset move:
                var start = Value(move.Address);
                return start with { Bits = start.Bits + EvaluatedArithmetic.Integer(Value(move.Bytes)) };
            case IrCall call:
                var callee = Value(call.Target);
                if (callee.Base?.Symbol is not { } name || callee.Bits != 0 || !module.Functions.TryGetValue(name, out var function))
                {
                    throw new EvaluationException("something that is no function is called");
                }
                var arguments = new EvaluatedValue[call.Arguments.Count];
                for (var i = 0; i < arguments.Length; i++)
                {
                    arguments[i] = Value(call.Arguments[i]);
                }
                return Call(function, arguments);
            case IrIntrinsic intrinsic:
                return EvaluatedArithmetic.Intrinsic(intrinsic, Value);
            case IrCopy copy:
                var size = EvaluatedArithmetic.Integer(Value(copy.Size));
                if (size != 0)
                {
                    var (destination, to) = Address(Value(copy.Destination));
                    var (source, from) = Address(Value(copy.Source));
                    destination.CopyFrom(source, from, to, size);
                }
                return default;
            case IrFill fill:
                var count = EvaluatedArithmetic.Integer(Value(fill.Size));
                if (count != 0)
                {
                    var (filled, where) = Address(Value(fill.Destination));
                    filled.Fill(where, count, (byte)Value(fill.Value).Bits);
                }
                return default;
            case IrMakePair pair:
                return new EvaluatedValue(0) { Pair = [Value(pair.First), Value(pair.Second)] };
            case IrExtract extract:
                return Value(extract.Pair).Pair![extract.Index];
            case IrStackAllocate allocate:
                return new EvaluatedValue(0, new EvaluatedMemory(checked((int)EvaluatedArithmetic.Integer(Value(allocate.Size))), null) { IsLocal = true });
            case IrAllocate allocate:
                return Allocate(allocate, allocate.Length is null ? 0 : EvaluatedArithmetic.Integer(Value(allocate.Length)));
            case IrFence:
                return default;
            default:
                throw new EvaluationException(instruction is IrAssembly ? "it runs assembly" : $"it uses {instruction.GetType().Name}");
        }
    }

    private static EvaluatedValue Allocate(IrAllocate allocate, long length)
    {
        if (allocate.Length is null)
        {
            return new EvaluatedValue(0, new EvaluatedMemory((int)allocate.Size, null));
        }
        if (length is < 0 or > int.MaxValue / 64)
        {
            throw new EvaluationException("an array of impossible length is made");
        }
        var array = new EvaluatedMemory(
            LayoutEngine.Align(LayoutEngine.ArrayDataOffset + ((int)length * allocate.Element.Size), 8), null);
        array.Write(LayoutEngine.ArrayLengthOffset, 4, new EvaluatedValue(length));
        return new EvaluatedValue(0, array);
    }

    private static (EvaluatedMemory Memory, long Offset) Address(EvaluatedValue value) =>
        value.Base is { } memory ? (memory, value.Bits) : throw new EvaluationException("memory at a fixed address is accessed");
}
