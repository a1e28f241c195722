using System;
using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;
using Rvirt.Tests.FakeHart.Harts;

namespace Rvirt.Tests.FakeHart.Tests;

/// <summary>How fast the reference hart is. Other tests count on it.</summary>
public sealed class SpeedTests
{
    private const string Sieve = """
            li s0, 0x80100000
            li s1, 100000
        again:
            mv a0, s0
            add a1, s0, s1
        clear:
            sb zero, 0(a0)
            addi a0, a0, 1
            bltu a0, a1, clear
            li t0, 2
        outer:
            mul t1, t0, t0
            bgeu t1, s1, again
            add t2, s0, t0
            lbu t3, 0(t2)
            bnez t3, skip
        inner:
            add t2, s0, t1
            sb t0, 0(t2)
            add t1, t1, t0
            bltu t1, s1, inner
        skip:
            addi t0, t0, 1
            j outer
        """;

    [Test]
    public void RunsMillionsOfInstructionsASecondWithoutAllocating()
    {
        using var machine = new Machine().Load(Sieve);
        machine.Run(1_000_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        const ulong Steps = 20_000_000;
        Assert.That(machine.Run(Steps), Is.EqualTo(Steps));
        var rate = Steps / watch.Elapsed.TotalSeconds / 1e6;
        TestContext.Out.WriteLine(rate.ToString("F0", CultureInfo.InvariantCulture) + " million instructions a second");
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1000));

        // Far below what is measured on an idle machine, to hold on a busy one.
        Assert.That(rate, Is.GreaterThan(3));
    }
}
