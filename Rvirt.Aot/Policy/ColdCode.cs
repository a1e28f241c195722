using System.Collections.Generic;
using System.Linq;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Policy;

/// <summary>
/// Sets hot and cold code apart: hot is what exports, and functions whose address is taken, reach without passing through a function marked as
/// cold; the rest is compiled for size.
/// A panic is always cold, as <see cref="CallGraph"/> follows no call that never returns.
/// </summary>
public static class ColdCode
{
    /// <summary>Marks the functions of a module that are compiled for size.</summary>
    public static void Mark(IrModule module, CallGraph calls)
    {
        var hot = new HashSet<IrFunction>();
        var pending = new Stack<IrFunction>(module.Functions.Values.Where(function => function.IsExported).Concat(calls.AddressTaken));
        while (pending.TryPop(out var function))
        {
            if (!function.IsCold && hot.Add(function))
            {
                foreach (var site in calls.CallsOf(function))
                {
                    pending.Push(site.Callee);
                }
            }
        }
        foreach (var function in module.Functions.Values)
        {
            function.IsForSize = !function.IsDeclaration && !hot.Contains(function);
        }
    }
}
