using System;
using System.Globalization;
using System.Linq;
using System.Threading;
using NUnit.Framework;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference.Harts;
using Interrupts = Rvirt.Core.Privileged.Interrupts;

namespace Rvirt.Tests.Hypervisor;

/// <summary>A virtual hart that is put down and loaded again, here or elsewhere, notices nothing.</summary>
internal sealed unsafe class WorldSwitchTests
{
    private const string Spin = "here: j here\n.zero 64\n";

    // Keeps values of its own in f registers, fcsr, FS, the timer and its address space, and looks after each trap whether they are still there.
    // Page tables: root at 0x80400000; 0x40000000 leads to the guest's data at 0x80600000; identity for the first GiB of RAM.
    private const string Keeper = """
            li s0, SEED_VALUE
            # tables
            li t0, 0x80400000
            li t1, 0x200000cf
            sd t1, 16(t0)
            li t1, 0x20100401
            sd t1, 8(t0)
            li t0, 0x80401000
            li t1, 0x201800c7
            sd t1, 0(t0)
            li t0, 0x80600000
            sd s0, 0(t0)
            li t0, 0x6000
            csrs sstatus, t0
            fmv.d.x f0, s0
            addi t1, s0, 1
            fmv.d.x f15, t1
            addi t1, s0, 2
            fmv.d.x f31, t1
            andi t1, s0, 7
            csrw frm, t1
            li t0, 0x8000000000080400
            csrw satp, t0
            sfence.vma
            # a timer far away, as far as the seed says
            slli a0, s0, 20
            li a7, 0x54494D45
            li a6, 0
            ecall
            li s1, 400
            li s2, 0x40000000
        again:
            csrw sscratch, s1
            csrr t0, sscratch
            bne t0, s1, wrong
            fmv.x.d t0, f0
            bne t0, s0, wrong
            fmv.x.d t0, f15
            addi t1, s0, 1
            bne t0, t1, wrong
            fmv.x.d t0, f31
            addi t1, s0, 2
            bne t0, t1, wrong
            csrr t0, frm
            andi t1, s0, 7
            bne t0, t1, wrong
            ld t0, 0(s2)
            bne t0, s0, wrong
            csrr t0, sstatus
            srli t0, t0, 13
            andi t0, t0, 3
            li t1, 3
            bne t0, t1, wrong
            addi s1, s1, -1
            bnez s1, again
            li t0, 0x80300000
            li t1, 1
            sd t1, 0(t0)
        done:
            csrw sscratch, s1
            j done
        wrong:
            li t0, 0x80300000
            li t1, 2
            sd t1, 0(t0)
            j done
        """;

    private static string KeeperOf(int seed) => Keeper.Replace("SEED_VALUE", seed.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static SetupWorld World(params string[] programs)
    {
        var world = new SetupWorld();
        Assert.That(world.Boot([.. programs.Select((program, i) => world.Guest("g" + i, program))]), world.Desktop.Emergency);
        var other = world.Desktop.Record->Cores + 1;
        if (other->Running != null)
        {
            // What runs where is the test's affair.
            WorldSwitch<FakeHost>.Save(other);
            world.Machine.Harts[1].Stopped = true;
        }

        return world;
    }

    [Test]
    public void AllThatAHartHoldsOfAVirtualHartComesBack([Values(0, 1)] int core, [Values] bool user)
    {
        using var world = World(Spin);
        var cores = world.Desktop.Record->Cores;
        var hart = cores->Running;
        CoreLife<FakeHost>.Open(cores + 1);
        var real = world.Machine.Harts[0];
        for (var i = 0; i < 32; i++)
        {
            real.Float[i] = 0x1000 + (ulong)i;
        }

        real.WriteCsr(CsrNumber.Fcsr, 0x65);
        cores->Host.WriteSstatus((cores->Host.ReadSstatus() & ~Sstatus.Fs) | (2UL << 13));
        hart->V.Csrs.Mode = user ? PrivilegeMode.User : PrivilegeMode.Supervisor;
        hart->V.Csrs.Scounteren = 2;
        hart->V.Deadline = 12345;
        hart->V.Alarm = 20000;
        hart->Mmu.Activate(ref cores->Host, hart->V.Csrs.Satp, ViewKind.Of(hart->V.Csrs.Mode, false, false));
        var satp = real.ReadCsr(CsrNumber.Satp);

        var spoiler = new ForcedSwitch(world.Machine, 1);
        Assert.That((nint)WorldSwitch<FakeHost>.Save(cores), Is.EqualTo((nint)hart));
        Assert.That(((nint)cores->Running, (nint)hart->Core), Is.EqualTo(((nint)0, (nint)0)), "it belongs to no hart");
        Assert.That(*(ulong*)(cores->StackTop - 16384), Is.Zero, "a debugger finds none");
        spoiler.Spoil(cores);
        spoiler.Spoil(cores + 1);
        GuestLife<FakeHost>.Switch(cores + core, hart);
        real = world.Machine.Harts[core];
        Assert.Multiple(() =>
        {
            Assert.That(real.Float.ToArray(), Is.EqualTo(Enumerable.Range(0, 32).Select(i => 0x1000UL + (ulong)i)));
            Assert.That(real.ReadCsr(CsrNumber.Fcsr), Is.EqualTo(0x65));
            Assert.That((real.ReadCsr(CsrNumber.Sstatus) >> 13) & 3, Is.EqualTo(2), "FS");
            Assert.That(real.ReadCsr(CsrNumber.Scounteren), Is.EqualTo(user ? 2 : 7));
            Assert.That(real.ReadCsr(CsrNumber.Satp), Is.EqualTo(satp));
            Assert.That(real.FirmwareTimer, Is.EqualTo(12345));
            Assert.That(real.ReadCsr(CsrNumber.Sie) & Interrupts.Timer, Is.Not.Zero);
        });
        Assert.That(((nint)(cores + core)->Running, (nint)hart->Core), Is.EqualTo(((nint)hart, (nint)(cores + core))));
        Assert.That((hart->V.HostHartId, hart->V.HostStack, hart->V.LastHart), Is.EqualTo(((cores + core)->HartId, (cores + core)->StackTop, core)));
        Assert.That(*(ulong*)((cores + core)->StackTop - 16384), Is.EqualTo((ulong)hart), "where a debugger looks");
    }

    [TestCase(Interrupts.Timer, 9000UL, ulong.MaxValue, ulong.MaxValue, TestName = "a timer that has rung is set by nothing but the guest")]
    [TestCase(Interrupts.Timer, 9000UL, 10000UL, 10000UL, TestName = "an alarm is set beside it")]
    [TestCase(0UL, 9000UL, 10000UL, 9000UL, TestName = "the earlier of both")]
    [TestCase(0UL, 10000UL, 9000UL, 9000UL, TestName = "be it the alarm")]
    [TestCase(0UL, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, TestName = "neither")]
    public void TheTimerIsSetAsTheVirtualHartSays(ulong pending, ulong deadline, ulong alarm, ulong expected)
    {
        using var world = World(Spin);
        var cores = world.Desktop.Record->Cores;
        var hart = WorldSwitch<FakeHost>.Save(cores);
        (hart->V.Csrs.Sip, hart->V.Deadline, hart->V.Alarm) = (pending, deadline, alarm);
        new ForcedSwitch(world.Machine, 2).Spoil(cores);
        GuestLife<FakeHost>.Switch(cores, hart);
        Assert.That(world.Machine.Hart.FirmwareTimer, Is.EqualTo(expected));
        Assert.That((world.Machine.Hart.ReadCsr(CsrNumber.Sie) & Interrupts.Timer) != 0, Is.EqualTo(expected != ulong.MaxValue));
    }

    [TestCase(HartRequest.None, 0UL)]
    [TestCase(HartRequest.Interrupt, Interrupts.Software)]
    public void WhatIsAskedOfAVirtualHartThatIsPutDownIsServedAsItIsLoaded(HartRequest request, ulong pending)
    {
        using var world = World(Spin);
        var cores = world.Desktop.Record->Cores;
        var hart = WorldSwitch<FakeHost>.Save(cores);
        Interlocked.Or(ref hart->V.Requests, (int)request);
        GuestLife<FakeHost>.Switch(cores, hart);
        Assert.That((hart->V.Csrs.Sip, hart->V.Requests), Is.EqualTo((pending, 0)));
    }

    [Test]
    public void AStopAskedOfAVirtualHartThatIsPutDownEndsItsGuest()
    {
        using var world = World(Spin, Spin);
        var cores = world.Desktop.Record->Cores;
        var hart = WorldSwitch<FakeHost>.Save(cores);
        Interlocked.Or(ref hart->V.Requests, (int)HartRequest.Stop);
        Assert.That(WorldSwitch<FakeHost>.Load(cores, hart), Is.EqualTo(TrapOutcome.Stop));
        Assert.That(hart->V.StopReason, Is.EqualTo(StopReason.Requested));
    }

    [Test]
    public void AReservationIsNotHandedOn()
    {
        using var world = World(Spin);
        var real = world.Machine.Hart;
        real.Reservation = 0x8000_0000;
        Assert.That(real.Reserved);
        WorldSwitch<FakeHost>.Save(world.Desktop.Record->Cores);
        Assert.That(real.Reserved, Is.False);
    }

    [TestCase(true, TestName = "a suspend goes on")]
    [TestCase(false, TestName = "a wfi goes on")]
    public void AWaitGoesOnWhereItIsLoaded(bool suspend)
    {
        using var world = World(Spin);
        var cores = world.Desktop.Record->Cores;
        var hart = cores->Running;
        hart->V.Csrs.Sie = Interrupts.Software;
        hart->V.Waits = true;
        hart->V.State = suspend ? HartState.Suspended : HartState.Started;
        WorldSwitch<FakeHost>.Save(cores);
        // Without an end to the wait in sight the machine would have to stand still.
        FakeHostState.Of(world.Machine.Hart).Seam = new HostSeam { Idle = () => throw new IdleForeverException() };
        Assert.That(() => Switch(cores, hart), Throws.TypeOf<IdleForeverException>());
        Assert.That((hart->V.Waits, hart->V.State), Is.EqualTo((true, suspend ? HartState.Suspended : HartState.Started)));
        WorldSwitch<FakeHost>.Save(cores);
        Interlocked.Or(ref hart->V.Requests, (int)HartRequest.Interrupt);
        Switch(cores, hart);
        Assert.That((hart->V.Waits, hart->V.State, hart->V.Csrs.Sip), Is.EqualTo((false, HartState.Started, Interrupts.Software)));
    }

    private static void Switch(HostCore<FakeHost>* core, GuestHart<FakeHost>* hart) => GuestLife<FakeHost>.Switch(core, hart);

    [Test]
    public void ValuesThatAreStillInTheHartAreNotLoadedTwiceAndThoseThatAreNotAre()
    {
        using var world = World(Spin, Spin);
        var cores = world.Desktop.Record->Cores;
        var real = world.Machine.Hart;
        var one = WorldSwitch<FakeHost>.Save(cores);
        one->V.FloatingPoint.Words[3] = 77;
        GuestLife<FakeHost>.Switch(cores, one);
        Assert.That(real.Float[3], Is.Zero, "nobody else has been here");

        WorldSwitch<FakeHost>.Save(cores);
        var two = (GuestHart<FakeHost>*)world.Desktop.Record->Guests[1].Harts[0];
        GuestLife<FakeHost>.Begin(cores, two);
        real.Float[3] = 55;
        WorldSwitch<FakeHost>.Save(cores);
        one->V.FloatingPoint.Words[3] = 78;
        GuestLife<FakeHost>.Switch(cores, one);
        Assert.That(real.Float[3], Is.EqualTo(78));
        Assert.That(two->V.FloatingPoint.Words[3], Is.EqualTo(55));

        // It was elsewhere meanwhile: what stands here is old.
        CoreLife<FakeHost>.Open(cores + 1);
        WorldSwitch<FakeHost>.Save(cores);
        GuestLife<FakeHost>.Switch(cores + 1, one);
        world.Machine.Harts[1].Float[3] = 79;
        WorldSwitch<FakeHost>.Save(cores + 1);
        GuestLife<FakeHost>.Switch(cores, one);
        Assert.That(real.Float[3], Is.EqualTo(79));
    }

    [Test]
    public void AnotherHartForgetsWhatItKnewOfTheAddressSpace()
    {
        using var world = World(Spin);
        var cores = world.Desktop.Record->Cores;
        CoreLife<FakeHost>.Open(cores + 1);
        var hart = cores->Running;
        (int All, int Instruction) Fences(int core, int to)
        {
            var real = FakeHostState.Of(world.Machine.Harts[to]);
            var before = (real.FencesOfAll, real.InstructionFences);
            WorldSwitch<FakeHost>.Save(cores + core);
            GuestLife<FakeHost>.Switch(cores + to, hart);
            return (real.FencesOfAll - before.FencesOfAll, real.InstructionFences - before.InstructionFences);
        }

        Assert.That(Fences(0, 0), Is.EqualTo((0, 0)), "what is here is its own");
        Assert.That(Fences(0, 1), Is.EqualTo((1, 1)));
        Assert.That(Fences(1, 1), Is.EqualTo((0, 0)));
        Assert.That(Fences(1, 0), Is.EqualTo((1, 1)), "back again: what is here is old");
    }

    [Test]
    public void TwoVirtualHartsAlternateOnOneHartAndKeepAllThatIsTheirs([Values] bool spoil)
    {
        using var world = World(KeeperOf(0x123), KeeperOf(0x76554));
        var record = world.Desktop.Record;
        var core = record->Cores;
        var (one, two) = ((nint)record->Guests[0].Harts[0], (nint)record->Guests[1].Harts[0]);
        WorldSwitch<FakeHost>.Save(core);
        GuestLife<FakeHost>.Begin(core, (GuestHart<FakeHost>*)two);
        WorldSwitch<FakeHost>.Save(core);
        GuestLife<FakeHost>.Switch(core, (GuestHart<FakeHost>*)one);
        var spoiler = new ForcedSwitch(world.Machine, 3);
        world.Desktop.Next = hart =>
        {
            WorldSwitch<FakeHost>.Save(core);
            if (spoil)
            {
                spoiler.Spoil(core);
            }

            return GuestLife<FakeHost>.Switch(core, (GuestHart<FakeHost>*)((nint)hart == one ? two : one));
        };
        world.Desktop.Run(400_000);
        Assert.That(core->Loads, Is.GreaterThan(1500));
        for (var i = 0; i < 2; i++)
        {
            Assert.That(*(ulong*)(record->Guests[i].Memory.Pointer + 0x30_0000), Is.EqualTo(1), $"guest {i}: 1 all is well, 2 something is wrong, 0 not there yet");
            Assert.That(record->Guests[i].Harts[0]->Deadline, Is.EqualTo((ulong)(i == 0 ? 0x123 : 0x76554) << 20));
        }
    }
}
