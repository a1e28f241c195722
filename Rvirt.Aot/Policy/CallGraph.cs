using System.Collections.Generic;
using System.Linq;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Policy;

/// <summary>A call in a function: the callee, and the line.</summary>
public readonly record struct CallSite(IrFunction Callee, IrLocation? Location);

/// <summary>Who calls whom. A call through a pointer may reach every function of its signature whose address is taken.</summary>
public sealed class CallGraph
{
    private readonly Dictionary<IrFunction, IReadOnlyList<CallSite>> _calls = [];

    public CallGraph(IrModule module)
    {
        var taken = AddressesTaken(module);
        AddressTaken = taken;
        foreach (var function in module.Functions.Values)
        {
            _calls.Add(function, [.. Sites(module, function, taken)]);
        }
    }

    /// <summary>Functions whose address is taken: who has it can call them, assembly too.</summary>
    public IReadOnlyList<IrFunction> AddressTaken { get; }

    /// <summary>Calls a function makes; calls that never return, which all end in a panic, are left out.</summary>
    public IReadOnlyList<CallSite> CallsOf(IrFunction function) => _calls[function];

    private static IEnumerable<CallSite> Sites(IrModule module, IrFunction function, IReadOnlyList<IrFunction> taken)
    {
        foreach (var call in function.Blocks.SelectMany(block => block.Instructions).OfType<IrCall>().Where(call => !call.NoReturn))
        {
            if (call.Target is IrSymbol { Name: var name } && module.Functions.TryGetValue(name, out var callee))
            {
                yield return new CallSite(callee, call.Location);
                continue;
            }
            foreach (var candidate in taken.Where(candidate => Fits(call, candidate)))
            {
                yield return new CallSite(candidate, call.Location);
            }
        }
    }

    private static bool Fits(IrCall call, IrFunction function) =>
        call.Type.Matches(function.ReturnType)
        && call.Arguments.Select(argument => argument.Type.LlvmName).SequenceEqual(function.Parameters.Select(parameter => parameter.Type.LlvmName));

    private static List<IrFunction> AddressesTaken(IrModule module)
    {
        var names = new HashSet<string>(module.Globals.Values.SelectMany(global => global.Relocations).Select(relocation => relocation.Symbol));
        foreach (var instruction in module.Functions.Values.SelectMany(function => function.Blocks).SelectMany(block => block.Instructions))
        {
            var values = instruction is IrCall call ? call.Arguments : instruction.Operands;
            names.UnionWith(values.OfType<IrSymbol>().Select(symbol => symbol.Name));
        }
        return [.. module.Functions.Values.Where(function => names.Contains(function.Symbol))];
    }
}
