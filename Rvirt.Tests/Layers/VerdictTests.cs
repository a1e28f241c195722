using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>The verdict of a test is the same on a busy machine and on one that lacks a tool: what could make it another is not in the sources.</summary>
public sealed partial class VerdictTests
{
    private const string This = "Rvirt.Tests/Layers/VerdictTests.cs";

    // Commands that run for as long as a person likes; they only tell how long it took.
    private static readonly string[] s_commands = ["Rvirt.Desktop/Running/", "Rvirt.Fuzz/Commands/", "Rvirt.Tests/Lockstep/LockstepCommand.cs"];

    // Each waits for something that happens for sure, and its clock only ends what hangs.
    private static readonly string[] s_waits =
        [
            "Rvirt.Tests/SystemTests/Patience.cs", "Rvirt.Tests/SystemTests/QemuMachine.cs", "Rvirt.Tests/SystemTests/DebianGuestTests.cs",
            "Rvirt.Tests/Hostile/RacingTests.cs",
        ];

    private static IEnumerable<(string Name, string Text)> Sources() => ProductSources.Judges.SelectMany(project => ProductSources.Files(project))
        .Select(file => (Name: Path.GetRelativePath(Repository.Top, file), File: file))
        .Where(file => file.Name != This)
        .Select(file => (file.Name, File.ReadAllText(file.File)));

    private static void ExpectNowhere(Regex pattern, Func<string, bool>? allowed = null) => Assert.That(
        Sources().Where(source => allowed?.Invoke(source.Name) != true)
            .SelectMany(source => pattern.Matches(source.Text).Select(match => $"{source.Name}: {match.Value}")),
        Is.Empty);

    [Test]
    public void NoTestLooksAtAClock()
    {
        Assert.That(Sources().Select(source => source.Name), Is.SupersetOf(s_waits));
        ExpectNowhere(Clock(), name => s_waits.Contains(name) || s_commands.Any(command => name.StartsWith(command, StringComparison.Ordinal)));
    }

    [Test]
    public void EveryWaitTakesMinutesBeforeItFails()
    {
        Assert.That(Patience.For(0.001), Is.GreaterThanOrEqualTo(TimeSpan.FromMinutes(10)));
        Assert.That(Patience.For(300), Is.GreaterThanOrEqualTo(TimeSpan.FromMinutes(10)));
        ExpectNowhere(ShortWait());
    }

    [Test]
    public void TestsThatShareAMachineFollowEachOtherInOneLine()
    {
        // Where two follow the same one, the second may come after the last of the line, when the machine is gone.
        var followed = Sources().SelectMany(source => Follows().Matches(source.Text).Select(match => (source.Name, Before: match.Groups[1].Value))).ToList();
        Assert.That(followed, Is.Not.Empty);
        Assert.That(followed, Is.Unique);
    }

    [Test]
    public void AFixtureThatRunsAloneSaysWhy() => ExpectNowhere(AloneWithoutReason());

    [Test]
    public void NoTestSkipsItself() => ExpectNowhere(SkippedTest());

    [GeneratedRegex(@"DependsOnTest\(nameof\((\w+)\)")]
    private static partial Regex Follows();

    [GeneratedRegex(@"\bStopwatch\b|\bThread\.Sleep\b|\bTask\.Delay\b|\bSpinWait\b|\bDate(Time|TimeOffset)\.(Utc)?Now\b|\bTickCount(64)?\b|\bTotalProcessorTime\b")]
    private static partial Regex Clock();

    // The line above it has no reason.
    [GeneratedRegex(@"(?<!// Alone: .+\n\s*)\[NonParallelizable\]")]
    private static partial Regex AloneWithoutReason();

    // A number of its own, without Patience.
    [GeneratedRegex(@"\b(Join|Wait|WaitOne|CancelAfter)\([\d_]+\)|rocess\.WaitForExit\((?!Patience|\))|\b(Receive|Send)Timeout = [\d_]+|\[(Timeout|MaxTime|CancelAfter)\(")]
    private static partial Regex ShortWait();

    [GeneratedRegex(@"\bAssert\.(Ignore|Inconclusive)\b|\bAssume\.|\[[^\]\n]*\b(Ignore|Explicit)\b|\bIgnore = ")]
    private static partial Regex SkippedTest();
}
