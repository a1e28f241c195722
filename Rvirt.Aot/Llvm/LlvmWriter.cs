using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Llvm;

/// <summary>Writes a module as LLVM assembly.</summary>
public sealed class LlvmWriter
{
    private readonly StringBuilder _text = new();
    private readonly Dictionary<IrValue, string> _names = [];
    private readonly SortedDictionary<string, string> _intrinsics = new(StringComparer.Ordinal);
    private readonly IrModule _module;
    private readonly DebugMetadata? _debug;
    private int _next;

    private LlvmWriter(IrModule module, bool debug)
    {
        _module = module;
        _debug = debug ? new DebugMetadata() : null;
    }

    /// <summary>The module as text.</summary>
    public static string Write(IrModule module, bool debug = true) => new LlvmWriter(module, debug).Run();

    private string Run()
    {
        _text.Append("target datalayout = \"e-m:e-p:64:64-i64:64-i128:128-n32:64-S128\"\n");
        _text.Append("target triple = \"riscv64-unknown-unknown-elf\"\n\n");
        foreach (var global in _module.Globals.Values)
        {
            WriteGlobal(global);
        }
        foreach (var function in _module.Functions.Values)
        {
            WriteFunction(function);
        }
        foreach (var (_, declaration) in _intrinsics)
        {
            _text.Append(declaration).Append('\n');
        }
        const string Common = "nounwind null_pointer_is_valid \"no-builtins\" \"frame-pointer\"=\"none\"";
        _text.Append("attributes #0 = { ").Append(Common.Replace(" \"no-builtins\"", "", StringComparison.Ordinal)).Append(" }\n");
        _text.Append("attributes #1 = { nounwind noreturn cold nomerge }\n");
        _text.Append("attributes #2 = { nounwind }\n");
        _text.Append("!llvm.module.flags = !{!0, !1, !2");
        if (_debug is not null)
        {
            _text.Append(", !3, !4");
        }
        _text.Append("}\n!0 = !{i32 1, !\"target-abi\", !\"lp64\"}\n!1 = !{i32 8, !\"PIC Level\", i32 2}\n!2 = !{i32 7, !\"PIE Level\", i32 2}\n");
        _text.Append("!3 = !{i32 2, !\"Debug Info Version\", i32 3}\n!4 = !{i32 7, !\"Dwarf Version\", i32 5}\n");
        _text.Append("!5 = !{!\"branch_weights\", i32 1, i32 2000}\n!6 = !{!\"branch_weights\", i32 2000, i32 1}\n");
        _debug?.Write(_text);
        return _text.ToString();
    }

    private static string Symbol(string name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '$' or '-'))
            {
                return $"@\"{name.Replace("\\", "\\5C", StringComparison.Ordinal).Replace("\"", "\\22", StringComparison.Ordinal)}\"";
            }
        }
        return "@" + name;
    }

    private void WriteGlobal(IrGlobal global)
    {
        _text.Append(Symbol(global.Symbol)).Append(" = ");
        if (global.IsExternal)
        {
            _text.Append("external hidden global i8\n");
            return;
        }
        _text.Append("internal ").Append(global.IsConstant ? "unnamed_addr constant " : "global ");
        if (global.Data is null && global.Relocations.Count == 0)
        {
            _text.Append(CultureInfo.InvariantCulture, $"[{global.Size} x i8] zeroinitializer");
        }
        else
        {
            WriteInitializer(global);
        }
        _text.Append(CultureInfo.InvariantCulture, $", align {global.Alignment}");
        if (_debug?.ForGlobal(global) is { } reference)
        {
            _text.Append(", !dbg ").Append(reference);
        }
        _text.Append('\n');
    }

    private void WriteInitializer(IrGlobal global)
    {
        var data = global.Data ?? new byte[global.Size];
        if (global.Relocations.Count == 0)
        {
            WriteBytes(data, 0, data.Length);
            return;
        }
        var types = new List<string>();
        var values = new List<Action>();
        int position = 0;
        void AddBytes(int end)
        {
            if (end > position)
            {
                int start = position;
                types.Add($"[{end - start} x i8]");
                values.Add(() => WriteBytes(data, start, end - start));
                position = end;
            }
        }

        foreach (var relocation in global.Relocations.OrderBy(candidate => candidate.Offset))
        {
            AddBytes(relocation.Offset);
            types.Add("ptr");
            values.Add(() => _text.Append("ptr ").Append(Operand(new IrSymbol(relocation.Symbol, relocation.Addend))));
            position = relocation.Offset + 8;
        }
        AddBytes(global.Size);
        _text.Append("<{ ").AppendJoin(", ", types).Append(" }> <{ ");
        for (int i = 0; i < values.Count; i++)
        {
            if (i > 0)
            {
                _text.Append(", ");
            }
            values[i]();
        }
        _text.Append(" }>");
    }

    private void WriteBytes(byte[] data, int start, int count)
    {
        _text.Append(CultureInfo.InvariantCulture, $"[{count} x i8] c\"");
        for (int i = start; i < start + count; i++)
        {
            byte b = data[i];
            if (b is >= 0x20 and < 0x7f and not (byte)'"' and not (byte)'\\')
            {
                _text.Append((char)b);
            }
            else
            {
                _text.Append('\\').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
        }
        _text.Append('"');
    }

    private void WriteFunction(IrFunction function)
    {
        _names.Clear();
        _next = 0;
        bool declaration = function.IsDeclaration;
        _text.Append(declaration ? "declare hidden " : function.IsExported ? "define dso_local " : "define internal ");
        if (function.ReturnAttributes.Length > 0)
        {
            _text.Append(function.ReturnAttributes).Append(' ');
        }
        _text.Append(function.ReturnType).Append(' ').Append(Symbol(function.Symbol)).Append('(');
        for (int i = 0; i < function.Parameters.Count; i++)
        {
            var parameter = function.Parameters[i];
            _text.Append(i > 0 ? ", " : "").Append(parameter.Type);
            if (parameter.Attributes.Length > 0)
            {
                _text.Append(' ').Append(parameter.Attributes);
            }
            if (!declaration)
            {
                _names[parameter] = $"%p{i}";
                _text.Append(" %p").Append(i);
            }
        }
        _text.Append(')').Append(function.IsExported || declaration ? "" : " unnamed_addr").Append(" #0");
        _text.Append(function.Inlining switch
        {
            InlinePolicy.Always when !function.IsExported => " alwaysinline",
            InlinePolicy.Never => " noinline",
            _ => "",
        });
        _text.Append(function.IsCold ? " cold" : "").Append(function.NoReturn ? " noreturn" : "");
        if (function.Section is not null)
        {
            _text.Append(" section \"").Append(function.Section).Append('"');
        }
        if (declaration)
        {
            _text.Append('\n');
            return;
        }
        var scope = _debug?.ForFunction(function);
        if (scope is not null)
        {
            _text.Append(" !dbg ").Append(scope);
        }
        _text.Append(" {\n");
        bool first = true;
        foreach (var block in function.Blocks)
        {
            _text.Append(block.Name).Append(":\n");
            if (first)
            {
                foreach (var slot in function.Slots)
                {
                    WriteSlot(slot, function, scope);
                }
                first = false;
            }
            foreach (var instruction in block.Instructions)
            {
                WriteInstruction(instruction, function, scope);
            }
        }
        _text.Append("}\n\n");
    }

    private void WriteSlot(IrSlot slot, IrFunction function, string? scope)
    {
        _names[slot] = $"%s{_next++}";
        _text.Append(CultureInfo.InvariantCulture, $"  {_names[slot]} = alloca [{slot.Size} x i8], align {slot.Alignment}\n");
        if (scope is not null && slot.Variable is not null && _debug!.ForVariable(function, slot.Variable) is { } variable)
        {
            _text.Append(CultureInfo.InvariantCulture, $"    #dbg_declare(ptr {_names[slot]}, {variable.Variable}, !DIExpression(), {variable.Location})\n");
        }
    }

    private string Operand(IrValue value) => value switch
    {
        IrConstant { Type.IsPointer: true, Value: 0 } => "null",
        IrConstant { Type.IsPointer: true, Value: var address } => string.Create(CultureInfo.InvariantCulture, $"inttoptr (i64 {address} to ptr)"),
        IrConstant { Value: var number, Type: var type } => type == IrType.I1 ? (number != 0 ? "true" : "false") : number.ToString(CultureInfo.InvariantCulture),
        IrUndefined => "poison",
        IrSymbol { Offset: 0, Name: var name } => Symbol(name),
        IrSymbol { Offset: var offset, Name: var name } => string.Create(CultureInfo.InvariantCulture, $"getelementptr (i8, ptr {Symbol(name)}, i64 {offset})"),
        _ => NameOf(value),
    };

    /// <summary>Values are numbered when first seen: a use may be written before its definition.</summary>
    private string NameOf(IrValue value)
    {
        if (!_names.TryGetValue(value, out var name))
        {
            name = $"%v{_next++}";
            _names.Add(value, name);
        }
        return name;
    }

    private string Typed(IrValue value) => $"{value.Type} {Operand(value)}";

    private void WriteInstruction(IrInstruction instruction, IrFunction function, string? scope)
    {
        _text.Append("  ");
        if (!instruction.Type.IsVoid)
        {
            if (instruction is IrMakePair pair)
            {
                var half = $"%v{_next++}";
                _text.Append($"{half} = insertvalue {pair.Type} poison, {Typed(pair.First)}, 0\n  ");
                _text.Append($"{NameOf(pair)} = insertvalue {pair.Type} {half}, {Typed(pair.Second)}, 1\n");
                return;
            }
            _text.Append(NameOf(instruction)).Append(" = ");
        }
        switch (instruction)
        {
            case IrLoad load:
                _text.Append(CultureInfo.InvariantCulture, $"load {(load.Order != MemoryOrder.None ? "atomic " : "")}{(load.IsVolatile ? "volatile " : "")}{load.Type}, {Typed(load.Address)}{Ordering(load.Order)}, align {load.Alignment}");
                break;
            case IrStore store:
                _text.Append(CultureInfo.InvariantCulture, $"store {(store.Order != MemoryOrder.None ? "atomic " : "")}{(store.IsVolatile ? "volatile " : "")}{Typed(store.Value)}, {Typed(store.Address)}{Ordering(store.Order)}, align {store.Alignment}");
                break;
            case IrBinary binary:
                _text.Append($"{NameOf(binary.Op)} {Typed(binary.Left)}, {Operand(binary.Right)}");
                break;
            case IrCompare compare:
                _text.Append($"icmp {NameOf(compare.Op)} {Typed(compare.Left)}, {Operand(compare.Right)}");
                break;
            case IrCast cast:
                _text.Append($"{NameOf(cast.Op)} {Typed(cast.Value)} to {cast.Type}");
                break;
            case IrSelect select:
                _text.Append($"select {Typed(select.Condition)}, {Typed(select.WhenTrue)}, {Typed(select.WhenFalse)}");
                break;
            case IrOffset offset:
                _text.Append($"getelementptr {(offset.InBounds ? "inbounds " : "")}i8, {Typed(offset.Address)}, {Typed(offset.Bytes)}");
                break;
            case IrCall call:
                WriteCall(call);
                break;
            case IrIntrinsic intrinsic:
                Declare(intrinsic.Name, intrinsic.Type, intrinsic.Arguments.Select(argument => argument.Type.LlvmName));
                _text.Append($"call {intrinsic.Type} @{intrinsic.Name}({string.Join(", ", intrinsic.Arguments.Select(Typed))})");
                break;
            case IrAssembly assembly:
                _text.Append($"call {assembly.Type} asm sideeffect \"{Escape(assembly.Template)}\", \"{assembly.Constraints}\"({string.Join(", ", assembly.Arguments.Select(Typed))}) #2");
                break;
            case IrCopy copy:
                var copyName = copy.MayOverlap ? "llvm.memmove.p0.p0.i64" : "llvm.memcpy.p0.p0.i64";
                Declare(copyName, IrType.Void, ["ptr", "ptr", "i64", "i1 immarg"]);
                _text.Append(CultureInfo.InvariantCulture, $"call void @{copyName}(ptr align {copy.Alignment} {Operand(copy.Destination)}, ptr align {copy.Alignment} {Operand(copy.Source)}, {Typed(copy.Size)}, i1 {(copy.IsVolatile ? "true" : "false")})");
                break;
            case IrFill fill:
                Declare("llvm.memset.p0.i64", IrType.Void, ["ptr", "i8", "i64", "i1 immarg"]);
                _text.Append(CultureInfo.InvariantCulture, $"call void @llvm.memset.p0.i64(ptr align {fill.Alignment} {Operand(fill.Destination)}, {Typed(fill.Value)}, {Typed(fill.Size)}, i1 false)");
                break;
            case IrAtomic atomic:
                _text.Append(CultureInfo.InvariantCulture, $"atomicrmw {atomic.Operation} {Typed(atomic.Address)}, {Typed(atomic.Value)} seq_cst, align {atomic.Type.Bytes}");
                break;
            case IrCompareExchange exchange:
                _text.Append(CultureInfo.InvariantCulture, $"cmpxchg {Typed(exchange.Address)}, {Typed(exchange.Expected)}, {Typed(exchange.Replacement)} seq_cst seq_cst, align {exchange.Expected.Type.Bytes}");
                break;
            case IrFence fence:
                _text.Append("fence").Append(Ordering(fence.Order));
                break;
            case IrStackAllocate allocate:
                _text.Append(CultureInfo.InvariantCulture, $"alloca i8, {Typed(allocate.Size)}, align {allocate.Alignment}");
                break;
            case IrExtract extract:
                _text.Append(CultureInfo.InvariantCulture, $"extractvalue {Typed(extract.Pair)}, {extract.Index}");
                break;
            case IrBranch branch:
                _text.Append($"br label %{branch.Target.Name}");
                break;
            case IrConditionalBranch branch:
                _text.Append($"br {Typed(branch.Condition)}, label %{branch.WhenTrue.Name}, label %{branch.WhenFalse.Name}");
                _text.Append(branch.Likelihood switch
                {
                    Likelihood.Unlikely => ", !prof !5",
                    Likelihood.Likely => ", !prof !6",
                    _ => "",
                });
                break;
            case IrSwitch choice:
                _text.Append($"switch {Typed(choice.Value)}, label %{choice.Otherwise.Name} [");
                foreach (var (value, target) in choice.Cases)
                {
                    _text.Append(CultureInfo.InvariantCulture, $" {choice.Value.Type} {value}, label %{target.Name}");
                }
                _text.Append(" ]");
                break;
            case IrReturn result:
                _text.Append(result.Value is null ? "ret void" : $"ret {Typed(result.Value)}");
                break;
            case IrUnreachable:
                _text.Append("unreachable");
                break;
            default:
                throw new InvalidOperationException($"{instruction.GetType().Name} cannot be written as LLVM");
        }
        if (scope is not null && _debug!.At(function, instruction.Location) is { } location)
        {
            _text.Append(", !dbg ").Append(location);
        }
        _text.Append('\n');
    }

    private void WriteCall(IrCall call)
    {
        _text.Append("call ");
        if (call.ReturnAttributes.Length > 0)
        {
            _text.Append(call.ReturnAttributes).Append(' ');
        }
        _text.Append(call.Type).Append(' ').Append(Operand(call.Target)).Append('(');
        for (int i = 0; i < call.Arguments.Count; i++)
        {
            var argument = call.Arguments[i];
            var attribute = call.ArgumentAttributes.Count > i ? call.ArgumentAttributes[i] : "";
            _text.Append(i > 0 ? ", " : "").Append(argument.Type).Append(attribute.Length > 0 ? " " + attribute : "").Append(' ').Append(Operand(argument));
        }
        _text.Append(')').Append(call.NoMerge || call.NoReturn ? " #1" : "");
    }

    private void Declare(string name, IrType result, IEnumerable<string> parameters)
    {
        if (!_intrinsics.ContainsKey(name))
        {
            var list = parameters.ToList();
            if (name.StartsWith("llvm.ctlz", StringComparison.Ordinal) || name.StartsWith("llvm.cttz", StringComparison.Ordinal) || name == "llvm.returnaddress")
            {
                list[^1] += " immarg";
            }
            _intrinsics.Add(name, $"declare {result} @{name}({string.Join(", ", list)})");
        }
    }

    private static string Ordering(MemoryOrder order) => order switch
    {
        MemoryOrder.None => "",
        MemoryOrder.Monotonic => " monotonic",
        MemoryOrder.Acquire => " acquire",
        MemoryOrder.Release => " release",
        MemoryOrder.AcquireRelease => " acq_rel",
        _ => " seq_cst",
    };

    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (char c in text)
        {
            escaped.Append(c is '"' or '\\' or < ' ' ? $"\\{(int)c:X2}" : c.ToString());
        }
        return escaped.ToString();
    }

    private static string NameOf(BinaryOp op) => op.ToString().ToLowerInvariant();

    private static string NameOf(CompareOp op) => op switch
    {
        CompareOp.Equal => "eq",
        CompareOp.NotEqual => "ne",
        CompareOp.SignedLess => "slt",
        CompareOp.SignedLessOrEqual => "sle",
        CompareOp.SignedGreater => "sgt",
        CompareOp.SignedGreaterOrEqual => "sge",
        CompareOp.UnsignedLess => "ult",
        CompareOp.UnsignedLessOrEqual => "ule",
        CompareOp.UnsignedGreater => "ugt",
        _ => "uge",
    };

    private static string NameOf(CastOp op) => op switch
    {
        CastOp.Truncate => "trunc",
        CastOp.ZeroExtend => "zext",
        CastOp.SignExtend => "sext",
        CastOp.PointerToInt => "ptrtoint",
        _ => "inttoptr",
    };
}
