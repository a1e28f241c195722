using System;
using NUnit.Framework;
using Rvirt.Reference;

namespace Rvirt.Tests.Reference;

/// <summary>What the reference hart's own loop costs. Its speed is in docs/testing.md; here it is what a busy machine cannot change.</summary>
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
    public void RunsMillionsOfInstructionsWithoutAllocating()
    {
        using var machine = new Machine().Load(Sieve);
        machine.Run(1_000_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        const ulong Steps = 20_000_000;
        Assert.That(machine.Run(Steps), Is.EqualTo(Steps));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1000));
    }
}
