using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Aot;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Llvm;

namespace Rvirt.Tests.Aot.Policy;

/// <summary>What <c>[ColdPath]</c> sets apart is compiled for size, with all that only it reaches; the rest is not.</summary>
public class ColdCodeTests
{
    private const string Class = "Rvirt.Tests.AotCases.Refusals.ColdPrograms.";

    /// <summary>The attributes that each function has in LLVM assembly, by its name without that of the class.</summary>
    private static Dictionary<string, string> Compile(string export)
    {
        var diagnostics = new DiagnosticBag();
        var compiler = new ProgramCompiler(CompiledPrograms.Loaded, diagnostics);
        compiler.Run(export);
        Assert.That(diagnostics.All, Is.Empty);
        return Regex.Matches(LlvmWriter.Write(compiler.Module, debug: false), @"^define [^@]*@""?([^""(]+)""?\([^\n]*\) (?:unnamed_addr )?#0([^\n{]*)", RegexOptions.Multiline)
            .ToDictionary(match => match.Groups[1].Value.Replace(Class, "", System.StringComparison.Ordinal), match => match.Groups[2].Value);
    }

    private static IEnumerable<string> ForSize(Dictionary<string, string> functions) =>
        functions.Where(function => Regex.IsMatch(function.Value, @"\bminsize optsize\b")).Select(function => function.Key);

    [Test]
    public void WhatOnlyColdCodeReachesIsForSize()
    {
        var functions = Compile("cold_mixed");
        Assert.That(ForSize(functions), Is.EquivalentTo(["Cold", "Behind", "Rare.Method", "Rare.Inner.Nested"]));
        Assert.That(functions.Keys.Except(ForSize(functions)), Is.SupersetOf(["cold_mixed", "Hot", "Shared"]));
    }

    [Test]
    public void ColdCodeDoesNotBecomePartOfItsCallers() => Assert.Multiple(() =>
    {
        foreach (var (name, attributes) in Compile("cold_mixed").Where(function => function.Key is "Cold" or "Rare.Method" or "Rare.Inner.Nested"))
        {
            Assert.That(attributes, Does.Match(@"\bnoinline\b.*\bcold\b").And.Not.Contain("alwaysinline"), name);
        }
    });

    [Test]
    public void WhatAPointerMayReachIsNotCold() => Assert.That(ForSize(Compile("cold_by_pointer")), Is.EquivalentTo(["Cold", "Behind"]));

    [Test]
    public void WhatAssemblyMayCallIsNotCold() => Assert.That(ForSize(Compile("cold_by_assembly")), Is.Empty);

    [Test]
    public void TheSuiteIsCompiledForSpeed() => Assert.That(
        File.ReadLines(Path.Combine(CompiledPrograms.LlvmOf(Suite.TargetRun.At("2").Image), "image.ll"))
            .Where(line => Regex.IsMatch(line, @"^define .*\.Cases\.\w+Cases\..*minsize")), Is.Empty);

    [Test]
    public void AnExportCanBeCold() => Assert.That(ForSize(Compile("cold_export")), Is.EquivalentTo(["cold_export", "Behind"]));
}
