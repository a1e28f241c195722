using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Benchmarks.Guest;

namespace Rvirt.Tests.Benchmarks;

/// <summary>How executions of instructions are summed up by function.</summary>
[TestFixture]
public class FunctionProfileTests
{
    [Test]
    public void EachInstructionCountsForTheLastFunctionThatBeginsAtOrBeforeIt()
    {
        string[] symbols =
        [
            "0000000080000020 second", "0000000000000100 an_offset", "0000000080000010 first", "0000000080000020 alias", "0000000080000040 never",
        ];
        var counts = new Dictionary<ulong, ulong> { [0x0e] = 1, [0x10] = 5, [0x12] = 5, [0x1e] = 2, [0x20] = 7, [0x3e] = 100 };
        Assert.That(FunctionProfile.Sum(symbols, counts), Is.EqualTo(new FunctionProfile.Function[]
        {
            new("alias, second", 7, 107), new("first", 5, 12), new("(before all functions)", 0, 1),
        }));
    }
}
