using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using NUnit.Framework;
using Rvirt.Benchmarks.Desktop.Operations;
using Rvirt.Core.Privileged;

namespace Rvirt.Tests.Benchmarks;

/// <summary>What the desktop benchmarks time does what it says, time after time, and allocates nothing.</summary>
public sealed class DesktopOperationTests
{
    private const int Times = 1000;

    // As firmware hands over.
    private const ulong FsInitial = 1 << 13;

    // Each operation with the result it has every time.
    private static readonly Dictionary<string, ulong> Results = new()
    {
        [nameof(DesktopOperations.Decode)] = 38,
        [nameof(DesktopOperations.ReadCsr)] = unchecked(Sstatus.Uxl64 + FsInitial + 0x1234_5678_9abc_def0 + 0x8000_0000_0008_0100),
        [nameof(DesktopOperations.WriteCsr)] = 0,
        [nameof(DesktopOperations.TrapOnCsr)] = 0x1234_5678_9abc_def0,
        [nameof(DesktopOperations.TrapOnPageFault)] = 1,
        [nameof(DesktopOperations.TrapOnSbiCall)] = 0x0200_0000,
        [nameof(DesktopOperations.TrapOnMmioRead)] = 0x60,
        [nameof(DesktopOperations.WalkPageTables)] = QuietMachine.RamBase + 0x20_0000,
        [nameof(DesktopOperations.FillShadow)] = 1,
        [nameof(DesktopOperations.TranslateVirtioRequest)] = 1,
    };

    private static IEnumerable<string> Operations => typeof(DesktopOperations)
        .GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        .Where(method => method.ReturnType == typeof(ulong))
        .Select(method => method.Name);

    [TestCaseSource(nameof(Operations))]
    public void AnOperationRepeatsItsResultAndAllocatesNothing(string name)
    {
        using var operations = new DesktopOperations();
        var run = typeof(DesktopOperations).GetMethod(name)!.CreateDelegate<Func<ulong>>(operations);
        var expected = Results[name];
        var wrong = 0;
        Run(1);
        var allocated = Run(Times);
        Assert.That(wrong, Is.Zero, "wrong results");
        Assert.That(allocated, Is.Zero, "bytes allocated");

        long Run(int times)
        {
            var start = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < times; i++)
            {
                wrong += run() == expected ? 0 : 1;
            }

            return GC.GetAllocatedBytesForCurrentThread() - start;
        }
    }

    [Test]
    public void EveryPageFaultThatIsTimedFillsAPage()
    {
        using var machine = new QuietMachine();
        var mmu = machine.Mmu;
        for (var i = 1UL; i <= Times; i++)
        {
            mmu.FencePage(ref machine.Host, QuietMachine.Data);
            machine.Trap(ExceptionCause.LoadPageFault, QuietMachine.Data);
            Assert.That(machine.Shadow.Counters.Fills + machine.Shadow.Counters.Refills, Is.EqualTo(i));
        }

        Assert.That(machine.VCpu.Csrs.Scause, Is.Zero, "none of them was the guest's");
    }

    [Test]
    public void AWaitEndsAtOnceAndOneWithoutAnEndIsFound()
    {
        using var machine = new QuietMachine();
        var waits = machine.Hart.Waits;
        for (; machine.Hart.Waits < QuietHart.MostWaits; waits++)
        {
            machine.Host.Wfi();
        }

        Assert.That(machine.Hart.Waits, Is.EqualTo(waits));
        Assert.That(machine.Host.Relax, Throws.InvalidOperationException);
    }

    [Test]
    public void TheHypervisorsEndLeavesItWithItsStatus()
    {
        using var machine = new QuietMachine();
        Assert.That(() => machine.Host.End(7), Throws.InvalidOperationException.With.Message.EndsWith("status 7"));
        Assert.That(machine.Hart.Status, Is.EqualTo(7));
    }
}
