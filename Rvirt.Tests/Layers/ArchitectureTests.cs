using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>What docs/architecture.md counts up is all that the code has.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Repository.Top, "docs", "architecture.md"));

    [Test]
    public void EveryOutcomeOfATrapIsNamedInItsOrder() =>
        Assert.That(Named("Each part ends in one of these outcomes (`TrapOutcome`): "), Is.EqualTo(Enum.GetNames<TrapOutcome>()));

    [Test]
    public void EveryPartOfTheHostIsNamed() => Assert.That(
        Named("through `IHost`, which is the sum of small interfaces: "),
        Is.EquivalentTo(typeof(IHost).GetInterfaces().Where(part => part != typeof(ITrapHost)).Select(part => part.Name)));

    [Test]
    public void EveryMemberOfAModeIsNamed() =>
        Assert.That(Named("brings a struct that implements `IExecutionMode`:\n"), Is.EquivalentTo(typeof(IExecutionMode<>).GetMethods().Select(method => method.Name)));

    // What stands in code between these words and the end of their sentence, which is the end of a line.
    private static string[] Named(string words)
    {
        var sentence = s_page.Split(words)[^1].Split(".\n")[0];
        return [.. Name().Matches(sentence).Select(match => match.Groups[1].Value)];
    }

    [GeneratedRegex("`([A-Z][A-Za-z]+)`")]
    private static partial Regex Name();
}
