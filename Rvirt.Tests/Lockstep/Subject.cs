using System;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference.Harts;
using Rvirt.Tests.Hypervisor;
using Interrupts = Rvirt.Core.Privileged.Interrupts;

namespace Rvirt.Tests.Lockstep;

/// <summary>The machine under test: the same program deprivileged under the hypervisor. Several virtual harts have their turns on one hart of the host.</summary>
public sealed unsafe class Subject : IDisposable
{
    private readonly LockstepConfiguration _configuration;
    private readonly Random _random = new(1);
    private GuestHart<FakeHost>* _current;
    private int _woken;

    /// <summary>Makes a guest that has not started.</summary>
    public Subject(ulong ram, LockstepConfiguration configuration)
    {
        _configuration = configuration;
        World = new GuestWorld(
            new WorldOptions
            {
                Harts = configuration.Host,
                MoreHarts = Math.Max(configuration.Harts, configuration.Switch == LockstepSwitch.Other ? 2 : 1) - 1,
                Mode = configuration.HostMode,
                Tables = configuration.Tables,
            },
            GuestPayload.Program("here: j here") with { Memory = ram, Harts = (uint)configuration.Harts });
        Guest.Seam.Idle = Wake;
        _current = Record(0);
        Forced = new ForcedSwitch(World.Machine, 1);
        if (configuration.Switch != LockstepSwitch.None)
        {
            SwitchAfterTraps();
        }
    }

    public GuestWorld World { get; }

    /// <summary>What puts virtual harts down.</summary>
    internal ForcedSwitch Forced { get; }

    public DesktopGuest Guest => World.Guest;

    /// <summary>The virtual hart whose turn it is: it is loaded, and no other.</summary>
    public ref VCpu VCpu => ref _current->V;

    /// <summary>The host's hart that has it.</summary>
    public Hart Hart => World.Machine.Harts[_current->V.HostHartId];

    /// <summary>Why the guest stopped, if it did. Where it asked for a reboot, it has been loaded again.</summary>
    public StopReason? Stopped => Guest.Starts == 1 ? Guest.Stopped : StopReason.Reboot;

    /// <summary>Whether one of several virtual harts has the guest stop, which the others then do at their next turns.</summary>
    public bool Leaves => _configuration.Harts > 1 && Guest.State != GuestState.Running;

    /// <summary>Traps behind which the guest went on: it neither stopped at them nor sleeps for good.</summary>
    public long Returned { get; private set; }

    /// <summary>Cause of the trap in the last step.</summary>
    public ulong LastCause { get; private set; }

    /// <summary>The interrupt that ended the guest's sleep in the last step.</summary>
    public LockstepInterrupt WokenBy { get; private set; }

    /// <summary>Whether the guest sleeps, and nothing that it enabled can wake it.</summary>
    public bool Asleep { get; private set; }

    /// <summary>Guest physical address of the reservation.</summary>
    public ulong Reservation => Hart.Reservation - Guest.Memory.HostAddress + LockstepRun.Entry;

    /// <summary>Whether the last step did something to the guest, so that it stands for one of the reference's steps at least; else it may have filled a table.</summary>
    public bool Progressed { get; private set; }

    /// <summary>Puts all virtual harts where firmware hands over; the first has its turn.</summary>
    public void Start(ulong entry)
    {
        VCpu.Requests = 0;
        Hart.ClearSoftware();
        Hart.ForgetReservation();
        Hart.FirmwareTimer = ulong.MaxValue;
        if (_configuration.Harts == 1)
        {
            Guest.PutAt(entry);
        }
        else
        {
            StartAll(entry);
        }

        Asleep = false;
        VCpu.Csrs.Sip = Guest.Bus.ExternalInterruptPending(VCpu.Index) ? Interrupts.External : 0;
    }

    /// <summary>Another virtual hart has its turn, on the same hart: the one that has it is put down between two instructions.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="oneAtATime">Whether what it does as it is loaded may emulate no instruction.</param>
    public void Turn(int number, bool oneAtATime)
    {
        Guest.Seam.OneAtATime = oneAtATime || _configuration.OneAtATime;
        WokenBy = LockstepInterrupt.None;
        var core = _current->Core;
        var hart = Hart;
        // As a trap would that has nothing to do.
        hart.WriteCsr(CsrNumber.Sepc, hart.Pc);
        TrapFrame.Save(hart, &_current->V);
        hart.Mode = PrivilegeLevel.Supervisor;
        WorldSwitch<FakeHost>.Save(core);
        if (_random.Next(2) == 0)
        {
            Forced.Spoil(core);
        }

        try
        {
            Enter(core, GuestLife<FakeHost>.Switch(core, Record(number)));
        }
        catch (IdleForeverException)
        {
            Asleep = true;
        }
    }

    /// <summary>Another hart leaves a fence for a virtual hart that has not its turn.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="page">A virtual address; null: everything.</param>
    public void LeaveFence(int number, ulong? page)
    {
        ref var v = ref Guest.VirtualHart(number);
        v.Fences.Post(page is { } address ? new FenceRange(address, 1, FenceRange.AnyAsid) : FenceRange.All);
        v.Requests |= (int)HartRequest.Fence;
    }

    /// <summary>One native instruction, or one trap and all that the hypervisor does for it.</summary>
    /// <param name="oneAtATime">Whether a trap may emulate one instruction only.</param>
    /// <returns>Whether it was a trap.</returns>
    public bool Step(bool oneAtATime)
    {
        var traps = Guest.Traps;
        var events = Events;
        Guest.Seam.OneAtATime = oneAtATime || _configuration.OneAtATime;
        WokenBy = LockstepInterrupt.None;
        _woken = 0;
        // It may be another one behind the trap.
        var hart = Hart;
        try
        {
            // Each hart that it is moved to may be.
            while (IsKickedAsWell)
            {
                hart.Run(1);
                hart = Hart;
            }

            hart.Run(1);
        }
        catch (IdleForeverException)
        {
            Asleep = true;
        }

        if (Guest.Traps != traps)
        {
            // A hart is stopped too where the guest goes on at another one.
            Returned += (long)(Guest.Traps - traps) - (Asleep || (hart.Stopped && hart == Hart) ? 1 : 0);
        }

        LastCause = hart.LastCause;
        ServeElsewhere();
        Progressed = Events != events
            || LastCause is Cause.IllegalInstruction or Cause.Breakpoint or Cause.UserCall;
        return Guest.Traps != traps;
    }

    /// <summary>Makes an interrupt pending.</summary>
    public void Raise(LockstepInterrupt interrupt)
    {
        switch (interrupt)
        {
            case LockstepInterrupt.Software:
                VCpu.Requests |= (int)HartRequest.Interrupt;
                Hart.RaiseSoftware();
                break;
            case LockstepInterrupt.Timer:
                // As if the guest had set it: the hypervisor masks the host's timer from one interrupt to the next call.
                VCpu.Deadline = 0;
                Hart.FirmwareTimer = 0;
                Hart.WriteCsr(CsrNumber.Sie, Hart.ReadCsr(CsrNumber.Sie) | Interrupts.Timer);
                break;
            case LockstepInterrupt.External:
                World.Machine.Uart.Type("x");
                ServeElsewhere();
                break;
        }
    }

    /// <summary>The guest's privileged state.</summary>
    public SupervisorState State
    {
        get
        {
            ref var v = ref VCpu;
            return new SupervisorState
            {
                Mode = v.Csrs.Mode == PrivilegeMode.User ? PrivilegeLevel.User : PrivilegeLevel.Supervisor,
                Sstatus = DesktopGuest.SstatusOf(_current),
                Sie = v.Csrs.Sie,
                Sip = v.Csrs.Sip,
                Stvec = v.Csrs.Stvec,
                Scounteren = v.Csrs.Scounteren,
                Senvcfg = v.Csrs.Senvcfg,
                Sscratch = v.Csrs.Sscratch,
                Sepc = v.Csrs.Sepc,
                Scause = v.Csrs.Scause,
                Stval = v.Csrs.Stval,
                Satp = v.Csrs.Satp,
            };
        }
    }

    public void Dispose() => World.Dispose();

    private ulong Events
    {
        get
        {
            ref var counters = ref VCpu.Counters;
            return counters.Emulated + counters.SbiCalls + counters.Mmio + counters.Exceptions + counters.Interrupts;
        }
    }

    // A kick for a virtual hart that has not its turn comes before what else is pending, and says nothing to this one.
    private bool IsKickedAsWell
    {
        get
        {
            if (_configuration.Harts == 1)
            {
                return false;
            }

            Hart.UpdateTimers();
            var pending = Hart.Pending & Hart.ReadCsr(CsrNumber.Sie);
            return (pending & Interrupts.Software) != 0 && (pending & ~Interrupts.Software) != 0;
        }
    }

    // SAFETY: here and below: the machine's records stay, and one thread runs all of it.
    private GuestHart<FakeHost>* Record(int number) => (GuestHart<FakeHost>*)World.Desktop.Record->Guests->Harts[number];

    private void Enter(HostCore<FakeHost>* core, GuestHart<FakeHost>* hart)
    {
        _current = hart;
        World.Desktop.Enter(World.Machine.Harts[core->HartId], &hart->V);
    }

    // As harts that started each other: the firmware's call has tests of its own.
    private void StartAll(ulong entry)
    {
        var core = _current->Core != null ? _current->Core : _current->Home;
        World.Desktop.Resume();
        World.Machine.Harts[core->HartId].Mode = PrivilegeLevel.Supervisor;
        _current->Guest->Live = _configuration.Harts;
        for (var number = _configuration.Harts - 1; number >= 0; number--)
        {
            GuestLife<FakeHost>.PutAt(core, Record(number), entry, 0);
            if (number != 0)
            {
                WorldSwitch<FakeHost>.Save(core);
            }
        }

        Enter(core, Record(0));
    }

    private void SwitchAfterTraps()
    {
        var cores = World.Desktop.Record->Cores;
        var other = _configuration.Switch == LockstepSwitch.Other;
        if (other)
        {
            CoreLife<FakeHost>.Open(cores + 1);
            FakeHostState.Of(World.Machine.Harts[1]).Seam = Guest.Seam;
        }

        World.Desktop.Next = hart => Forced.Move(hart, cores + (other ? 1 - hart->Core->Index : 0));
    }

    /// <summary>The hart that the console interrupts serves it while the guest is on the other, as its own run loop would.</summary>
    private void ServeElsewhere()
    {
        if (Hart != World.Machine.Hart && (World.Machine.Hart.Pending & Interrupts.External) != 0)
        {
            HostInterrupts<FakeHost>.Serve(World.Desktop.Record->Cores);
        }
    }

    private void Wake()
    {
        var enabled = VCpu.Csrs.Sie;
        WokenBy = (enabled & Interrupts.Timer) != 0 ? LockstepInterrupt.Timer
            : (enabled & Interrupts.Software) != 0 ? LockstepInterrupt.Software
            : LockstepInterrupt.None;
        // Where the guest stops, no virtual hart sleeps: the host's hart waits for what would never come.
        if (Leaves || WokenBy == LockstepInterrupt.None || _woken++ > 0)
        {
            throw new IdleForeverException();
        }

        Raise(WokenBy);
    }
}
