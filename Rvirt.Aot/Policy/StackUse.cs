using System;
using System.Collections.Generic;
using System.Linq;
using Rvirt.Aot.Abi;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Policy;

/// <summary>
/// The most stack that an export can use, from the frames that the code generator made. Inlined functions are within their callers'
/// frames, so that the sum over a path of calls is a bound. Recursion has none, and is refused.
/// </summary>
/// <param name="graph">Calls of the program.</param>
/// <param name="frames">Bytes of each function's frame, by symbol; a function that was inlined everywhere has none.</param>
/// <param name="diagnostics">Where errors go.</param>
public sealed class StackUse(CallGraph graph, IReadOnlyDictionary<string, int> frames, DiagnosticBag diagnostics)
{
    private readonly Dictionary<IrFunction, Depth> _known = [];
    private readonly List<IrFunction> _path = [];

    /// <summary>Bytes at most, and the calls that need them.</summary>
    public sealed record Depth(int Bytes, IReadOnlyList<string> Path);

    /// <summary>The deepest path of calls from a function.</summary>
    public Depth Of(IrFunction function)
    {
        if (_known.TryGetValue(function, out var known))
        {
            return known;
        }
        _path.Add(function);
        var deepest = new Depth(0, []);
        foreach (var site in graph.CallsOf(function))
        {
            var start = _path.IndexOf(site.Callee);
            if (start >= 0)
            {
                ReportRecursion(start, site);
                continue;
            }
            var depth = Of(site.Callee);
            deepest = depth.Bytes > deepest.Bytes ? depth : deepest;
        }
        _path.RemoveAt(_path.Count - 1);
        var result = new Depth(frames.GetValueOrDefault(function.Symbol) + deepest.Bytes, [function.DisplayName, .. deepest.Path]);
        _known.Add(function, result);
        return result;
    }

    /// <summary>Checks every export against a limit; the panic that any of them may end in counts too.</summary>
    /// <returns>The deepest export.</returns>
    public Depth Check(IrModule module, int limit)
    {
        var panic = module.Functions.TryGetValue(PanicHandler.Symbol, out var handler) ? Of(handler).Bytes + PanicFrames : 0;
        var deepest = new Depth(0, []);
        foreach (var function in module.Functions.Values.Where(function => function.IsExported && function.Symbol != PanicHandler.Symbol))
        {
            var depth = Of(function) is var own ? own with { Bytes = own.Bytes + panic } : own;
            deepest = depth.Bytes > deepest.Bytes ? depth : deepest;
            if (depth.Bytes > limit)
            {
                diagnostics.Add(new Diagnostic(
                    DiagnosticCode.StackUse,
                    $"{function.Symbol} can use {depth.Bytes} bytes of stack, {panic} of them in a panic; the limit is {limit}",
                    function.Location,
                    depth.Path));
            }
        }
        return deepest;
    }

    /// <summary>Frame of the function between a failed check and the handler.</summary>
    private int PanicFrames => frames.Where(frame => frame.Key.StartsWith("panic.", StringComparison.Ordinal)).Select(frame => frame.Value).DefaultIfEmpty().Max();

    private void ReportRecursion(int start, CallSite site)
    {
        var cycle = _path.Skip(start).Select(function => function.DisplayName).ToList();
        diagnostics.Add(new Diagnostic(
            DiagnosticCode.Recursion,
            $"{site.Callee.DisplayName} calls itself: its use of stack has no bound",
            site.Location,
            [.. _path.Take(start).Select(function => function.DisplayName), .. cycle, site.Callee.DisplayName]));
    }
}
