using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using CsCheck;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>The verdict of a test is the same on a busy machine and on one that lacks a tool: what could make it another is not in the sources.</summary>
public sealed partial class VerdictTests
{
    private const string This = "Rvirt.Tests/Layers/VerdictTests.cs";

    // How long, as a number of its own, without Patience.
    private const string Span = @"(?:[\d_]+|(?:System\.)?TimeSpan\.From\w+\([^()\n]*\)|new (?:System\.)?TimeSpan\([^()\n]*\))";

    // Commands that run for as long as a person likes; they only tell how long it took.
    private static readonly string[] s_commands = ["Rvirt.Desktop/Running/", "Rvirt.Fuzz/Commands/", "Rvirt.Tests/Lockstep/LockstepCommand.cs"];

    // Each waits for something that happens for sure, and its clock only ends what hangs.
    private static readonly string[] s_waits =
        [
            "Rvirt.Tests/SystemTests/Patience.cs", "Rvirt.Tests/SystemTests/QemuMachine.cs", "Rvirt.Tests/SystemTests/DebianGuestTests.cs",
            "Rvirt.Tests/Hostile/RacingTests.cs",
        ];

    // What makes its draws repeatable, and who takes a port at random.
    private static readonly string[] s_draws = ["Rvirt.Tests/Property.cs", "Rvirt.Tests/SystemTests/HostPorts.cs"];

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

    [TestCase("other.Join(100)", true)]
    [TestCase("other.Join(TimeSpan.FromMilliseconds(100))", true)]
    [TestCase("other.Join(new TimeSpan(0, 0, 1))", true)]
    [TestCase("other.Join()", false)]
    [TestCase("other.Join(Patience.Least)", false)]
    [TestCase("string.Join(\", \", words)", false)]
    [TestCase("done.Wait(1_000)", true)]
    [TestCase("done.Wait(System.TimeSpan.FromSeconds(1), token)", true)]
    [TestCase("Task.WaitAll(tasks, 1000)", true)]
    [TestCase("Task.WaitAll(reading, writing)", false)]
    [TestCase("Monitor.Wait(_serial, 500)", true)]
    [TestCase("Monitor.Wait(_serial, left)", false)]
    [TestCase("Monitor.TryEnter(gate, TimeSpan.FromSeconds(1))", true)]
    [TestCase("turn.WaitOne(TimeSpan.FromSeconds(1))", true)]
    [TestCase("task.WaitAsync(\n    TimeSpan.FromSeconds(1))", true)]
    [TestCase("task.WaitAsync(Patience.For(1))", false)]
    [TestCase("SpinWait.SpinUntil(() => Seen(1), 1000)", true)]
    [TestCase("new CancellationTokenSource(1000)", true)]
    [TestCase("new CancellationTokenSource(TimeSpan.FromSeconds(1))", true)]
    [TestCase("CancellationTokenSource source = new(limit)", true)]
    [TestCase("new CancellationTokenSource()", false)]
    [TestCase("new CancellationTokenSource(Patience.Least)", false)]
    [TestCase("source.CancelAfter(TimeSpan.FromSeconds(1))", true)]
    [TestCase("source.CancelAfter(Patience.Least)", false)]
    [TestCase("[Test, CancelAfter(1000)]", true)]
    [TestCase("[Timeout(1000)]", true)]
    [TestCase("process.WaitForExit(1000)", true)]
    [TestCase("process.WaitForExit(limit)", true)]
    [TestCase("tool.WaitForExit(5_000)", true)]
    [TestCase("tool.WaitForExitAsync(TimeSpan.FromSeconds(1))", true)]
    [TestCase("tool.WaitForExit()", false)]
    [TestCase("qemu.WaitForExit(60)", false, Description = "seconds of an idle machine, which QemuMachine stretches")]
    [TestCase("Assert.That(() => Seen(1), Is.True.After(1000))", true)]
    [TestCase("_socket.ReceiveTimeout = 1000", true)]
    [TestCase("new HttpClient { Timeout = TimeSpan.FromSeconds(1) }", true)]
    [TestCase("new HttpClient { Timeout = Patience.Least }", false)]
    public void AShortWaitIsSeen(string code, bool seen) => Assert.That(ShortWait().IsMatch(code), Is.EqualTo(seen));

    [TestCase("await Task.Delay(100)", true)]
    [TestCase("new Timer(_ => Kill(), null, 1000, 0)", true)]
    [TestCase("new System.Timers.Timer(1000)", true)]
    [TestCase("new PeriodicTimer(TimeSpan.FromSeconds(1))", true)]
    [TestCase("new AlarmTimer(1)", false)]
    public void AClockIsSeen(string code, bool seen) => Assert.That(Clock().IsMatch(code), Is.EqualTo(seen));

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

    /// <summary>A guest that goes down while its server still has the session leaves the client waiting: <see cref="Ssh.RunToTheEnd"/> sees to the order.</summary>
    [Test]
    public void NoGuestGoesDownBeforeItsSessionHasEnded() => ExpectNowhere(EndUnderItsSession());

    [TestCase("Guest.Run(\"sync; (sleep 1; echo b > /proc/sysrq-trigger) &\")", true)]
    [TestCase("guest.Run($\"cd /; poweroff\")", true)]
    [TestCase("Guest.RunToTheEnd(\"echo b > /proc/sysrq-trigger\")", false)]
    [TestCase("Guest.RunToTheEnd(\"(sleep 1; reboot) &\")", true)]
    public void AnEndUnderASessionIsSeen(string code, bool seen) => Assert.That(EndUnderItsSession().IsMatch(code), Is.EqualTo(seen));

    [Test]
    public void PropertiesAreTriedWithTheSameValuesInEachRun() => ExpectNowhere(
        DrawnByTheClock(),
        name => s_draws.Contains(name) || s_commands.Any(command => name.StartsWith(command, StringComparison.Ordinal)));

    [Test]
    public void APropertyHasTheSameManyDifferentValues()
    {
        var first = Values();
        Assert.That(Values(), Is.EqualTo(first));
        Assert.That(first.Distinct().Count(), Is.GreaterThan(first.Count / 2));

        static List<int> Values()
        {
            List<int> values = [];
            Gen.Int.ForAll(values.Add, iter: 1000);
            return values;
        }
    }

    [Test]
    public void APropertyThatFailsSaysBySeedWithWhich() => Assert.That(
        () => Gen.Int.ForAll(value => value % 64 != 0, iter: 1000),
        Throws.TypeOf<CsCheckException>().With.Message.Match(@"CsCheck_Seed ?= ?""?\w+"));

    /// <summary>
    /// Where <c>pipefail</c> holds, a command that stops reading early fails the pipe by chance: what feeds it is ended by a signal if it writes once more.
    /// </summary>
    [Test]
    public void NoPipeOfAScriptIsReadInPart()
    {
        string[] scripts = [.. Directory.GetFiles(Path.Combine(Repository.Top, "guests"), "*.sh"), Path.Combine(Repository.Top, ".ci/run"), Path.Combine(Repository.Top, "guests/bench/Makefile"), Path.Combine(Repository.Top, "Makefile")];
        Assert.That(scripts, Has.Length.GreaterThan(8));
        Assert.That(
            scripts.SelectMany(script => File.ReadLines(script).Where(line => PipeReadInPart().IsMatch(line)).Select(line => $"{Path.GetRelativePath(Repository.Top, script)}: {line.Trim()}")),
            Is.Empty);
    }

    [TestCase("tr - _ <file | grep -q name", true)]
    [TestCase("tr - _ <file | grep -oqE name", true)]
    [TestCase("list | grep --quiet name && x", true)]
    [TestCase("list | grep -m1 name", true)]
    [TestCase("list | head -n1)", true)]
    [TestCase("list | sed -n '1p;1q'", true)]
    [TestCase("list | sed 5q", true)]
    [TestCase("list | awk '$1 == x { print; exit }'", true)]
    [TestCase("list | grep name >/dev/null", false)]
    [TestCase("list | grep -oE 'q-name'", false)]
    [TestCase("grep -q name file || die", false)]
    [TestCase("x=$(awk '{ print; exit }' file)", false)]
    [TestCase("list | sed -n 1p", false)]
    [TestCase("list | sed 's/query/q/'", false)]
    [TestCase("list | tail -n 1", false)]
    public void APipeReadInPartIsSeen(string line, bool seen) => Assert.That(PipeReadInPart().IsMatch(line), Is.EqualTo(seen));

    [Test]
    public void NoTestSkipsItself() => ExpectNowhere(SkippedTest());

    [GeneratedRegex(@"(?<!\|)\|(?!\|)\s*(?:grep\s+(?:-\S+\s+)*(?:-[a-zA-Z]*[qm]|--quiet|--max-count)|head\b|sed\s+(?:-\S+\s+)*'?[^'|]*\d+q\b|awk\b[^|]*\bexit\b)")]
    private static partial Regex PipeReadInPart();

    [GeneratedRegex(@"\.Sample\w*\(|\bnew Random\(\)|\bRandom\.Shared\b|\bThreadPCG\b")]
    private static partial Regex DrawnByTheClock();

    [GeneratedRegex(@"DependsOnTest\(nameof\((\w+)\)")]
    private static partial Regex Follows();

    [GeneratedRegex(@"\bStopwatch\b|\bThread\.Sleep\b|\bTask\.Delay\b|\bSpinWait\b|\bDate(Time|TimeOffset)\.(Utc)?Now\b|\bTickCount(64)?\b|\bTotalProcessorTime\b|\bnew (System\.)?(Threading\.|Timers\.)?(Periodic)?Timer\(")]
    private static partial Regex Clock();

    // The line above it has no reason.
    [GeneratedRegex(@"(?<!// Alone: .+\n\s*)\[NonParallelizable\]")]
    private static partial Regex AloneWithoutReason();

    // A thread's end; whatever else waits, behind other arguments too; what takes nothing but a time; a program's end, in milliseconds; settings and attributes.
    [GeneratedRegex(
        @"\bJoin\(\s*" + Span + @"\s*\)"
        + @"|\b(?:Wait|WaitOne|WaitAny|WaitAll|WaitAsync|TryEnter|SpinUntil)\(\s*(?:[^;\n]*,\s*)?" + Span + @"\s*[,)]"
        + @"|\b(?:CancelAfter\(|CancellationTokenSource(?:\(|\??\s\w+ = new\())(?!\s*(?:\)|Patience))|\.After\(\s*" + Span
        + @"|rocess\.WaitForExit\((?!Patience|\))|\bWaitForExit(?:Async)?\(\s*(?:[\d_]{4,}|(?:System\.)?TimeSpan\.|new )"
        + @"|\b\w*Timeout = " + Span + @"|\[(?:[^\]\n]*\W)?(?:Timeout|MaxTime|CancelAfter)\(")]
    private static partial Regex ShortWait();

    // Said at once, or after a time by a clock.
    [GeneratedRegex(@"\bRun\(\$?""[^""\n]*\b(?:sysrq-trigger|poweroff|reboot)\b|\bRunToTheEnd\(\$?""[^""\n]*\bsleep\b")]
    private static partial Regex EndUnderItsSession();

    [GeneratedRegex(@"\bAssert\.(Ignore|Inconclusive)\b|\bAssume\.|\[[^\]\n]*\b(Ignore|Explicit)\b|\bIgnore = ")]
    private static partial Regex SkippedTest();
}
