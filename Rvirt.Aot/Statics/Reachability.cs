using System.Collections.Generic;
using System.Linq;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Naming;

namespace Rvirt.Aot.Statics;

/// <summary>Keeps what the exports reach, and refuses allocations there: only code evaluated at compile time may allocate.</summary>
public sealed class Reachability(ProgramCompiler program)
{
    private readonly Dictionary<string, (string? From, IrLocation? At)> _reachedFrom = [];
    private readonly Queue<string> _queue = [];

    public void Run()
    {
        foreach (var function in program.Module.Functions.Values.Where(function => function.IsExported))
        {
            Reach(function.Symbol, null, null);
        }
        while (_queue.TryDequeue(out var symbol))
        {
            if (program.Module.Functions.TryGetValue(symbol, out var function))
            {
                Scan(function);
            }
            else if (program.Module.Globals.TryGetValue(symbol, out var global))
            {
                foreach (var relocation in global.Relocations)
                {
                    Reach(relocation.Symbol, symbol, null);
                }
            }
        }
        foreach (var symbol in program.Module.Functions.Keys.Where(symbol => !_reachedFrom.ContainsKey(symbol)).ToList())
        {
            program.Module.Functions.Remove(symbol);
        }
        foreach (var symbol in program.Module.Globals.Keys.Where(symbol => !_reachedFrom.ContainsKey(symbol)).ToList())
        {
            program.Module.Globals.Remove(symbol);
        }
    }

    private void Reach(string symbol, string? from, IrLocation? at)
    {
        if (_reachedFrom.TryAdd(symbol, (from, at)))
        {
            _queue.Enqueue(symbol);
        }
    }

    private void Scan(IrFunction function)
    {
        foreach (var instruction in function.Blocks.SelectMany(block => block.Instructions))
        {
            if (instruction is IrAllocate allocate)
            {
                program.Diagnostics.Add(new Diagnostic(
                    DiagnosticCode.Allocation,
                    allocate.Length is null
                        ? $"an object of type {NameBuilder.Of(allocate.Element.Type)} would be allocated"
                        : $"an array of {NameBuilder.Of(allocate.Element.Type)} would be allocated",
                    allocate.Location ?? LocationOf(function.Symbol),
                    Chain(function.Symbol)));
            }
            foreach (var operand in instruction.Operands)
            {
                if (operand is IrSymbol symbol)
                {
                    Reach(symbol.Name, function.Symbol, instruction.Location);
                }
            }
        }
    }

    /// <summary>The innermost line with a source on the way to a function.</summary>
    private IrLocation? LocationOf(string symbol)
    {
        for (var current = symbol; current is not null; current = _reachedFrom[current].From)
        {
            if (_reachedFrom[current].At is { } location)
            {
                return location;
            }
        }
        return null;
    }

    private List<string> Chain(string symbol)
    {
        var chain = new List<string>();
        for (var current = symbol; current is not null; current = _reachedFrom[current].From)
        {
            chain.Add(program.Module.Functions.TryGetValue(current, out var function) ? function.DisplayName : current);
        }
        chain.Reverse();
        return chain;
    }
}
