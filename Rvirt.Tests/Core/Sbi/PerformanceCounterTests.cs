using System.Linq;
using NUnit.Framework;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Sbi;

/// <summary>
/// The performance monitoring unit (SBI 2.0 §11). Function numbers, flags, event numbers and errors are the specification's, written out; counters
/// are those of docs/guests.md: 16, for firmware events.
/// </summary>
public sealed class PerformanceCounterTests
{
    private const ulong Pmu = 0x504d55;

    private const ulong NumCounters = 0, GetInfo = 1, ConfigMatching = 2, Start = 3, Stop = 4, Read = 5, ReadHigh = 6, SetSnapshot = 7;

    private const long Success = 0, NotSupported = -2, InvalidParam = -3, AlreadyStarted = -7, AlreadyStopped = -8, NoSharedMemory = -9;

    private const ulong All = 0xffff;

    // Type 15 in bits 19 to 16.
    private const ulong IllegalInstruction = 0xf0004, SetTimer = 0xf0005, FirstOwn = 0xf0100;

    private static (long Error, ulong Value) Call(TrapMachine machine, ulong function, params ulong[] arguments)
    {
        // What a caller leaves in the other registers means nothing.
        var all = Enumerable.Repeat(0xdead_beef_dead_beefUL, 6).ToArray();
        arguments.CopyTo(all, 0);
        machine.Ecall(Pmu, function, all);
        return ((long)machine.V.X[10], machine.V.X[11]);
    }

    private static ulong Value(TrapMachine machine, ulong counter)
    {
        var (error, value) = Call(machine, Read, counter);
        Assert.That(error, Is.Zero);
        return value;
    }

    private static void SetTimerOnce(TrapMachine machine) => machine.Ecall(0x54494d45, 0, ulong.MaxValue);

    private static void Emulate(TrapMachine machine) => machine.Illegal(0x14002573); // csrr a0, sscratch

    [Test]
    public void TheBaseExtensionSaysThatItIsThere()
    {
        using var machine = new TrapMachine();
        machine.Ecall(0x10, 3, Pmu);
        Assert.That((machine.V.X[10], machine.V.X[11]), Is.EqualTo((0UL, 1UL)));
    }

    [Test]
    public void ThereAreSixteenFirmwareCounters()
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, NumCounters), Is.EqualTo((Success, 16UL)));
        for (var i = 0UL; i < 16; i++)
        {
            Assert.That(Call(machine, GetInfo, i), Is.EqualTo((Success, 0x8000_0000_0003_f000UL)), "type 1, firmware, in the highest bit; one less than 64 bits from bit 12 on, as Linux wants it");
        }
    }

    [TestCase(16UL)]
    [TestCase(17UL)]
    [TestCase(64UL)]
    [TestCase(1UL << 32)]
    [TestCase((1UL << 32) + 3)]
    [TestCase(1UL << 63)]
    [TestCase(ulong.MaxValue)]
    public void ACounterThatIsNotThereIsInvalid(ulong counter)
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, GetInfo, counter), Is.EqualTo((InvalidParam, 0UL)));
        Assert.That(Call(machine, Read, counter), Is.EqualTo((InvalidParam, 0UL)));
        Assert.That(Call(machine, ReadHigh, counter), Is.EqualTo((InvalidParam, 0UL)));
        foreach (var mask in new ulong[] { 0, 1, ulong.MaxValue })
        {
            Assert.That(Call(machine, ConfigMatching, counter, mask, 0, SetTimer, 0).Error, Is.EqualTo(InvalidParam));
            Assert.That(Call(machine, Start, counter, mask, 0, 0).Error, Is.EqualTo(InvalidParam));
            Assert.That(Call(machine, Stop, counter, mask, 0).Error, Is.EqualTo(InvalidParam));
        }
    }

    [TestCase(0UL, 0x1_0000UL)]
    [TestCase(0UL, 1UL << 63)]
    [TestCase(0UL, 1UL << 32)]
    [TestCase(0UL, ulong.MaxValue)]
    [TestCase(0UL, 0x1_0001UL)]
    [TestCase(15UL, 2UL)]
    [TestCase(15UL, 3UL)]
    [TestCase(1UL, 0x8000UL)]
    [TestCase(8UL, 1UL << 63)]
    public void ASetWithACounterThatIsNotThereIsInvalidAndChangesNothing(ulong first, ulong mask)
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, ConfigMatching, 0, 1, 0, SetTimer, 0), Is.EqualTo((Success, 0UL)));
        Assert.That(Call(machine, Start, first, mask, 0, 0).Error, Is.EqualTo(InvalidParam));
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.Zero, "none was started");
        Assert.That(Call(machine, Start, 0, 1, 0, 0).Error, Is.EqualTo(Success));
        Assert.That(Call(machine, Stop, first, mask, 1).Error, Is.EqualTo(InvalidParam));
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.EqualTo(1), "none was stopped");
        Assert.That(Call(machine, ConfigMatching, first, mask, 0, SetTimer, 0).Error, Is.EqualTo(InvalidParam));
    }

    [TestCase(15UL, 1UL)]
    [TestCase(8UL, 0xffUL)]
    [TestCase(0UL, 0xffffUL)]
    public void ASetMayReachTheLastCounter(ulong first, ulong mask)
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, ConfigMatching, first, mask, 0, SetTimer, 0), Is.EqualTo((Success, first)));
        Assert.That(Call(machine, Start, first, mask, 0, 0).Error, Is.EqualTo(Success));
        Assert.That(Call(machine, Stop, first, mask, 0).Error, Is.EqualTo(Success));
    }

    [Test]
    public void AnEmptySetHasNothingInvalidAndNothingToChoose()
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, Start, 0, 0, 0, 0), Is.EqualTo((Success, 0UL)));
        Assert.That(Call(machine, Stop, 0, 0, 0), Is.EqualTo((Success, 0UL)));
        Assert.That(Call(machine, ConfigMatching, 0, 0, 0, SetTimer, 0).Error, Is.EqualTo(NotSupported));
        Assert.That(Call(machine, ConfigMatching, 0, 0, 1, SetTimer, 0).Error, Is.EqualTo(NotSupported), "nor is there a first to take");
    }

    [Test]
    public void CountsCallsThatSetTheTimer()
    {
        using var machine = new TrapMachine();
        SetTimerOnce(machine);
        Assert.That(Call(machine, ConfigMatching, 0, All, 0, SetTimer, 0), Is.EqualTo((Success, 0UL)));
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.Zero, "configured is not started");
        Assert.That(Call(machine, Start, 0, 1, 0, 77), Is.EqualTo((Success, 0UL)));
        SetTimerOnce(machine);
        machine.Ecall(0x54494d45, 0, 5); // a time gone by, which the quick path takes
        machine.Ecall(0, 0, ulong.MaxValue); // the legacy call
        Assert.That(Value(machine, 0), Is.EqualTo(3));
        Assert.That(Call(machine, ReadHigh, 0), Is.EqualTo((Success, 0UL)));
        Assert.That(Call(machine, Stop, 0, 1, 0), Is.EqualTo((Success, 0UL)));
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.EqualTo(3), "stopped, it keeps its value");
        Assert.That(Call(machine, Start, 0, 1, 0, 77), Is.EqualTo((Success, 0UL)));
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.EqualTo(4), "and goes on from there");
        Assert.That(Call(machine, Stop, 0, 1, 0).Error, Is.Zero);
        Assert.That(Call(machine, Start, 0, 1, 1, ulong.MaxValue), Is.EqualTo((Success, 0UL)), "SET_INIT_VALUE");
        Assert.That(Value(machine, 0), Is.EqualTo(ulong.MaxValue));
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.Zero, "64 bits wide");
    }

    [Test]
    public void CountsEmulatedInstructionsAsIllegalOnes()
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, ConfigMatching, 3, All >> 3, 4, IllegalInstruction, 0), Is.EqualTo((Success, 3UL)), "AUTO_START");
        Emulate(machine);
        Emulate(machine);
        Assert.That(Value(machine, 3), Is.EqualTo(2));
    }

    [TestCase(0UL, 2UL, Description = "privileged instructions")]
    [TestCase(1UL, 5UL, Description = "SBI calls: the timer's, the reads of four counters before this one's own, and its own")]
    [TestCase(7UL, 1UL, Description = "timers set")]
    public void OwnEventsAreRvirtsCounters(ulong number, ulong expected)
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, ConfigMatching, 0, All, 4, FirstOwn + number, 0), Is.EqualTo((Success, 0UL)));
        Emulate(machine);
        Emulate(machine);
        SetTimerOnce(machine);
        for (var i = 0; i < 3; i++)
        {
            Value(machine, 5);
        }

        Assert.That(Value(machine, 0), Is.EqualTo(expected));
    }

    [TestCase(0UL, Description = "no event")]
    [TestCase(1UL, Description = "cycles")]
    [TestCase(2UL, Description = "instructions")]
    [TestCase(0x10000UL, Description = "a cache's")]
    [TestCase(0x20000UL, Description = "raw")]
    [TestCase(0x30000UL)]
    [TestCase(0xe0005UL)]
    [TestCase(0xf0000UL, Description = "misaligned loads, of which Rvirt handles none")]
    [TestCase(0xf0003UL)]
    [TestCase(0xf000eUL, Description = "fences of a hypervisor in the guest")]
    [TestCase(0xf0015UL)]
    [TestCase(0xf0016UL, Description = "reserved")]
    [TestCase(0xf00ffUL)]
    [TestCase(0xf0108UL, Description = "Rvirt has eight counters")]
    [TestCase(0xffffeUL)]
    [TestCase(0xfffffUL, Description = "the platform's")]
    [TestCase(0x1f0005UL, Description = "event_idx has 20 bits")]
    [TestCase(0xf0005UL | (1UL << 32))]
    [TestCase(0xf0005UL | (1UL << 63))]
    public void OtherEventsCannotBeMonitored(ulong eventIndex)
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, ConfigMatching, 0, All, 0, eventIndex, 0).Error, Is.EqualTo(NotSupported));
        Assert.That(Call(machine, ConfigMatching, 0, All, 1, eventIndex, 0).Error, Is.EqualTo(NotSupported), "SKIP_MATCH");
    }

    [TestCase(1UL)]
    [TestCase(1UL << 32)]
    [TestCase(1UL << 63)]
    public void EventDataIsReserved(ulong data)
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, ConfigMatching, 0, All, 0, SetTimer, data).Error, Is.EqualTo(NotSupported));
    }

    [TestCase(ConfigMatching, 0x100UL)]
    [TestCase(ConfigMatching, 1UL << 32)]
    [TestCase(ConfigMatching, 1UL << 63)]
    [TestCase(Start, 4UL)]
    [TestCase(Start, 1UL << 32)]
    [TestCase(Start, 1UL << 63)]
    [TestCase(Stop, 4UL)]
    [TestCase(Stop, 1UL << 32)]
    [TestCase(Stop, 1UL << 63)]
    public void ReservedFlagsAreRefusedAndChangeNothing(ulong function, ulong flags)
    {
        using var machine = new TrapMachine();
        Call(machine, ConfigMatching, 0, 1, function == Stop ? 4UL : 0, SetTimer, 0);
        Assert.That(Call(machine, function, 0, 1, flags, function == ConfigMatching ? IllegalInstruction : 0, 0).Error, Is.EqualTo(InvalidParam));
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.EqualTo(function == Stop ? 1 : 0));
    }

    [TestCase(0x08UL)]
    [TestCase(0x80UL)]
    [TestCase(0xf8UL)]
    public void ModesToLeaveOutAreHints(ulong flags)
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, ConfigMatching, 0, All, flags | 4, SetTimer, 0), Is.EqualTo((Success, 0UL)));
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.EqualTo(1));
    }

    [Test]
    public void EachEventGetsACounterOfItsOwnUntilNoneIsLeft()
    {
        using var machine = new TrapMachine();
        for (var i = 0UL; i < 16; i++)
        {
            Assert.That(Call(machine, ConfigMatching, 0, All, 0, SetTimer, 0), Is.EqualTo((Success, i)), "though none is started");
        }

        Assert.That(Call(machine, ConfigMatching, 0, All, 0, SetTimer, 0), Is.EqualTo((Success, 0UL)), "a counter that is not started can be had");
        Assert.That(Call(machine, Start, 0, All, 0, 0).Error, Is.Zero);
        Assert.That(Call(machine, ConfigMatching, 0, All, 0, SetTimer, 0).Error, Is.EqualTo(NotSupported));
        Assert.That(Call(machine, Stop, 5, 1, 0).Error, Is.Zero);
        Assert.That(Call(machine, ConfigMatching, 0, All, 0, SetTimer, 0), Is.EqualTo((Success, 5UL)));
        Assert.That(Call(machine, Stop, 0, All, 1).Error, Is.EqualTo(AlreadyStopped));
        Assert.That(Call(machine, ConfigMatching, 2, 0x10, 0, SetTimer, 0), Is.EqualTo((Success, 6UL)), "the mask counts from the base");
    }

    [Test]
    public void SkipMatchTakesTheFirstOfTheSet()
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, ConfigMatching, 0, All, 4, SetTimer, 0), Is.EqualTo((Success, 0UL)));
        SetTimerOnce(machine);
        Assert.That(Call(machine, ConfigMatching, 0, All, 1, IllegalInstruction, 0), Is.EqualTo((Success, 0UL)), "though it is started");
        Emulate(machine);
        Assert.That(Value(machine, 0), Is.EqualTo(1), "its value stays, and it is stopped");
        Assert.That(Call(machine, ConfigMatching, 0, 0xc, 1 | 2 | 4, IllegalInstruction, 0), Is.EqualTo((Success, 2UL)));
    }

    [Test]
    public void ClearValueClearsAndNothingElseDoes()
    {
        using var machine = new TrapMachine();
        Call(machine, ConfigMatching, 0, 1, 0, SetTimer, 0);
        Call(machine, Start, 0, 1, 1, 1000);
        SetTimerOnce(machine);
        Call(machine, Stop, 0, 1, 1);
        Assert.That(Value(machine, 0), Is.EqualTo(1001));
        Call(machine, ConfigMatching, 0, 1, 4, SetTimer, 0);
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.EqualTo(1002), "AUTO_START has no impact on the value");
        Call(machine, Stop, 0, 1, 0);
        Call(machine, ConfigMatching, 0, 1, 2, SetTimer, 0);
        Assert.That(Value(machine, 0), Is.Zero);
    }

    [Test]
    public void StartsThatOverlapSaySoAndStartTheRest()
    {
        using var machine = new TrapMachine();
        for (var i = 0; i < 3; i++)
        {
            Call(machine, ConfigMatching, 0, All, 0, SetTimer, 0);
        }

        Assert.That(Call(machine, Start, 0, 3, 0, 0), Is.EqualTo((Success, 0UL)));
        SetTimerOnce(machine);
        Assert.That(Call(machine, Start, 1, 3, 1, 50).Error, Is.EqualTo(AlreadyStarted));
        SetTimerOnce(machine);
        Assert.That((Value(machine, 0), Value(machine, 1), Value(machine, 2)), Is.EqualTo((2UL, 2UL, 51UL)), "one that ran keeps its value");
        Assert.That(Call(machine, Start, 0, 7, 0, 0).Error, Is.EqualTo(AlreadyStarted));
    }

    [Test]
    public void StopsThatOverlapSaySoAndStopTheRest()
    {
        using var machine = new TrapMachine();
        for (var i = 0; i < 3; i++)
        {
            Call(machine, ConfigMatching, 0, All, 4, SetTimer, 0);
        }

        Assert.That(Call(machine, Stop, 0, 3, 0), Is.EqualTo((Success, 0UL)));
        Assert.That(Call(machine, Stop, 1, 3, 0).Error, Is.EqualTo(AlreadyStopped));
        SetTimerOnce(machine);
        Assert.That(Value(machine, 2), Is.Zero);
    }

    [Test]
    public void AResetLetsGoOfTheEventOfAStoppedCounterToo()
    {
        using var machine = new TrapMachine();
        Call(machine, ConfigMatching, 0, 1, 4, SetTimer, 0);
        Assert.That(Call(machine, Stop, 0, 1, 0).Error, Is.Zero);
        Assert.That(Call(machine, Stop, 0, 1, 1).Error, Is.EqualTo(AlreadyStopped), "as a driver does when it is done");
        Call(machine, Start, 0, 1, 0, 0);
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.Zero, "it monitors nothing");
    }

    [Test]
    public void SnapshotsAreNotThere()
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, SetSnapshot, TrapMachine.RamBase, 0, 0).Error, Is.EqualTo(NotSupported));
        Assert.That(Call(machine, SetSnapshot, ulong.MaxValue, ulong.MaxValue, 0).Error, Is.EqualTo(NotSupported));
        Call(machine, ConfigMatching, 0, 1, 0, SetTimer, 0);
        Assert.That(Call(machine, Start, 0, 1, 2, 0).Error, Is.EqualTo(NoSharedMemory));
        Assert.That(Call(machine, Start, 0, 1, 0, 0).Error, Is.EqualTo(Success), "it had not been started");
        Assert.That(Call(machine, Stop, 0, 1, 2).Error, Is.EqualTo(NoSharedMemory));
        Assert.That(Call(machine, Stop, 0, 1, 0).Error, Is.EqualTo(Success), "it had not been stopped");
    }

    [TestCase(8UL)]
    [TestCase(1UL << 32)]
    [TestCase(ulong.MaxValue)]
    public void OtherFunctionsAreNotSupported(ulong function)
    {
        using var machine = new TrapMachine();
        Assert.That(Call(machine, function, 0, 0, 0, 0), Is.EqualTo((NotSupported, 0UL)));
    }

    [Test]
    public void ALifeBeginsWithCountersThatMonitorNothing()
    {
        using var machine = new TrapMachine();
        Call(machine, ConfigMatching, 0, All, 4, SetTimer, 0);
        SetTimerOnce(machine);
        machine.V.Reset(TrapMachine.Entry, 0);
        Assert.That(Value(machine, 0), Is.Zero);
        Assert.That(Call(machine, Stop, 0, 1, 0).Error, Is.EqualTo(AlreadyStopped));
        SetTimerOnce(machine);
        Assert.That(Value(machine, 0), Is.Zero);
    }
}
