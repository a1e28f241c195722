using System.Collections.Generic;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Loading;

namespace Rvirt.Aot.Resolution;

/// <summary>Finds the methods that code outside calls: <c>[UnmanagedCallersOnly(EntryPoint = "...")]</c>.</summary>
public static class ExportFinder
{
    public static IEnumerable<(IMethod Method, string Symbol)> Find(
        IReadOnlyList<MetadataModule> roots, MethodTable methods, DiagnosticBag diagnostics)
    {
        var seen = new Dictionary<string, IMethod>();
        foreach (var root in roots)
        {
            foreach (var type in root.TypeDefinitions)
            {
                foreach (var method in methods.MethodsOf(type))
                {
                    if (!method.IsStatic || Attributes.Find(method, Attributes.UnmanagedCallersOnly) is not { } attribute)
                    {
                        continue;
                    }
                    if (attribute.Named("EntryPoint") is not string symbol)
                    {
                        continue;
                    }
                    if (!seen.TryAdd(symbol, method))
                    {
                        diagnostics.Add(DiagnosticCode.InvalidExport, $"{method.FullName} and {seen[symbol].FullName} both export {symbol}");
                        continue;
                    }
                    if (method.TypeParameters.Count > 0 || type.TypeParameterCount > 0)
                    {
                        diagnostics.Add(DiagnosticCode.InvalidExport, $"{method.FullName} is generic and cannot be exported");
                        continue;
                    }
                    yield return (method, symbol);
                }
            }
        }
    }
}
