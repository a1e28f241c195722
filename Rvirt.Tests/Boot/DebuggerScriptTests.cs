using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Core.Instructions;
using Rvirt.Hypervisor.Monitor;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Boot;

/// <summary>What the debugger's script calls things is what the hypervisor calls them.</summary>
public sealed class DebuggerScriptTests
{
    [Test]
    public void RegistersHaveTheNamesThatDumpsGiveThem() =>
        Assert.That(Names("NAMES"), Is.EqualTo(Enumerable.Range(0, 32).Select(number => Encoding.ASCII.GetString(RegisterName.Of(number)))));

    [Test]
    public void CountersStandInTheirOrderWithTheirNames() =>
        Assert.That(Names("COUNTERS"), Is.EqualTo(Enumerable.Range(0, CounterRows.Count).Select(number => Encoding.ASCII.GetString(CounterRows.Name(number)))));

    private static string[] Names(string list)
    {
        var script = File.ReadAllText(Path.Combine(Repository.Top, "Rvirt.Boot/Debugger/rvirt.py"));
        var line = Regex.Match(script, $@"^{list} = ""([^""]+)""\.split\(\)$", RegexOptions.Multiline);
        Assert.That(line.Success, list);
        return line.Groups[1].Value.Split(' ');
    }
}
