using System;
using System.IO;
using System.Linq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Hypervisor.Monitor;

/// <summary>docs/monitor.md shows what the monitor says, of the machine of <see cref="MonitorWorld"/>: letter by letter, and every command.</summary>
internal sealed class MonitorDocumentTests
{
    private const string Prompt = "    rvirt> ";

    private const string Question = "type the name again: ";

    private static readonly string[] s_lines = File.ReadAllLines(Path.Combine(Repository.Top, "docs", "monitor.md"));

    private static string[] Examples() => [.. s_lines.Where(line => line.StartsWith(Prompt, StringComparison.Ordinal)).Select(line => line[Prompt.Length..])];

    [TestCaseSource(nameof(Examples))]
    public void AnExampleIsWhatItSays(string command)
    {
        var at = Array.IndexOf(s_lines, Prompt + command) + 1;
        var shown = s_lines[at..].TakeWhile(line => line.StartsWith("    ", StringComparison.Ordinal) && !line.StartsWith(Prompt, StringComparison.Ordinal)).Select(line => line[4..]);
        if (shown.FirstOrDefault()?.StartsWith(Question, StringComparison.Ordinal) == true)
        {
            Assert.That(new MonitorWorld().TypeOnly(command + "\r"), Is.EqualTo(command + "\r\n" + Question));
            return;
        }

        var said = new MonitorWorld().Ask(command);
        Assert.That(said, Is.EqualTo(shown), string.Join('\n', said.Select(line => "    " + line)));
    }

    [Test]
    public void EveryCommandHasAnExample()
    {
        var commands = new MonitorWorld().Ask("help")[..^1].Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]);
        Assert.That(Examples().Select(example => example.TrimStart('!').Split(' ')[0]).Distinct(), Is.SupersetOf(commands));
    }
}
