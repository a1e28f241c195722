using System;
using System.Collections.Generic;
using System.Numerics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Layout;
using Rvirt.Aot.Lowering;

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
        if (function.IsDeclaration || function.Symbol == PanicFunctions.Handler)
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
        for (int i = 0; i < function.Parameters.Count; i++)
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
                        long value = Get(frame, choice.Value).Bits;
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
                return Binary(binary, Value(binary.Left), Value(binary.Right));
            case IrCompare compare:
                return new EvaluatedValue(Compare(compare, Value(compare.Left), Value(compare.Right)) ? 1 : 0);
            case IrCast cast:
                return Cast(cast, Value(cast.Value));
            case IrSelect select:
                return Value(select.Condition).Bits != 0 ? Value(select.WhenTrue) : Value(select.WhenFalse);
            case IrOffset move:
                var start = Value(move.Address);
                return start with { Bits = start.Bits + Integer(Value(move.Bytes)) };
            case IrCall call:
                var callee = Value(call.Target);
                if (callee.Base?.Symbol is not { } name || callee.Bits != 0 || !module.Functions.TryGetValue(name, out var function))
                {
                    throw new EvaluationException("something that is no function is called");
                }
                var arguments = new EvaluatedValue[call.Arguments.Count];
                for (int i = 0; i < arguments.Length; i++)
                {
                    arguments[i] = Value(call.Arguments[i]);
                }
                return Call(function, arguments);
            case IrIntrinsic intrinsic:
                return Intrinsic(intrinsic, Value);
            case IrCopy copy:
                long size = Integer(Value(copy.Size));
                if (size != 0)
                {
                    var (destination, to) = Address(Value(copy.Destination));
                    var (source, from) = Address(Value(copy.Source));
                    destination.CopyFrom(source, from, to, size);
                }
                return default;
            case IrFill fill:
                long count = Integer(Value(fill.Size));
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
                return new EvaluatedValue(0, new EvaluatedMemory(checked((int)Integer(Value(allocate.Size))), null) { IsLocal = true });
            case IrAllocate allocate:
                return Allocate(allocate, allocate.Length is null ? 0 : Integer(Value(allocate.Length)));
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

    private static long Integer(EvaluatedValue value) =>
        value.Base is null ? value.Bits : throw new EvaluationException("an address is used as a number");

    private static long Wrap(IrType type, long value) => new IrConstant(type, value).Value;

    private static EvaluatedValue Binary(IrBinary binary, EvaluatedValue left, EvaluatedValue right)
    {
        var type = binary.Type;
        if (left.Base is not null || right.Base is not null)
        {
            switch (binary.Op)
            {
                case BinaryOp.Add when right.Base is null:
                    return left with { Bits = left.Bits + right.Bits };
                case BinaryOp.Add when left.Base is null:
                    return right with { Bits = left.Bits + right.Bits };
                case BinaryOp.Sub when right.Base is null:
                    return left with { Bits = left.Bits - right.Bits };
                case BinaryOp.Sub when ReferenceEquals(left.Base, right.Base):
                    return new EvaluatedValue(left.Bits - right.Bits);
                default:
                    throw new EvaluationException("an address is used as a number");
            }
        }
        if (type == IrType.I128)
        {
            var wide = Wide(binary.Op, new Int128((ulong)left.High, (ulong)left.Bits), new Int128((ulong)right.High, (ulong)right.Bits));
            return new EvaluatedValue((long)(ulong)(wide & ulong.MaxValue)) { High = (long)(wide >> 64) };
        }
        long l = left.Bits;
        long r = right.Bits;
        ulong ul = new IrConstant(type, l).Unsigned;
        ulong ur = new IrConstant(type, r).Unsigned;
        long result = binary.Op switch
        {
            BinaryOp.Add => l + r,
            BinaryOp.Sub => l - r,
            BinaryOp.Mul => l * r,
            BinaryOp.SDiv => r == 0 || (r == -1 && l == long.MinValue) ? throw new EvaluationException("it fails") : l / r,
            BinaryOp.UDiv => ur == 0 ? throw new EvaluationException("it fails") : (long)(ul / ur),
            BinaryOp.SRem => r == 0 || r == -1 ? 0 : l % r,
            BinaryOp.URem => ur == 0 ? throw new EvaluationException("it fails") : (long)(ul % ur),
            BinaryOp.And => l & r,
            BinaryOp.Or => l | r,
            BinaryOp.Xor => l ^ r,
            BinaryOp.Shl => l << (int)r,
            BinaryOp.AShr => l >> (int)r,
            _ => (long)(ul >> (int)r),
        };
        return new EvaluatedValue(Wrap(type, result));
    }

    private static Int128 Wide(BinaryOp op, Int128 left, Int128 right) => op switch
    {
        BinaryOp.Add => left + right,
        BinaryOp.Sub => left - right,
        BinaryOp.Mul => left * right,
        BinaryOp.LShr => (Int128)((UInt128)left >> (int)right),
        BinaryOp.AShr => left >> (int)right,
        BinaryOp.Shl => left << (int)right,
        BinaryOp.And => left & right,
        BinaryOp.Or => left | right,
        BinaryOp.Xor => left ^ right,
        _ => throw new EvaluationException("a 128-bit division is made"),
    };

    private static bool Compare(IrCompare compare, EvaluatedValue left, EvaluatedValue right)
    {
        if (!ReferenceEquals(left.Base, right.Base))
        {
            return compare.Op switch
            {
                CompareOp.Equal => false,
                CompareOp.NotEqual => true,
                // Any object lies above null.
                CompareOp.UnsignedGreater when right is { Base: null, Bits: 0 } => true,
                CompareOp.UnsignedLess when left is { Base: null, Bits: 0 } => true,
                _ => throw new EvaluationException("addresses of different objects are compared"),
            };
        }
        ulong ul = new IrConstant(compare.Left.Type, left.Bits).Unsigned;
        ulong ur = new IrConstant(compare.Left.Type, right.Bits).Unsigned;
        return compare.Op switch
        {
            CompareOp.Equal => ul == ur,
            CompareOp.NotEqual => ul != ur,
            CompareOp.SignedLess => left.Bits < right.Bits,
            CompareOp.SignedLessOrEqual => left.Bits <= right.Bits,
            CompareOp.SignedGreater => left.Bits > right.Bits,
            CompareOp.SignedGreaterOrEqual => left.Bits >= right.Bits,
            CompareOp.UnsignedLess => ul < ur,
            CompareOp.UnsignedLessOrEqual => ul <= ur,
            CompareOp.UnsignedGreater => ul > ur,
            _ => ul >= ur,
        };
    }

    private static EvaluatedValue Cast(IrCast cast, EvaluatedValue value)
    {
        if (value.Base is not null)
        {
            return cast.Type.Bits == 64 ? value : throw new EvaluationException("an address is used as a number");
        }
        return cast.Op switch
        {
            CastOp.ZeroExtend => new EvaluatedValue((long)new IrConstant(cast.Value.Type, value.Bits).Unsigned),
            CastOp.SignExtend => new EvaluatedValue(cast.Value.Type == IrType.I1 ? -value.Bits : value.Bits)
            {
                High = (cast.Value.Type == IrType.I1 ? -value.Bits : value.Bits) >> 63,
            },
            _ => new EvaluatedValue(Wrap(cast.Type, value.Bits)),
        };
    }

    private static EvaluatedValue Intrinsic(IrIntrinsic intrinsic, Func<IrValue, EvaluatedValue> value)
    {
        var name = intrinsic.Name;
        if (name.StartsWith("llvm.lifetime", StringComparison.Ordinal))
        {
            return default;
        }
        var type = intrinsic.Arguments.Count > 0 ? intrinsic.Arguments[0].Type : IrType.I64;
        if (type.Bits is not (8 or 16 or 32 or 64))
        {
            throw new EvaluationException($"it uses {name}");
        }
        long left = Integer(value(intrinsic.Arguments[0]));
        ulong unsigned = new IrConstant(type, left).Unsigned;
        int unused = 64 - type.Bits;
        if (name.StartsWith("llvm.ctpop", StringComparison.Ordinal))
        {
            return new EvaluatedValue(BitOperations.PopCount(unsigned));
        }
        if (name.StartsWith("llvm.ctlz", StringComparison.Ordinal))
        {
            return new EvaluatedValue(BitOperations.LeadingZeroCount(unsigned) - unused);
        }
        if (name.StartsWith("llvm.cttz", StringComparison.Ordinal))
        {
            return new EvaluatedValue(Math.Min(BitOperations.TrailingZeroCount(unsigned), type.Bits));
        }
        if (name.StartsWith("llvm.bswap", StringComparison.Ordinal))
        {
            return new EvaluatedValue(Wrap(type, (long)(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(unsigned) >> unused)));
        }
        if (name.StartsWith("llvm.fsh", StringComparison.Ordinal) && ReferenceEquals(intrinsic.Arguments[0], intrinsic.Arguments[1]))
        {
            int count = (int)(Integer(value(intrinsic.Arguments[2])) & (type.Bits - 1));
            count = name.StartsWith("llvm.fshl", StringComparison.Ordinal) || count == 0 ? count : type.Bits - count;
            ulong rotated = count == 0 ? unsigned : (unsigned << count) | (unsigned >> (type.Bits - count));
            return new EvaluatedValue(Wrap(type, (long)rotated));
        }
        if (name.Contains(".with.overflow.", StringComparison.Ordinal))
        {
            long right = Integer(value(intrinsic.Arguments[1]));
            bool signed = name[5] == 's';
            var a = signed ? new BigInteger(left) : unsigned;
            var b = signed ? new BigInteger(right) : new IrConstant(type, right).Unsigned;
            var exact = name.AsSpan(6, 3) switch
            {
                "add" => a + b,
                "sub" => a - b,
                _ => a * b,
            };
            long wrapped = Wrap(type, (long)(ulong)(exact & ulong.MaxValue));
            var back = signed ? new BigInteger(wrapped) : new IrConstant(type, wrapped).Unsigned;
            return new EvaluatedValue(0) { Pair = [new EvaluatedValue(wrapped), new EvaluatedValue(back == exact ? 0 : 1)] };
        }
        throw new EvaluationException($"it uses {name}");
    }
}
