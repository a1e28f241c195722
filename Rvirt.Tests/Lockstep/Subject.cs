using System;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference.Harts;
using Rvirt.Tests.Hypervisor;
using Interrupts = Rvirt.Core.Privileged.Interrupts;

namespace Rvirt.Tests.Lockstep;

/// <summary>The machine under test: the same program deprivileged under the hypervisor.</summary>
public sealed unsafe class Subject : IDisposable
{
    private readonly LockstepConfiguration _configuration;
    private int _woken;

    /// <summary>Makes a guest that has not started.</summary>
    public Subject(ulong ram, LockstepConfiguration configuration)
    {
        _configuration = configuration;
        World = new GuestWorld(
            new WorldOptions
            {
                Harts = configuration.Host,
                MoreHarts = configuration.Switch == LockstepSwitch.Other ? 1 : 0,
                Mode = configuration.HostMode,
                Tables = configuration.Tables,
            },
            GuestPayload.Program("here: j here") with { Memory = ram });
        Guest.Seam.Idle = Wake;
        if (configuration.Switch != LockstepSwitch.None)
        {
            SwitchAfterTraps(Forced = new ForcedSwitch(World.Machine, 1));
        }
    }

    public GuestWorld World { get; }

    /// <summary>What puts the virtual hart down after each trap, if anything does.</summary>
    internal ForcedSwitch? Forced { get; }

    public DesktopGuest Guest => World.Guest;

    public Hart Hart => Guest.Hart;

    /// <summary>Why the guest stopped, if it did. Where it asked for a reboot, it has been loaded again.</summary>
    public StopReason? Stopped => Guest.Starts == 1 ? Guest.Stopped : StopReason.Reboot;

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

    /// <summary>Puts the virtual hart where firmware hands over.</summary>
    public void Start(ulong entry)
    {
        Guest.VCpu.Requests = 0;
        Hart.ClearSoftware();
        Hart.ForgetReservation();
        Hart.FirmwareTimer = ulong.MaxValue;
        Guest.PutAt(entry);
        Asleep = false;
        Guest.VCpu.Csrs.Sip = Guest.Bus.ExternalInterruptPending(0) ? Interrupts.External : 0;
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
            hart.Run(1);
        }
        catch (IdleForeverException)
        {
            Asleep = true;
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
                Guest.VCpu.Requests |= (int)HartRequest.Interrupt;
                Hart.RaiseSoftware();
                break;
            case LockstepInterrupt.Timer:
                // As if the guest had set it: the hypervisor masks the host's timer from one interrupt to the next call.
                Guest.VCpu.Deadline = 0;
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
            ref var v = ref Guest.VCpu;
            return new SupervisorState
            {
                Mode = v.Csrs.Mode == PrivilegeMode.User ? PrivilegeLevel.User : PrivilegeLevel.Supervisor,
                Sstatus = Guest.Sstatus,
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
            ref var counters = ref Guest.VCpu.Counters;
            return counters.Emulated + counters.SbiCalls + counters.Mmio + counters.Exceptions + counters.Interrupts;
        }
    }

    // SAFETY: the machine's records stay, and one thread runs all of it.
    private void SwitchAfterTraps(ForcedSwitch forced)
    {
        var cores = World.Desktop.Record->Cores;
        var other = _configuration.Switch == LockstepSwitch.Other;
        if (other)
        {
            CoreLife<FakeHost>.Open(cores + 1);
            FakeHostState.Of(World.Machine.Harts[1]).Seam = Guest.Seam;
        }

        World.Desktop.Next = hart => forced.Move(hart, cores + (other ? 1 - hart->Core->Index : 0));
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
        var enabled = Guest.VCpu.Csrs.Sie;
        WokenBy = (enabled & Interrupts.Timer) != 0 ? LockstepInterrupt.Timer
            : (enabled & Interrupts.Software) != 0 ? LockstepInterrupt.Software
            : LockstepInterrupt.None;
        if (WokenBy == LockstepInterrupt.None || _woken++ > 0)
        {
            throw new IdleForeverException();
        }

        Raise(WokenBy);
    }
}
