using System.Collections.Generic;

namespace Rvirt.Aot.Ir;

/// <summary>Checks that IR is well formed: what fails here is a fault of the compiler, never of the program compiled.</summary>
public static class IrVerifier
{
    /// <summary>Lists every violation in the module; empty when it is well formed.</summary>
    public static IReadOnlyList<string> Verify(IrModule module)
    {
        var errors = new List<string>();
        foreach (var function in module.Functions.Values)
        {
            VerifyFunction(module, function, errors);
        }
        foreach (var global in module.Globals.Values)
        {
            if (global.Data is { } data && data.Length != global.Size)
            {
                errors.Add($"{global.Symbol}: {data.Length} bytes of data for a size of {global.Size}");
            }
            foreach (var relocation in global.Relocations)
            {
                if (!IsDefined(module, relocation.Symbol))
                {
                    errors.Add($"{global.Symbol}: relocation against unknown symbol {relocation.Symbol}");
                }
                if (relocation.Offset < 0 || relocation.Offset + 8 > global.Size)
                {
                    errors.Add($"{global.Symbol}: relocation at {relocation.Offset} does not fit");
                }
            }
        }
        return errors;
    }

    private static bool IsDefined(IrModule module, string symbol) =>
        module.Functions.ContainsKey(symbol) || module.Globals.ContainsKey(symbol);

    private static void VerifyFunction(IrModule module, IrFunction function, List<string> errors)
    {
        var blocks = new HashSet<IrBlock>(function.Blocks);
        var defined = new HashSet<IrValue>(function.Slots);
        defined.UnionWith(function.Parameters);
        foreach (var block in function.Blocks)
        {
            defined.UnionWith(block.Instructions);
        }
        foreach (var block in function.Blocks)
        {
            void Report(string text) => errors.Add($"{function.DisplayName}, block {block.Name}: {text}");
            if (block.Terminator is null)
            {
                Report("no terminator");
            }
            var pending = new HashSet<IrValue>(block.Instructions);
            for (var i = 0; i < block.Instructions.Count; i++)
            {
                var instruction = block.Instructions[i];
                if (instruction.IsTerminator && i != block.Instructions.Count - 1)
                {
                    Report("terminator before the end");
                }
                foreach (var operand in instruction.Operands)
                {
                    if (operand is IrInstruction or IrSlot or IrParameter && !defined.Contains(operand))
                    {
                        Report($"{instruction.GetType().Name} uses a value of another function");
                    }
                    else if (pending.Contains(operand))
                    {
                        Report($"{instruction.GetType().Name} uses a value that comes later");
                    }
                    if (operand is IrSymbol symbol && !IsDefined(module, symbol.Name))
                    {
                        Report($"unknown symbol {symbol.Name}");
                    }
                    if (operand.Type.IsVoid)
                    {
                        Report($"{instruction.GetType().Name} uses a value of type void");
                    }
                }
                pending.Remove(instruction);
                if (CheckTypes(module, function, instruction) is { } text)
                {
                    Report(text);
                }
                if (instruction is IrTerminator terminator)
                {
                    foreach (var successor in terminator.Successors)
                    {
                        if (!blocks.Contains(successor))
                        {
                            Report($"branch to a block that is not in the function: {successor.Name}");
                        }
                    }
                }
            }
        }
    }

    private static string? CheckTypes(IrModule module, IrFunction function, IrInstruction instruction) => instruction switch
    {
        IrLoad { Address.Type.IsPointer: false } => "load from a value that is no pointer",
        IrStore { Address.Type.IsPointer: false } => "store to a value that is no pointer",
        IrBinary binary when !binary.Left.Type.Matches(binary.Right.Type) || !binary.Left.Type.IsInteger =>
            $"{binary.Op} of {binary.Left.Type} and {binary.Right.Type}",
        IrCompare compare when !compare.Left.Type.Matches(compare.Right.Type) => $"compare of {compare.Left.Type} and {compare.Right.Type}",
        IrCast cast => CheckCast(cast),
        IrOffset offset when !offset.Address.Type.IsPointer || !offset.Bytes.Type.Matches(IrType.I64) =>
            $"offset of {offset.Address.Type} by {offset.Bytes.Type}",
        IrCall { Target: IrSymbol target } call when module.Functions.TryGetValue(target.Name, out var callee) => CheckCall(call, callee),
        IrCopy copy when !copy.Destination.Type.IsPointer || !copy.Source.Type.IsPointer || !copy.Size.Type.Matches(IrType.I64) => "copy of wrong types",
        IrFill fill when !fill.Destination.Type.IsPointer || fill.Value.Type != IrType.I8 || !fill.Size.Type.Matches(IrType.I64) => "fill of wrong types",
        IrExtract { Pair.Type.IsPair: false } => "extract from a value that is no pair",
        IrAtomic { Address.Type.IsPointer: false } or IrCompareExchange { Address.Type.IsPointer: false } => "atomic on a value that is no pointer",
        IrCompareExchange exchange when !exchange.Expected.Type.Matches(exchange.Replacement.Type) => "compare-exchange of different types",
        IrStackAllocate allocate when !allocate.Size.Type.Matches(IrType.I64) => $"stack allocation of {allocate.Size.Type} bytes",
        IrConditionalBranch branch when branch.Condition.Type != IrType.I1 => $"branch on {branch.Condition.Type}",
        IrSwitch { Value.Type.IsInteger: false } => "switch on a value that is no integer",
        IrReturn ret when !(ret.Value?.Type ?? IrType.Void).Matches(function.ReturnType) =>
            $"returns {ret.Value?.Type ?? IrType.Void} from a function of type {function.ReturnType}",
        _ => null,
    };

    private static string? CheckCast(IrCast cast)
    {
        var (from, to) = (cast.Value.Type, cast.Type);
        var valid = cast.Op switch
        {
            CastOp.Truncate => from.IsInteger && to.IsInteger && from.Bits > to.Bits,
            CastOp.ZeroExtend or CastOp.SignExtend => from.IsInteger && to.IsInteger && from.Bits < to.Bits,
            CastOp.PointerToInt => from.IsPointer && to.IsInteger,
            CastOp.IntToPointer => from.IsInteger && to.IsPointer,
            _ => false,
        };
        return valid ? null : $"{cast.Op} from {from} to {to}";
    }

    private static string? CheckCall(IrCall call, IrFunction callee)
    {
        if (!call.Type.Matches(callee.ReturnType))
        {
            return $"call of {callee.DisplayName} expects {call.Type}, the function returns {callee.ReturnType}";
        }
        if (call.Arguments.Count != callee.Parameters.Count)
        {
            return $"call of {callee.DisplayName} with {call.Arguments.Count} arguments, not {callee.Parameters.Count}";
        }
        for (var i = 0; i < call.Arguments.Count; i++)
        {
            if (!call.Arguments[i].Type.Matches(callee.Parameters[i].Type))
            {
                return $"call of {callee.DisplayName}: argument {i} is {call.Arguments[i].Type}, not {callee.Parameters[i].Type}";
            }
        }
        return null;
    }
}
