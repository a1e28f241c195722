using System;
using System.Globalization;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>Traps, interrupts, returns and waiting (Privileged spec 1.13 §3.1.6 to §3.1.10, §3.3).</summary>
// SAFETY: the interpreter hands in an entry of its own table, whose register numbers are five bits of an instruction.
public sealed unsafe partial class Hart
{
    /// <summary>Machine interrupts come first, then external, software, timer.</summary>
    private static ReadOnlySpan<byte> Priority => [11, 3, 7, 9, 1, 5];

    /// <summary>Sets or clears a pending bit that a device drives.</summary>
    /// <param name="bit">One of <see cref="Interrupts"/>.</param>
    /// <param name="level">Whether the line is high.</param>
    public void SetInterruptLine(ulong bit, bool level)
    {
        var lines = level ? _lines | bit : _lines & ~bit;
        if (lines != _lines)
        {
            _lines = lines;
            Attention();
        }
    }

    /// <summary>All pending interrupts, as <c>mip</c> reads.</summary>
    public ulong Pending => _mip | _lines;

    /// <summary>When firmware in C# wants a supervisor timer interrupt, in ticks; all ones: never.</summary>
    public ulong FirmwareTimer
    {
        get => _firmwareTimer;
        set
        {
            _firmwareTimer = value;
            _mip &= ~Interrupts.SupervisorTimer;
            Attention();
        }
    }

    /// <summary>Makes the supervisor software interrupt pending, as firmware does for an IPI.</summary>
    public void RaiseSoftware()
    {
        _mip |= Interrupts.SupervisorSoftware;
        Attention();
    }

    /// <summary>Clears the supervisor software interrupt.</summary>
    public void ClearSoftware()
    {
        _mip &= ~Interrupts.SupervisorSoftware;
        Attention();
    }

    /// <summary>The earliest tick at which a timer of this hart or the machine's clock fires that has not; all ones: never.</summary>
    internal ulong NextTimer
    {
        get
        {
            var now = _machine.Time(this);
            var next = ulong.MaxValue;
            foreach (var deadline in (ReadOnlySpan<ulong>)[MachineTimer, _firmwareTimer, StimecmpActive ? _stimecmp : ulong.MaxValue, _machine.AlarmTick])
            {
                if (deadline > now && deadline < next)
                {
                    next = deadline;
                }
            }

            return next;
        }
    }

    private bool StimecmpActive => _options.Sstc && (_menvcfg >> 63) != 0;

    /// <summary>Brings the timer bits of <c>mip</c> up to date.</summary>
    public void UpdateTimers()
    {
        var now = _machine.Time(this);
        _machine.UpdateAlarm(now);
        SetLine(Interrupts.MachineTimer, now >= MachineTimer);
        if (StimecmpActive)
        {
            SetLine(Interrupts.SupervisorTimer, now >= _stimecmp);
        }
        else
        {
            _lines &= ~Interrupts.SupervisorTimer;
            if (now >= _firmwareTimer)
            {
                _firmwareTimer = ulong.MaxValue;
                _mip |= Interrupts.SupervisorTimer;
            }
        }
    }

    private void SetLine(ulong bit, bool level) => _lines = level ? _lines | bit : _lines & ~bit;

    /// <summary>Runs when the deadline is reached. False: leave the loop.</summary>
    private bool ServiceEvents()
    {
        if (_count >= _stopAt || _stopped || _machine.Ended)
        {
            return false;
        }

        UpdateTimers();
        if (_waiting)
        {
            if ((Pending & _mie) == 0)
            {
                return false;
            }

            _waiting = false;
        }

        var cause = PendingInterrupt();
        if (cause >= 0)
        {
            _count++;
            TakeTrap(Cause.Interrupt | (uint)cause, 0);
            return true;
        }

        var next = NextTimer;
        var deadline = _stopAt;
        if (next != ulong.MaxValue)
        {
            var cycles = _machine.CyclesUntil(this, next);
            if (cycles < deadline - _count)
            {
                deadline = _count + Math.Max(cycles, 1);
            }
        }

        _deadline = deadline;
        return true;
    }

    /// <summary>The interrupt that would be taken now, by its number (Privileged spec 1.13 §3.1.15), or -1.</summary>
    public int PendingInterrupt()
    {
        var enabled = Pending & _mie;
        if (enabled == 0)
        {
            return -1;
        }

        var machine = enabled & ~_mideleg;
        if (_mode == PrivilegeLevel.Machine && (_mstatus & Status.Mie) == 0)
        {
            machine = 0;
        }

        var supervisor = enabled & _mideleg;
        if (_mode == PrivilegeLevel.Machine || (_mode == PrivilegeLevel.Supervisor && (_mstatus & Status.Sie) == 0))
        {
            supervisor = 0;
        }

        foreach (var bits in (ReadOnlySpan<ulong>)[machine, supervisor])
        {
            foreach (var number in Priority)
            {
                if (((bits >> number) & 1) != 0)
                {
                    return number;
                }
            }
        }

        return -1;
    }

    /// <summary>Takes a trap at the current pc.</summary>
    /// <param name="cause">As <c>mcause</c> has it: one of <see cref="Cause"/>, or an interrupt's number with the highest bit set.</param>
    /// <param name="value">As <c>mtval</c> has it.</param>
    /// <exception cref="InvalidOperationException">It goes to M-mode, where <c>mtvec</c> is 0 and <see cref="Firmware"/> is not there.</exception>
    public void TakeTrap(ulong cause, ulong value)
    {
        Traps++;
        LastCause = cause;
        LastValue = value;
        _notRetired++;
        Attention();
        if (_options.TrapsClearReservation)
        {
            _reservation = NoReservation;
        }

        var interrupt = (cause & Cause.Interrupt) != 0;
        var delegated = interrupt ? _mideleg : _medeleg;
        var number = (int)(cause & 63);
        if (_mode != PrivilegeLevel.Machine && ((delegated >> number) & 1) != 0)
        {
            var from = _mode;
            _scause = cause;
            _sepc = _pc;
            _stval = value;
            _mstatus = (_mstatus & ~(Status.Spie | Status.Spp | Status.Sie))
                | ((_mstatus & Status.Sie) != 0 ? Status.Spie : 0)
                | (from == PrivilegeLevel.Supervisor ? Status.Spp : 0);
            _mode = PrivilegeLevel.Supervisor;
            if (Supervisor is not null && from == PrivilegeLevel.User)
            {
                UpdateContext();
                Supervisor.HandleTrap(this);
                if (_mode == PrivilegeLevel.Supervisor)
                {
                    LeaveSupervisor();
                }
            }
            else
            {
                _pc = Vector(_stvec, cause);
            }
        }
        else if (Firmware is not null)
        {
            Firmware.HandleTrap(this, cause, value);
        }
        else
        {
            if (_mtvec == 0)
            {
                throw new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture, $"trap {cause:x} value {value:x} at {_pc:x} in {_mode}-mode, and no M-mode code is there to serve it"));
            }

            _mcause = cause;
            _mepc = _pc;
            _mtval = value;
            _mstatus = (_mstatus & ~(Status.Mpie | Status.Mpp | Status.Mie))
                | ((_mstatus & Status.Mie) != 0 ? Status.Mpie : 0)
                | ((ulong)_mode << Status.MppShift);
            _mode = PrivilegeLevel.Machine;
            _pc = Vector(_mtvec, cause);
        }

        UpdateContext();
    }

    /// <summary>What <c>sret</c> does where it is allowed.</summary>
    public void LeaveSupervisor()
    {
        _mode = (_mstatus & Status.Spp) != 0 ? PrivilegeLevel.Supervisor : PrivilegeLevel.User;
        _mstatus = (_mstatus & ~(Status.Sie | Status.Spp | Status.Mprv)) | ((_mstatus & Status.Spie) != 0 ? Status.Sie : 0) | Status.Spie;
        _pc = _sepc;
        UpdateContext();
        Attention();
    }

    private static ulong Vector(ulong vector, ulong cause) =>
        (vector & ~3UL) + ((vector & 3) == 1 && (cause & Cause.Interrupt) != 0 ? 4 * (cause & 63) : 0);

    private bool IllegalInstruction(Decoded* d) => Fail(Cause.IllegalInstruction, _options.IllegalInstructionValue ? d->Raw : 0);

    private bool ReturnFromTrap(Decoded* d)
    {
        if (d->Op == Op.Sret)
        {
            if (_mode == PrivilegeLevel.User || (_mode == PrivilegeLevel.Supervisor && (_mstatus & Status.Tsr) != 0))
            {
                return IllegalInstruction(d);
            }

            LeaveSupervisor();
            return true;
        }

        if (_mode != PrivilegeLevel.Machine)
        {
            return IllegalInstruction(d);
        }

        _mode = (PrivilegeLevel)((_mstatus >> Status.MppShift) & 3);
        _mstatus = (_mstatus & ~(Status.Mie | Status.Mpp)) | ((_mstatus & Status.Mpie) != 0 ? Status.Mie : 0) | Status.Mpie;
        if (_mode != PrivilegeLevel.Machine)
        {
            _mstatus &= ~Status.Mprv;
        }

        _pc = _mepc;
        UpdateContext();
        Attention();
        return true;
    }

    private bool WaitForInterrupt(Decoded* d)
    {
        if (_mode == PrivilegeLevel.User || (_mode == PrivilegeLevel.Supervisor && (_mstatus & Status.Tw) != 0))
        {
            return IllegalInstruction(d);
        }

        Sleep();
        return true;
    }

    /// <summary>Makes the hart wait for an interrupt that is pending and enabled in <c>mie</c>.</summary>
    public void Sleep()
    {
        _waiting = true;
        Attention();
    }

    /// <summary>Ends a wait, as a reset does.</summary>
    public void Wake() => _waiting = false;

    private bool FenceVirtualMemory(Decoded* d)
    {
        if (_mode == PrivilegeLevel.User || (_mode == PrivilegeLevel.Supervisor && (_mstatus & Status.Tvm) != 0))
        {
            return IllegalInstruction(d);
        }

        Fence(d->Rs1 == 0 ? null : _x[d->Rs1], d->Rs2 == 0 ? null : (ushort)(_x[d->Rs2] & AsidMask));
        return true;
    }

    private ulong AsidMask => (1UL << _options.AsidBits) - 1;
}
