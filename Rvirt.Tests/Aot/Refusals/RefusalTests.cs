using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;
using Rvirt.Aot.Diagnostics;

namespace Rvirt.Tests.Aot.Refusals;

/// <summary>What is outside the subset is refused: with its code, at the user's line, with the calls that reach it.</summary>
public class RefusalTests
{
    private static IEnumerable<string> Exports => ExpectedErrors.All.Keys;

    [TestCaseSource(nameof(Exports))]
    public void IsRefusedAtItsLines(string export)
    {
        var expected = ExpectedErrors.All[export];
        Assert.That(expected, Is.Not.Empty, "nothing is marked");
        var diagnostics = CompiledPrograms.Diagnose(export);
        Assert.That(
            diagnostics.Select(found => $"{Path.GetFileName(found.Location?.File)}:{found.Location?.Line} {found.Code}").Distinct().Order(),
            Is.EqualTo(expected.Select(error => $"{error.File}:{error.Line} {error.Code}").Order()),
            string.Join('\n', diagnostics));
    }

    [TestCaseSource(nameof(Exports))]
    public void NamesTheCallsFromTheExportOn(string export) => Assert.Multiple(() =>
    {
        foreach (var diagnostic in CompiledPrograms.Diagnose(export))
        {
            Assert.That(diagnostic.Chain, Is.Not.Empty, diagnostic.Message);
            Assert.That(diagnostic.Chain[0], Does.StartWith("Rvirt.Tests.AotCases.Refusals."), diagnostic.Message);
            Assert.That(diagnostic.Location!.Column, Is.GreaterThan(1), diagnostic.Message);
        }
    });

    [Test]
    public void WritesErrorsAsMsBuildReadsThem()
    {
        var diagnostic = CompiledPrograms.Diagnose("refuse_object_in_callee").Single();
        var place = ExpectedErrors.All["refuse_object_in_callee"].Single();
        const string Class = "Rvirt.Tests.AotCases.Refusals.ObjectRefusals";
        Assert.That(diagnostic.ToString(), Does.EndWith(
            $"/{place.File}({place.Line},9): error RVA0010: an object of type {Class}.Box would be allocated"
            + $" (reached through {Class}.ObjectInCallee / {Class}.Middle / {Class}.Inner)"));
    }

    [TestCase("refuse_iterator", "Count is an iterator, and each call of one makes an object")]
    [TestCase("refuse_sort", "System.MemoryExtensions.Sort is not for images: it compares through objects or delegates")]
    [TestCase("refuse_hash_code", "System.HashCode starts from a random number of the process")]
    [TestCase("refuse_two_signatures", "imports twice_imported with another signature")]
    public void SaysWhyInOneLine(string export, string reason) => Assert.That(CompiledPrograms.Diagnose(export).Single().Message, Does.Contain(reason));

    [Test]
    public void EveryCodeHasACase()
    {
        var marked = ExpectedErrors.All.Values.SelectMany(errors => errors).Select(error => error.Code);
        Assert.That(marked.Concat(ProgramErrorTests.Codes).Distinct().Order(), Is.EqualTo(Enum.GetValues<DiagnosticCode>().Order()));
    }
}
