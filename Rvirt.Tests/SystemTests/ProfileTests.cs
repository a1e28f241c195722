using System;
using System.Globalization;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary><c>make bench BENCH=profile</c>: what the guest of <c>make bench</c> has the hypervisor execute, by function.</summary>
[Category("System,Image")]
public sealed class ProfileTests
{
    [TestCase("stub", "rvirt_trap_vector", "rvirt_enter_guest")]
    [TestCase("resident", "rvirt_trap_vector_of_machine", "rvirt_enter_guest_of_machine")]
    public void TrapsAreCountedWhereTheyComeInAndWhereTheyGoOut(string mode, string vector, string exit)
    {
        _ = Repository.Image(Firmware.Stub);
        var (status, output) = Commands.Run("dotnet", [Repository.Benchmarks, "profile", "rows", mode], TimeSpan.FromMinutes(8));
        Assert.That(status, Is.Zero, output);
        // instructions, share, %, calls, each, name
        var functions = output.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(cells => cells.Length >= 6 && cells[2] == "%")
            .ToDictionary(cells => string.Join(' ', cells[5..]), cells => (Instructions: Number(cells[0]), Calls: Number(cells[3])));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(functions[vector].Calls, Is.GreaterThan(100_000), output);
            // Each guest and each life begins with a way out, and the last trap has none.
            Assert.That(functions[exit].Calls, Is.InRange(functions[vector].Calls - 100, functions[vector].Calls + 100), output);
            // All 31 registers but two are stored, and loaded, by an instruction of their own.
            Assert.That(functions[vector].Instructions, Is.GreaterThan(29 * functions[vector].Calls), output);
            Assert.That(functions[exit].Instructions, Is.GreaterThan(29 * functions[exit].Calls), output);
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
