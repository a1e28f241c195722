using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>The CSR file (Privileged spec 1.13 §2, §3.1, §12.1).</summary>
// SAFETY: the interpreter hands in an entry of its own table; x has a slot for each register number, and one for writes to x0.
public sealed unsafe partial class Hart
{
    private const ulong ExceptionsDelegable = 0xb3ff;
    private const ulong Misa = (2UL << 62) | (1 << 0) | (1 << 2) | (1 << 8) | (1 << 12) | (1 << 18) | (1 << 20);
    private const ulong MisaFloat = (1 << 3) | (1 << 5);

    private readonly ulong[] _pmpcfg = new ulong[16];
    private readonly ulong[] _pmpaddr = new ulong[64];

    private ulong _mstatus;
    private ulong _medeleg, _mideleg, _mie, _mtvec, _mcounteren, _menvcfg, _mscratch, _mepc, _mcause, _mtval;
    private ulong _mip, _lines;
    private ulong _stvec, _scounteren, _senvcfg, _sscratch, _sepc, _scause, _stval, _satp;
    private ulong _stimecmp = ulong.MaxValue;
    private ulong _firmwareTimer = ulong.MaxValue;
    private ulong _cycleOffset, _retiredOffset;

    /// <summary>Reads a CSR as M-mode would; unknown ones read 0.</summary>
    /// <param name="number">One of <see cref="CsrNumber"/>.</param>
    public ulong ReadCsr(int number) => Read(number, out var value) ? value : 0;

    /// <summary>Writes a CSR as M-mode would, WARL rules and side effects included.</summary>
    /// <param name="number">One of <see cref="CsrNumber"/>.</param>
    /// <param name="value">What is written.</param>
    /// <returns>False where there is none that can be written.</returns>
    public bool WriteCsr(int number, ulong value)
    {
        var known = Write(number, value);
        UpdateContext();
        Attention();
        return known;
    }

    /// <summary>Whether a CSR exists for a mode at this moment.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="mode">The mode.</param>
    /// <param name="write">Whether it is to be written.</param>
    public bool CanAccess(int number, PrivilegeLevel mode, bool write)
    {
        var saved = _mode;
        _mode = mode;
        var result = Allowed(number, write) && Read(number, out _);
        _mode = saved;
        return result;
    }

    private bool AccessCsr(Decoded* d)
    {
        var number = d->Immediate & 0xfff;
        var op = d->Op;
        var immediate = op >= Op.Csrrwi;
        var source = immediate ? d->Rs1 : _x[d->Rs1];
        var writes = op is Op.Csrrw or Op.Csrrwi || d->Rs1 != 0;
        if (!Allowed(number, writes) || !Read(number, out var old))
        {
            return IllegalInstruction(d);
        }

        if (writes)
        {
            // A set or clear of mip acts on the bit software wrote, not on the device's line (Privileged spec §3.1.9).
            var current = number == CsrNumber.Mip ? _mip | (_lines & ~Interrupts.SupervisorExternal) : old;
            var value = op switch
            {
                Op.Csrrw or Op.Csrrwi => source,
                Op.Csrrs or Op.Csrrsi => current | source,
                _ => current & ~source,
            };
            Write(number, value);
            UpdateContext();
            Attention();
        }

        _x[d->Rd] = old;
        return true;
    }

    private bool Allowed(int number, bool write)
    {
        if (write && number >> 10 == 3)
        {
            return false;
        }

        if (((number >> 8) & 3) > (int)_mode)
        {
            return false;
        }

        switch (number)
        {
            case CsrNumber.Fflags or CsrNumber.Frm or CsrNumber.Fcsr:
                return (_mstatus & Status.Fs) != 0;
            case CsrNumber.Vstart or CsrNumber.Vxsat or CsrNumber.Vxrm or CsrNumber.Vcsr or CsrNumber.Vl or CsrNumber.Vtype or CsrNumber.Vlenb:
                return (_mstatus & Status.Vs) != 0;
            case CsrNumber.Satp:
                return _mode == PrivilegeLevel.Machine || (_mstatus & Status.Tvm) == 0;
            case CsrNumber.Stimecmp:
                return _mode == PrivilegeLevel.Machine || ((_mcounteren & 2) != 0 && (_menvcfg >> 63) != 0);
            case >= CsrNumber.Cycle and <= CsrNumber.Hpmcounter31:
            {
                var bit = 1UL << (number & 31);
                return _options.CounterCsrs
                    && (_mode == PrivilegeLevel.Machine || (_mcounteren & bit) != 0)
                    && (_mode != PrivilegeLevel.User || (_scounteren & bit) != 0);
            }

            default:
                return true;
        }
    }

    private ulong CounterEnables => _options.HpmCounters ? 0xffff_ffff : 7UL;

    private ulong StatusValue => _mstatus | Status.Uxl64 | Status.Sxl64 | ((_mstatus & Status.Fs) == Status.Fs || (_mstatus & Status.Vs) == Status.Vs ? Status.Sd : 0);

    private bool Read(int number, out ulong value)
    {
        switch (number)
        {
            case CsrNumber.Fflags: value = (ulong)_fflags; return _options.FloatingPoint;
            case CsrNumber.Frm: value = (ulong)_frm; return _options.FloatingPoint;
            case CsrNumber.Fcsr: value = (ulong)((_frm << 5) | _fflags); return _options.FloatingPoint;
            case CsrNumber.Vstart: value = _vstart; return HasVectors;
            case CsrNumber.Vxsat: value = _vxsat; return HasVectors;
            case CsrNumber.Vxrm: value = _vxrm; return HasVectors;
            case CsrNumber.Vcsr: value = (_vxrm << 1) | _vxsat; return HasVectors;
            case CsrNumber.Vl: value = _vl; return HasVectors;
            case CsrNumber.Vtype: value = _vtype; return HasVectors;
            case CsrNumber.Vlenb: value = (ulong)_vlenb; return HasVectors;
            case CsrNumber.Cycle or CsrNumber.Mcycle: value = (_machine.Clock ?? (_count - 1)) + _cycleOffset; return true;
            case CsrNumber.Time: value = _machine.Time(this); return true;
            case CsrNumber.Instret or CsrNumber.Minstret: value = (_machine.Clock ?? (Retired - 1)) + _retiredOffset; return true;
            case (> CsrNumber.Instret and <= CsrNumber.Hpmcounter31) or (>= CsrNumber.Mhpmcounter3 and <= CsrNumber.Mhpmcounter31)
                or (>= CsrNumber.Mhpmevent3 and <= CsrNumber.Mhpmevent31) or CsrNumber.Mcountinhibit:
                value = 0;
                return _options.HpmCounters;
            case CsrNumber.Sstatus: value = StatusValue & Status.SupervisorReadable; return true;
            case CsrNumber.Sie: value = _mie & _mideleg; return true;
            case CsrNumber.Sip: UpdateTimers(); value = Pending & _mideleg; return true;
            case CsrNumber.Stvec: value = _stvec; return true;
            case CsrNumber.Scounteren: value = _scounteren; return true;
            case CsrNumber.Senvcfg: value = _senvcfg; return true;
            case CsrNumber.Sscratch: value = _sscratch; return true;
            case CsrNumber.Sepc: value = _sepc; return true;
            case CsrNumber.Scause: value = _scause; return true;
            case CsrNumber.Stval: value = _stval; return true;
            case CsrNumber.Stimecmp: value = _stimecmp; return _options.Sstc;
            case CsrNumber.Satp: value = _satp; return true;
            case CsrNumber.Mstatus: value = StatusValue; return true;
            case CsrNumber.Misa: value = Misa | (_options.FloatingPoint ? MisaFloat : 0); return true;
            case CsrNumber.Medeleg: value = _medeleg; return true;
            case CsrNumber.Mideleg: value = _mideleg; return true;
            case CsrNumber.Mie: value = _mie; return true;
            case CsrNumber.Mtvec: value = _mtvec; return true;
            case CsrNumber.Mcounteren: value = _mcounteren; return true;
            case CsrNumber.Menvcfg: value = _menvcfg; return true;
            case CsrNumber.Mscratch: value = _mscratch; return true;
            case CsrNumber.Mepc: value = _mepc; return true;
            case CsrNumber.Mcause: value = _mcause; return true;
            case CsrNumber.Mtval: value = _mtval; return true;
            case CsrNumber.Mip: UpdateTimers(); value = Pending; return true;
            case >= CsrNumber.Pmpcfg0 and < CsrNumber.Pmpaddr0: value = _pmpcfg[number & 15]; return (number & 1) == 0;
            case >= CsrNumber.Pmpaddr0 and <= CsrNumber.Pmpaddr63: value = _pmpaddr[number - CsrNumber.Pmpaddr0]; return true;
            case CsrNumber.Mhartid: value = (ulong)Id; return true;
            case >= CsrNumber.Mvendorid and <= CsrNumber.Mconfigptr: value = 0; return true;
            default: value = 0; return false;
        }
    }

    private bool Write(int number, ulong value)
    {
        switch (number)
        {
            case CsrNumber.Fflags: _fflags = (int)value & 31; _mstatus |= Status.Fs; return true;
            case CsrNumber.Frm: _frm = (int)value & 7; _mstatus |= Status.Fs; return true;
            case CsrNumber.Fcsr: _fflags = (int)value & 31; _frm = (int)(value >> 5) & 7; _mstatus |= Status.Fs; return true;
            case CsrNumber.Vstart: _vstart = value & VstartMask; return DirtyVectors();
            case CsrNumber.Vxsat: _vxsat = value & 1; return DirtyVectors();
            case CsrNumber.Vxrm: _vxrm = value & 3; return DirtyVectors();
            case CsrNumber.Vcsr: _vxsat = value & 1; _vxrm = (value >> 1) & 3; return DirtyVectors();
            case CsrNumber.Mcycle: _cycleOffset = value - _count; return true;
            case CsrNumber.Minstret: _retiredOffset = value - Retired; return true;
            case CsrNumber.Sstatus: WriteStatus(value, Status.SupervisorWritable); return true;
            case CsrNumber.Sie: _mie = (_mie & ~_mideleg) | (value & _mideleg); return true;
            case CsrNumber.Sip:
            {
                var mask = _mideleg & Interrupts.SupervisorSoftware;
                _mip = (_mip & ~mask) | (value & mask);
                return true;
            }

            case CsrNumber.Stvec: _stvec = (value & 3) < 2 ? value : _stvec; return true;
            case CsrNumber.Scounteren: _scounteren = value & CounterEnables; return true;
            case CsrNumber.Senvcfg: _senvcfg = value & 1; return true;
            case CsrNumber.Sscratch: _sscratch = value; return true;
            case CsrNumber.Sepc: _sepc = value & ~1UL; return true;
            case CsrNumber.Scause: _scause = value; return true;
            case CsrNumber.Stval: _stval = value; return true;
            case CsrNumber.Stimecmp: _stimecmp = value; return true;
            case CsrNumber.Satp: WriteSatp(value); return true;
            case CsrNumber.Mstatus: WriteStatus(value, Status.MachineWritable); return true;
            case CsrNumber.Medeleg: _medeleg = value & ExceptionsDelegable; return true;
            case CsrNumber.Mideleg: _mideleg = value & Interrupts.Supervisor; return true;
            case CsrNumber.Mie: _mie = value & (Interrupts.Supervisor | Interrupts.Machine); return true;
            case CsrNumber.Mtvec: _mtvec = (value & 3) < 2 ? value : _mtvec; return true;
            case CsrNumber.Mcounteren: _mcounteren = value & CounterEnables; return true;
            case CsrNumber.Menvcfg: _menvcfg = value & (1 | (_options.Sstc ? 1UL << 63 : 0)); return true;
            case CsrNumber.Mscratch: _mscratch = value; return true;
            case CsrNumber.Mepc: _mepc = value & ~1UL; return true;
            case CsrNumber.Mcause: _mcause = value; return true;
            case CsrNumber.Mtval: _mtval = value; return true;
            case CsrNumber.Mip:
            {
                var mask = Interrupts.SupervisorSoftware | Interrupts.SupervisorExternal | (StimecmpActive ? 0 : Interrupts.SupervisorTimer);
                _mip = (_mip & ~mask) | (value & mask);
                return true;
            }

            case >= CsrNumber.Pmpcfg0 and < CsrNumber.Pmpaddr0: _pmpcfg[number & 15] = value; return (number & 1) == 0;
            case >= CsrNumber.Pmpaddr0 and <= CsrNumber.Pmpaddr63: _pmpaddr[number - CsrNumber.Pmpaddr0] = value & ((1UL << 54) - 1); return true;
            case CsrNumber.Misa or CsrNumber.Mcountinhibit or (>= CsrNumber.Mhpmcounter3 and <= CsrNumber.Mhpmcounter31)
                or (>= CsrNumber.Mhpmevent3 and <= CsrNumber.Mhpmevent31):
                return true;
            default: return false;
        }
    }

    private void WriteStatus(ulong value, ulong mask)
    {
        mask &= _options.FloatingPoint ? ulong.MaxValue : ~Status.Fs;
        mask &= HasVectors ? ulong.MaxValue : ~Status.Vs;
        var previous = _mstatus & Status.Mpp;
        _mstatus = (_mstatus & ~mask) | (value & mask);
        if ((_mstatus & Status.Mpp) == 2UL << Status.MppShift)
        {
            _mstatus = (_mstatus & ~Status.Mpp) | previous;
        }
    }

    private void WriteSatp(ulong value)
    {
        var mode = (int)(value >> 60);
        if (mode == 0 || (mode >= 8 && mode <= _options.MaximumMode))
        {
            _satp = (value & 0xf000_0fff_ffff_ffff) | (((value >> 44) & AsidMask) << 44);
        }
    }
}
