using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Llvm;

/// <summary>Instructions, one line each.</summary>
public sealed partial class LlvmWriter
{
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
                _text.Append(CultureInfo.InvariantCulture, $"load {(load.Order != MemoryOrder.None ? "atomic " : "")}{(load.IsVolatile ? "volatile " : "")}{load.Type}, {Typed(load.Address)}{LlvmSpelling.Ordering(load.Order)}, align {load.Alignment}");
                break;
            case IrStore store:
                _text.Append(CultureInfo.InvariantCulture, $"store {(store.Order != MemoryOrder.None ? "atomic " : "")}{(store.IsVolatile ? "volatile " : "")}{Typed(store.Value)}, {Typed(store.Address)}{LlvmSpelling.Ordering(store.Order)}, align {store.Alignment}");
                break;
            case IrBinary binary:
                _text.Append($"{LlvmSpelling.NameOf(binary.Op)} {Typed(binary.Left)}, {Operand(binary.Right)}");
                break;
            case IrCompare compare:
                _text.Append($"icmp {LlvmSpelling.NameOf(compare.Op)} {Typed(compare.Left)}, {Operand(compare.Right)}");
                break;
            case IrCast cast:
                _text.Append($"{LlvmSpelling.NameOf(cast.Op)} {Typed(cast.Value)} to {cast.Type}");
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
                _text.Append($"call {assembly.Type} asm sideeffect \"{LlvmSpelling.Escape(assembly.Template)}\", \"{assembly.Constraints}\"({string.Join(", ", assembly.Arguments.Select(Typed))}) #2");
                break;
            case IrCopy copy:
                var copyName = copy.MayOverlap ? "llvm.memmove.p0.p0.i64" : "llvm.memcpy.p0.p0.i64";
                Declare(copyName, IrType.Void, ["ptr", "ptr", "i64", "i1 immarg"]);
                _text.Append(CultureInfo.InvariantCulture, $"call void @{copyName}(ptr align {copy.Alignment} {Operand(copy.Destination)}, ptr align {copy.Alignment} {Operand(copy.Source)}, {Typed(copy.Size)}, i1 false)");
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
                _text.Append("fence").Append(LlvmSpelling.Ordering(fence.Order));
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
        for (var i = 0; i < call.Arguments.Count; i++)
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
}
