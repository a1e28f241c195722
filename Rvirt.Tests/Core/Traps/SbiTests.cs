using System;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.Traps;

public class SbiTests
{
    private static (long Error, ulong Value) Result(TrapMachine machine) => ((long)machine.V.X[10], machine.V.X[11]);

    [Test]
    public void BaseTellsTheVersionAndTheExtensions()
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Base, 0);
        Assert.That(Result(machine), Is.EqualTo((0L, 0x0200_0000UL)));
        Assert.That(machine.V.Pc, Is.EqualTo(TrapMachine.Entry + 4));
        foreach (var extension in new ulong[] { 0, 8, 0x10, 0x54494d45, 0x735049, 0x52464e43, 0x48534d, 0x53525354, 0x53555350, 0x504d55, 0x4442434e })
        {
            machine.Ecall(SbiExtension.Base, 3, extension);
            Assert.That(Result(machine), Is.EqualTo((0L, 1UL)), $"{extension:x}");
        }

        machine.Ecall(SbiExtension.Base, 3, SbiExtension.Counters);
        Assert.That(Result(machine), Is.EqualTo((0L, 1UL)), "our own");

        // CPPC, nested acceleration and steal time are not offered, and neither is anything later than SBI 2.0.
        foreach (var extension in new ulong[] { 9, 0xf, 0x11, 0x43505043, 0x4e41434c, 0x535441, 0x46574654, 0x0a000000, ulong.MaxValue })
        {
            machine.Ecall(SbiExtension.Base, 3, extension);
            Assert.That(Result(machine), Is.EqualTo((0L, 0UL)), $"{extension:x}");
        }

        for (var function = 4UL; function <= 6; function++)
        {
            machine.Ecall(SbiExtension.Base, function);
            Assert.That(Result(machine), Is.EqualTo((0L, 0UL)), "the machine ids are neutral");
        }
    }

    [Test]
    public void UnknownCallsAreNotSupported([Values(9UL, 0x43505043UL, 0x4e41434cUL, 0x535441UL, ulong.MaxValue)] ulong extension)
    {
        using var machine = new TrapMachine();
        machine.Ecall(extension, 0);
        Assert.That(Result(machine), Is.EqualTo((-2L, 0UL)));
    }

    [TestCase(SbiExtension.Base, 7UL)]
    [TestCase(SbiExtension.Time, 1UL)]
    [TestCase(SbiExtension.Ipi, 1UL)]
    [TestCase(SbiExtension.Rfence, 3UL)]
    [TestCase(SbiExtension.Hsm, 4UL)]
    [TestCase(SbiExtension.Srst, 1UL)]
    [TestCase(SbiExtension.Dbcn, 3UL)]
    [TestCase(SbiExtension.Counters, 2UL)]
    public void UnknownFunctionsAreNotSupported(ulong extension, ulong function)
    {
        using var machine = new TrapMachine();
        machine.Ecall(extension, function);
        Assert.That(Result(machine), Is.EqualTo((-2L, 0UL)));
    }

    [Test]
    public void AGuestReadsItsTrapCountersByCause()
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Stvec = 0x8000_1000;
        machine.Ecall(SbiExtension.Counters, 0);
        Assert.That(Result(machine), Is.EqualTo((0L, 8UL)));
        machine.Illegal(0x14002573); // csrr a0, sscratch
        machine.Illegal(0x0000100b); // nothing
        ulong[] expected = [2, 4, 0, 0, 1, 0, 0, 0];
        for (var i = 0UL; i < 8; i++)
        {
            expected[1] = 2 + i;
            machine.Ecall(SbiExtension.Counters, 1, i);
            Assert.That(Result(machine), Is.EqualTo((0L, expected[i])), $"counter {i}");
        }

        foreach (var index in new[] { 8UL, 1UL << 32, ulong.MaxValue })
        {
            machine.Ecall(SbiExtension.Counters, 1, index);
            Assert.That(Result(machine), Is.EqualTo((-3L, 0UL)), $"counter {index}");
        }
    }

    [Test]
    public void TheTimerInterruptComesAndGoes()
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Time, 0, 5000);
        Assert.That(machine.Hart.Timer, Is.EqualTo(5000));
        machine.Trap((1UL << 63) | 5, 0);
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Interrupts.Timer));
        Assert.That(machine.Hart.Sie & Interrupts.Timer, Is.Zero, "the host's timer is masked until the next call");
        machine.Ecall(SbiExtension.Time, 0, 6000);
        Assert.That(machine.V.Csrs.Sip, Is.Zero);
        Assert.That(machine.Hart.Timer, Is.EqualTo(6000));
        Assert.That(machine.Hart.Sie, Is.EqualTo(Interrupts.All));
    }

    [Test]
    public void ADeadlineGoneByIsDueAtOnce([Values(0UL, 1233UL, 1234UL)] ulong deadline)
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Time, 0, deadline);
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Interrupts.Timer));
        machine.Ecall(SbiExtension.Time, 0, 1235);
        Assert.That(machine.V.Csrs.Sip, Is.Zero);
        Assert.That(machine.Hart.Timer, Is.EqualTo(1235));
    }

    [Test]
    public void UserModeEcallsAreTheGuests()
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Mode = PrivilegeMode.User;
        machine.V.Csrs.Stvec = 0x8000_1000;
        machine.Ecall(SbiExtension.Srst, 0, 0, 0);
        Assert.That((machine.V.Csrs.Scause, machine.V.Pc), Is.EqualTo((8UL, 0x8000_1000UL)));
    }

    [TestCase(1UL, 0UL, 0L, true)]
    [TestCase(0UL, 0UL, 0L, false)]
    [TestCase(5UL, ulong.MaxValue, 0L, true)]
    [TestCase(2UL, 0UL, -3L, false)]
    [TestCase(1UL, 1UL, -3L, false)]
    [TestCase(1UL, 1UL << 63, -3L, false)]
    public void IpisReachTheHartsNamed(ulong mask, ulong maskBase, long error, bool raised)
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Ipi, 0, mask, maskBase);
        Assert.That(Result(machine).Error, Is.EqualTo(error));
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(raised ? Interrupts.Software : 0UL));
    }

    [Test]
    public void FencesOfAFewPagesAreByPageAndOfManyAreWhole()
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Rfence, 0, 1, 0);
        Assert.That(machine.Hart.FenceI, Is.EqualTo(1));
        machine.Ecall(SbiExtension.Rfence, 1, 1, 0, 0x5800, 0x1000);
        machine.Ecall(SbiExtension.Rfence, 2, 1, 0, 0x7000, 0x1000, 3);
        machine.Ecall(SbiExtension.Rfence, 2, 1, 0, 0, ulong.MaxValue, 4);
        machine.Ecall(SbiExtension.Rfence, 1, 1, 0, 0, 1UL << 30);
        machine.Ecall(SbiExtension.Rfence, 1, 1, 0, 0xffff_ffff_ffff_f000, 0x2000);
        Assert.That(Result(machine).Error, Is.EqualTo(-5));
        Assert.That(machine.Mmu.Calls.FindAll(c => c.StartsWith("fence", StringComparison.Ordinal)),
            Is.EqualTo(["fence page 5000", "fence page 6000", "fence page 7000 asid 3", "fence asid 4", "fence"]));
    }

    [TestCase(0UL, 0UL, StopReason.Shutdown)]
    [TestCase(0UL, 1UL, StopReason.Failure)]
    [TestCase(1UL, 0UL, StopReason.Reboot)]
    [TestCase(2UL, 0UL, StopReason.Reboot)]
    public void SystemResetStops(ulong type, ulong reason, StopReason expected)
    {
        using var machine = new TrapMachine();
        Assert.That(machine.Ecall(SbiExtension.Srst, 0, type, reason), Is.EqualTo(TrapOutcome.Stop));
        Assert.That(machine.V.StopReason, Is.EqualTo(expected));
    }

    [TestCase(3UL, 0UL)]
    [TestCase(0UL, 2UL)]
    public void SystemResetRefusesWhatItDoesNotKnow(ulong type, ulong reason)
    {
        using var machine = new TrapMachine();
        Assert.That(machine.Ecall(SbiExtension.Srst, 0, type, reason), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(Result(machine).Error, Is.EqualTo(-3));
    }

    [Test]
    public void TheDebugConsoleReadsOnlyTheGuestsMemory()
    {
        using var machine = new TrapMachine();
        "hello"u8.CopyTo(machine.Ram[0x100..]);
        machine.Ecall(SbiExtension.Dbcn, 0, 5, TrapMachine.RamBase + 0x100, 0);
        Assert.That(Result(machine), Is.EqualTo((0L, 5UL)));
        Assert.That(machine.Bus.Output.ToString(), Is.EqualTo("hello"));
        machine.Ecall(SbiExtension.Dbcn, 2, 0x21);
        Assert.That(machine.Bus.Output.ToString(), Is.EqualTo("hello!"));
        foreach (var (length, address, high) in new (ulong, ulong, ulong)[]
        {
            (1, TrapMachine.RamBase - 1, 0),
            (2, TrapMachine.RamBase + TrapMachine.RamSize - 1, 0),
            (1, TrapMachine.RamBase, 1),
            (ulong.MaxValue, TrapMachine.RamBase, 0),
        })
        {
            machine.Ecall(SbiExtension.Dbcn, 0, length, address, high);
            Assert.That(Result(machine).Error, Is.EqualTo(-3));
            machine.Ecall(SbiExtension.Dbcn, 1, length, address, high);
            Assert.That(Result(machine).Error, Is.EqualTo(-3));
        }
    }

    [Test]
    public void TheDebugConsoleReadsInput()
    {
        using var machine = new TrapMachine();
        machine.Bus.Input.Enqueue((byte)'x');
        machine.Bus.Input.Enqueue((byte)'y');
        machine.Ecall(SbiExtension.Dbcn, 1, 10, TrapMachine.RamBase, 0);
        Assert.That(Result(machine), Is.EqualTo((0L, 2UL)));
        Assert.That(machine.Ram[..3].ToArray(), Is.EqualTo("xy\0"u8.ToArray()));
    }

    [Test]
    public void LegacyCallsLeaveA1Alone()
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.LegacyConsolePutchar, 0, 'z', 99);
        Assert.That(Result(machine), Is.EqualTo((0L, 99UL)));
        Assert.That(machine.Bus.Output.ToString(), Is.EqualTo("z"));
        machine.Ecall(SbiExtension.LegacyConsoleGetchar, 0, 0, 98);
        Assert.That(Result(machine), Is.EqualTo((-1L, 98UL)));
        machine.Ecall(SbiExtension.LegacySetTimer, 0, 7777);
        Assert.That(machine.Hart.Timer, Is.EqualTo(7777));
        Assert.That(machine.Ecall(SbiExtension.LegacyShutdown, 0), Is.EqualTo(TrapOutcome.Stop));
        Assert.That(machine.V.StopReason, Is.EqualTo(StopReason.Shutdown));
    }

    [Test]
    public void HartStates()
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Hsm, 2, 0);
        Assert.That(Result(machine), Is.EqualTo((0L, 0UL)));
        machine.Ecall(SbiExtension.Hsm, 2, 1);
        Assert.That(Result(machine).Error, Is.EqualTo(-3));
        machine.Ecall(SbiExtension.Hsm, 0, 0, 0, 0);
        Assert.That(Result(machine).Error, Is.EqualTo(-6));
        machine.Ecall(SbiExtension.Hsm, 0, 1, 0, 0);
        Assert.That(Result(machine).Error, Is.EqualTo(-3));
        machine.Ecall(SbiExtension.Hsm, 3, 5, 0, 0);
        Assert.That(Result(machine).Error, Is.EqualTo(-3));
        Assert.That(machine.Ecall(SbiExtension.Hsm, 1), Is.EqualTo(TrapOutcome.HartStop));
    }

    [Test]
    public void ANonRetentiveSuspendResumesAtItsEntry()
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        v.Csrs.Sie = Interrupts.Timer;
        v.Csrs.Sip = Interrupts.Timer;
        v.Csrs.Satp = 8UL << 60;
        machine.Ecall(SbiExtension.Hsm, 3, 0x8000_0000, TrapMachine.RamBase + 0x200, 0x77);
        Assert.That((v.Pc, v.X[10], v.X[11], v.Csrs.Satp), Is.EqualTo((TrapMachine.RamBase + 0x200, 0UL, 0x77UL, 0UL)));
        foreach (var entry in new ulong[] { 0x1000, TrapMachine.RamBase + 0x201, ulong.MaxValue })
        {
            machine.Ecall(SbiExtension.Hsm, 3, 0x8000_0000, entry, 0x77);
            Assert.That(Result(machine).Error, Is.EqualTo(-5), $"{entry:x}");
        }
    }
}
