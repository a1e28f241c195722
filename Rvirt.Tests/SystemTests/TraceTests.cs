using System;
using System.Globalization;
using System.Linq;
using NUnit.Framework;
using Rvirt.Benchmarks.Guest;
using Rvirt.Tool.Machines;

namespace Rvirt.Tests.SystemTests;

/// <summary><c>make bench TRACE=...</c>: by function, what one operation has the hypervisor execute.</summary>
[Category("System,Image")]
public sealed class TraceTests
{
    /// <summary>The plugin counts instructions where they are executed, and the guest by its clock: they agree, but for what the guest itself executes, no more than natively.</summary>
    [TestCase("csrr sscratch", "rvirt_trap_vector", 1, 1)]
    [TestCase("sfence.vma one page", "rvirt_trap_vector", 1, 1)]
    [TestCase("null system call", "rvirt_trap_vector", 9, 105)]
    public void TheFunctionsOfAnOperationAreAllThatTheClockCounts(string row, string vector, int traps, int native)
    {
        _ = Repository.Image(Firmware.Stub);
        var (status, output) = Commands.Run("dotnet", [Repository.Benchmarks, "trace", row, "stub"], TimeSpan.FromMinutes(8));
        Assert.That(status, Is.Zero, output);
        var lines = output.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var sum = lines.Single(cells => cells is [_, "of", "the", "hypervisor,", ..]);
        var functions = lines.Where(cells => cells.Length >= 3 && double.TryParse(cells[0], CultureInfo.InvariantCulture, out _) && double.TryParse(cells[1], CultureInfo.InvariantCulture, out _)).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Number(sum[5]) - Number(sum[0]), Is.InRange(-2, native), output);
            Assert.That(functions.Sum(cells => Number(cells[0])), Is.EqualTo(Number(sum[0])).Within(0.2), output);
            Assert.That(Number(functions.Single(cells => cells[2..] is [var name] && name == vector)[1]), Is.EqualTo(traps).Within(0.3), output);
        }
    }

    [Test]
    public void EachRowButThoseOfLinuxCanBeAskedFor() =>
        Assert.That(DotnetPlan.TraceRows, Is.EqualTo(PeerRow.All.Where(row => !row.IsLinux).Select(row => row.Name)));

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
