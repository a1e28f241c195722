using System.IO;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Reference;

/// <summary>What docs/reference-machine.md shows does what it says.</summary>
public sealed partial class PageTests
{
    [Test]
    public void TheExampleEndsAsThePageHasIt()
    {
        var page = File.ReadAllText(Path.Combine(SystemTests.Repository.Top, "docs", "reference-machine.md"));
        var example = Example().Match(page);
        Assert.That(example.Success);
        using var machine = new Machine(1 << 16, options: HartOptions.Strict).Load(example.Groups[1].Value);
        machine.Run(ulong.Parse(example.Groups[2].Value));
        Assert.That(machine.Hart[10], Is.EqualTo(ulong.Parse(example.Groups[3].Value)));
    }

    [GeneratedRegex(@"new Machine\(1 << 16, options: HartOptions\.Strict\)\.Load\(""""""([^""]+)""""""\);\nmachine\.Run\((\d+)\);\nAssert\.That\(machine\.Hart\[10\], Is\.EqualTo\((\d+)\)\);")]
    private static partial Regex Example();
}
