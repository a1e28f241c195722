using System;

namespace Rvirt.Reference.Harts;

/// <summary>The state as a whole: for comparison, and for steps that may have to be taken back.</summary>
public sealed partial class Hart
{
    /// <summary>The privileged state as S-mode sees it.</summary>
    public SupervisorState SupervisorState => new()
    {
        Mode = _mode,
        Sstatus = StatusValue & Status.SupervisorReadable,
        Sie = _mie & _mideleg,
        Sip = Pending & _mideleg,
        Stvec = _stvec,
        Scounteren = _scounteren,
        Senvcfg = _senvcfg,
        Sscratch = _sscratch,
        Sepc = _sepc,
        Scause = _scause,
        Stval = _stval,
        Satp = _satp,
    };

    /// <summary>
    /// Keeps aside what steps of S-mode and U-mode change: registers, counters, reservation, <c>mstatus</c>, <c>mie</c>, <c>mip</c>, <c>fcsr</c>, vectors,
    /// and what <see cref="SupervisorState"/> has. Memory, caches, <c>stimecmp</c> and the other CSRs of M-mode it does not.
    /// </summary>
    /// <param name="snapshot">Where it is kept; what was there is lost.</param>
    public void Save(HartSnapshot snapshot)
    {
        X.CopyTo(snapshot.X);
        Float.CopyTo(snapshot.F);
        snapshot.Supervisor = SupervisorState;
        snapshot.Status = _mstatus;
        snapshot.Pc = _pc;
        snapshot.Mie = _mie;
        snapshot.Mip = _mip;
        snapshot.Lines = _lines;
        snapshot.Count = _count;
        snapshot.NotRetired = _notRetired;
        snapshot.Waiting = _waiting;
        snapshot.Reservation = _reservation;
        snapshot.ReservedValue = _reservedValue;
        snapshot.FirmwareTimer = _firmwareTimer;
        snapshot.Flags = (_frm << 5) | _fflags;
        SaveVectors(snapshot);
    }

    /// <summary>Brings a kept state back; translations that are remembered stay.</summary>
    /// <param name="snapshot">What a hart with vectors as long has saved.</param>
    public void Restore(HartSnapshot snapshot)
    {
        snapshot.X.CopyTo(X);
        snapshot.F.CopyTo(Float);
        ref var s = ref snapshot.Supervisor;
        (_mode, _scounteren, _senvcfg, _sscratch) = (s.Mode, s.Scounteren, s.Senvcfg, s.Sscratch);
        (_sepc, _scause, _stval, _satp, _stvec) = (s.Sepc, s.Scause, s.Stval, s.Satp, s.Stvec);
        _mstatus = snapshot.Status;
        _pc = snapshot.Pc;
        _mie = snapshot.Mie;
        _mip = snapshot.Mip;
        _lines = snapshot.Lines;
        _count = snapshot.Count;
        _notRetired = snapshot.NotRetired;
        _waiting = snapshot.Waiting;
        _reservation = snapshot.Reservation;
        _reservedValue = snapshot.ReservedValue;
        _firmwareTimer = snapshot.FirmwareTimer;
        _frm = snapshot.Flags >> 5;
        _fflags = snapshot.Flags & 31;
        RestoreVectors(snapshot);
        UpdateContext();
        Attention();
    }
}

/// <summary>A hart's state, kept aside by <see cref="Hart.Save"/>. A new one is empty, and is nothing to restore.</summary>
public sealed class HartSnapshot
{
    internal readonly ulong[] X = new ulong[32];
    internal readonly ulong[] F = new ulong[32];
    internal SupervisorState Supervisor;
    internal ulong Status, Pc, Mie, Mip, Lines, Count, NotRetired, Reservation, ReservedValue, FirmwareTimer;
    internal bool Waiting;
    internal int Flags;
    internal byte[] V = [];
    internal ulong Vl, Vstart, Vtype, Vxrm, Vxsat;
}
