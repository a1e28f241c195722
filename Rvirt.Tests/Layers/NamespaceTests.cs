using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using NUnit.Framework;

namespace Rvirt.Tests.Layers;

/// <summary>
/// No two namespaces of the product depend on each other, nor do any through others: whoever reads one reads what is below it and need not come back.
/// What counts is what a declaration or a body names, constants and the types of expressions among it; documentation does not.
/// </summary>
public sealed class NamespaceTests
{
    // The compiler's parts share one worklist, and each is handed it: a method that is lowered finds further methods, statics and strings to compile,
    // an intrinsic is lowered by whoever lowers the call, and an initializer that is evaluated brings data along. They are one algorithm in four folders.
    private static readonly string[] s_oneAlgorithm = ["Rvirt.Aot", "Rvirt.Aot.Intrinsics", "Rvirt.Aot.Lowering", "Rvirt.Aot.Statics"];

    private static readonly Lazy<Dictionary<string, Dictionary<string, string>>> s_edges = new(() => Edges(ProductSources.Packages.Concat(ProductSources.Programs)));

    [Test]
    public void NoTwoNamespacesDependOnEachOther()
    {
        var pairs = s_edges.Value.SelectMany(from => from.Value.Keys
            .Where(to => string.CompareOrdinal(from.Key, to) < 0 && s_edges.Value.TryGetValue(to, out var back) && back.ContainsKey(from.Key) && !IsArgued(from.Key, to))
            .Select(to => $"{from.Key} <-> {to}: {from.Value[to]}, {s_edges.Value[to][from.Key]}"));
        Assert.That(pairs, Is.Empty);
    }

    [Test]
    public void NoNamespaceReachesItselfThroughOthers()
    {
        var circles = s_edges.Value.Keys.Where(name => !s_oneAlgorithm.Contains(name) && Reached(name).Contains(name));
        Assert.That(circles, Is.Empty);
    }

    [Test]
    public void WhatIsArguedIsSo() =>
        Assert.That(s_oneAlgorithm.Skip(1).Where(name => !s_edges.Value[name].ContainsKey(s_oneAlgorithm[0]) || !s_edges.Value[s_oneAlgorithm[0]].ContainsKey(name)), Is.Empty);

    // Each of these is there in one way only, and seen by what it rests on alone.
    [TestCase("Rvirt.Core.Traps", "Rvirt.Core.Sbi", Description = "a call in a body")]
    [TestCase("Rvirt.Mmu", "Rvirt.Core.Privileged", Description = "constants")]
    [TestCase("Rvirt.Hypervisor.Setup", "Rvirt.Hypervisor.VirtualMachines", Description = "fields behind a pointer")]
    [TestCase("Rvirt.Boot.Host", "Rvirt.Boot.Firmware", Description = "fields of a struct")]
    [TestCase("Rvirt.Reference.Devices", "Rvirt.Reference.Harts", Description = "the type of a primary constructor's parameter, and what is called on it")]
    public void ADependencyIsSeen(string from, string to) => Assert.That(s_edges.Value[from].Keys, Does.Contain(to));

    [Test]
    public void ANamespaceIsAFolder()
    {
        var strangers = ProductSources.Program.SyntaxTrees
            .Select(tree => (tree.FilePath, Name: tree.GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()?.Name.ToString()))
            .Where(file => file.Name is not null && file.Name != Path.GetDirectoryName(file.FilePath)!.Replace('/', '.')).Select(file => $"{file.FilePath}: {file.Name}");
        Assert.That(strangers, Is.Empty);
    }

    private static bool IsArgued(string a, string b) => s_oneAlgorithm.Contains(a) && s_oneAlgorithm.Contains(b);

    private static HashSet<string> Reached(string from)
    {
        var seen = new HashSet<string>();
        var pending = new Stack<string>([from]);
        while (pending.TryPop(out var name))
        {
            foreach (var to in s_edges.Value.TryGetValue(name, out var all) ? all.Keys.Where(to => !IsArgued(name, to)) : [])
            {
                if (seen.Add(to))
                {
                    pending.Push(to);
                }
            }
        }

        return seen;
    }

    // From namespace to namespace, with one place that shows it.
    private static Dictionary<string, Dictionary<string, string>> Edges(IEnumerable<string> projects)
    {
        var edges = new Dictionary<string, Dictionary<string, string>>();
        foreach (var tree in ProductSources.Program.SyntaxTrees.Where(tree => projects.Contains(tree.FilePath.Split('/')[0])))
        {
            var model = ProductSources.Program.GetSemanticModel(tree);
            if (tree.GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()?.Name.ToString() is not { } from)
            {
                continue;
            }

            edges.TryAdd(from, []);
            foreach (var (node, symbol) in ProductSources.Uses(tree, model))
            {
                if (ProductSources.NamespaceOf(symbol) is { } to && to != from)
                {
                    edges[from].TryAdd(to, $"{tree.FilePath}:{node.GetLocation().GetLineSpan().StartLinePosition.Line + 1} ({symbol.Name})");
                }
            }
        }

        return edges;
    }
}
