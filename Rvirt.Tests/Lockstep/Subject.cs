using System;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Reference;
using Rvirt.Reference.Harts;
using Interrupts = Rvirt.Core.Privileged.Interrupts;

namespace Rvirt.Tests.Lockstep;

/// <summary>The machine under test: the same program deprivileged under the hypervisor.</summary>
public sealed class Subject : IDisposable
{
    private readonly LockstepConfiguration _configuration;
    private int _woken;

    /// <summary>Makes a guest that has not started.</summary>
    public Subject(ulong ram, LockstepConfiguration configuration)
    {
        _configuration = configuration;
        Machine = new VirtualMachine(ram, configuration.Host, configuration.HostMode, tables: configuration.Tables);
        Machine.Guest.Seam.Idle = Wake;
    }

    public VirtualMachine Machine { get; }

    public Hart Hart => Machine.Hart;

    /// <summary>The interrupt that ended the guest's sleep in the last step.</summary>
    public LockstepInterrupt WokenBy { get; private set; }

    /// <summary>Whether the guest sleeps, and nothing that it enabled can wake it.</summary>
    public bool Asleep { get; private set; }

    /// <summary>Guest physical address of the reservation.</summary>
    public ulong Reservation => Hart.Reservation - Machine.Memory.HostAddress + LockstepRun.Entry;

    /// <summary>Whether the last step did something to the guest, so that it stands for one of the reference's steps at least; else it may have filled a table.</summary>
    public bool Progressed { get; private set; }

    /// <summary>Puts the virtual hart where firmware hands over.</summary>
    public void Start(ulong entry)
    {
        Machine.VCpu.Requests = 0;
        Hart.ClearSoftware();
        Hart.ForgetReservation();
        Hart.FirmwareTimer = ulong.MaxValue;
        Machine.Start(entry);
        Asleep = false;
        Machine.VCpu.Sip = Machine.Bus.ExternalInterruptPending(0) ? Interrupts.External : 0;
    }

    /// <summary>One native instruction, or one trap and all that the hypervisor does for it.</summary>
    /// <param name="oneAtATime">Whether a trap may emulate one instruction only.</param>
    /// <returns>Whether it was a trap.</returns>
    public bool Step(bool oneAtATime)
    {
        var traps = Machine.Traps;
        var events = Events;
        Machine.Guest.Seam.OneAtATime = oneAtATime || _configuration.OneAtATime;
        WokenBy = LockstepInterrupt.None;
        _woken = 0;
        try
        {
            Hart.Run(1);
        }
        catch (IdleForeverException)
        {
            Asleep = true;
        }

        Progressed = Events != events
            || Hart.LastCause is Cause.IllegalInstruction or Cause.Breakpoint or Cause.UserCall;
        return Machine.Traps != traps;
    }

    /// <summary>Makes an interrupt pending.</summary>
    public void Raise(LockstepInterrupt interrupt)
    {
        switch (interrupt)
        {
            case LockstepInterrupt.Software:
                Machine.VCpu.Requests |= (int)HartRequest.Interrupt;
                Hart.RaiseSoftware();
                break;
            case LockstepInterrupt.Timer:
                // As if the guest had set it: the hypervisor masks the host's timer from one interrupt to the next call.
                Hart.FirmwareTimer = 0;
                Hart.WriteCsr(CsrNumber.Sie, Hart.ReadCsr(CsrNumber.Sie) | Interrupts.Timer);
                break;
            case LockstepInterrupt.External:
                Machine.Machine.Uart.Type("x");
                break;
        }
    }

    /// <summary>The guest's privileged state.</summary>
    public SupervisorState State
    {
        get
        {
            ref var v = ref Machine.VCpu;
            return new SupervisorState
            {
                Mode = v.Mode == PrivilegeMode.User ? PrivilegeLevel.User : PrivilegeLevel.Supervisor,
                Sstatus = Machine.Guest.Sstatus,
                Sie = v.Sie,
                Sip = v.Sip,
                Stvec = v.Stvec,
                Scounteren = v.Scounteren,
                Senvcfg = v.Senvcfg,
                Sscratch = v.Sscratch,
                Sepc = v.Sepc,
                Scause = v.Scause,
                Stval = v.Stval,
                Satp = v.Satp,
            };
        }
    }

    public void Dispose() => Machine.Dispose();

    private ulong Events
    {
        get
        {
            ref var counters = ref Machine.VCpu.Counters;
            return counters.Emulated + counters.SbiCalls + counters.Mmio + counters.Exceptions + counters.Interrupts;
        }
    }

    private void Wake()
    {
        var enabled = Machine.VCpu.Sie;
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
