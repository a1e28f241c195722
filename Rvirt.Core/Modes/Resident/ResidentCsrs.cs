using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Resident;

/// <summary>The guest's CSRs, which are the hart's own while it runs there, and what of <c>mstatus</c> is whose.</summary>
internal static class ResidentCsrs
{
    // What cycle, time and instret need to be read without a trap.
    private const ulong AllCounters = 7;

    // The guest's, as it writes them in sstatus.
    private const ulong GuestStatus =
        Sstatus.Sie | Sstatus.Spie | Sstatus.Ube | Sstatus.Spp | Sstatus.Vs | Sstatus.Fs | Sstatus.Sum | Sstatus.Mxr;

    // The hypervisor's, all of which are written: interrupts off, no other mode's accesses but by Tvm and Tw what traps.
    private const ulong HypervisorStatus =
        Mstatus.Mie | Mstatus.Mpie | Mstatus.Mpp | Mstatus.Mprv | Mstatus.Tvm | Mstatus.Tw | Mstatus.Tsr | Mstatus.Sbe | Mstatus.Gva | Mstatus.Mpv;

    /// <summary>Makes a hart ready: nothing of what was there before is seen by a guest, and what it may not do traps.</summary>
    public static HartUnits Open<THost>(ref THost host)
        where THost : struct, ITrapHost, IResidentHart
    {
        host.SetSupervisorPending(Interrupts.All, pending: false);
        host.WriteSupervisor(Csr.Sie, 0);
        WriteStatus(ref host, Sstatus.FsInitial, PrivilegeMode.Supervisor);
        return HartRegisters.Open(ref host);
    }

    /// <summary>Puts the CSRs into the state in which firmware hands over an S-mode payload: everything off (SBI 2.0 §9.1).</summary>
    public static void Reset(ref VCpu v)
    {
        v.Csrs = default;
        v.Csrs.Sstatus = Sstatus.FsInitial | (v.HasVectors ? Sstatus.VsInitial : 0);
        // Firmware hands over with all three counters readable in U-mode, and programs rely on it.
        v.Csrs.Scounteren = AllCounters;
        v.Csrs.Mode = PrivilegeMode.Supervisor;
        v.Csrs.ViewChanged = true;
    }

    /// <summary>Stores what the hart has of the guest.</summary>
    public static void Save<THost>(ref THost host, ref VCpu v, HartUnits units)
        where THost : struct, ITrapHost, IResidentHart
    {
        HartRegisters.Save(ref host, ref v, units);
        v.Csrs.Sstatus = host.ReadMstatus() & (GuestStatus | Sstatus.Sd);
        v.Csrs.Sie = host.ReadSupervisor(Csr.Sie);
        v.Csrs.Sip = host.ReadSupervisor(Csr.Sip);
        v.Csrs.Stvec = host.ReadSupervisor(Csr.Stvec);
        v.Csrs.Sscratch = host.ReadSupervisor(Csr.Sscratch);
        v.Csrs.Sepc = host.ReadSupervisor(Csr.Sepc);
        v.Csrs.Scause = host.ReadSupervisor(Csr.Scause);
        v.Csrs.Stval = host.ReadSupervisor(Csr.Stval);
        v.Csrs.Scounteren = host.ReadSupervisor(Csr.Scounteren);
        v.Csrs.Senvcfg = host.ReadSupervisor(Csr.Senvcfg);
    }

    /// <summary>Leaves nothing on the hart that would end the hypervisor's own waits: who could take the guest's interrupts is gone.</summary>
    public static void LetGo<THost>(ref THost host, ref VCpu v)
        where THost : struct, IResidentHart
    {
        v.Csrs.OnHart = false;
        host.SetSupervisorPending(Interrupts.All, pending: false);
        host.WriteSupervisor(Csr.Sie, 0);
    }

    /// <summary>Writes all of it, so that nothing that another virtual hart left is seen.</summary>
    public static void Load<THost>(ref THost host, ref VCpu v, HartUnits units)
        where THost : struct, ITrapHost, IResidentHart
    {
        HartRegisters.Load(ref host, ref v, units);
        host.WriteSupervisor(Csr.Sie, v.Csrs.Sie);
        host.WriteSupervisor(Csr.Stvec, v.Csrs.Stvec);
        host.WriteSupervisor(Csr.Sscratch, v.Csrs.Sscratch);
        host.WriteSupervisor(Csr.Sepc, v.Csrs.Sepc);
        host.WriteSupervisor(Csr.Scause, v.Csrs.Scause);
        host.WriteSupervisor(Csr.Stval, v.Csrs.Stval);
        host.WriteSupervisor(Csr.Scounteren, v.Csrs.Scounteren);
        host.WriteSupervisor(Csr.Senvcfg, v.Csrs.Senvcfg);
        host.SetSupervisorPending(Interrupts.All, pending: false);
        host.SetSupervisorPending(v.Csrs.Sip & Interrupts.All, pending: true);
        WriteStatus(ref host, v.Csrs.Sstatus & GuestStatus, v.Csrs.Mode);
        v.Csrs.OnHart = true;
    }

    /// <summary>A CSR as S-mode reads it; zero where it has none of that number.</summary>
    public static ulong Read<THost>(ref THost host, in VCpu v, uint number)
        where THost : struct, ITrapHost, IResidentHart
    {
        switch (number)
        {
            case Csr.Satp:
                return v.Csrs.Satp;
            case Csr.Time:
                return host.ReadTime();
        }

        if (v.Csrs.OnHart)
        {
            return host.ReadSupervisor(number);
        }

        return number switch
        {
            Csr.Sstatus => v.Csrs.Sstatus | Sstatus.Uxl64,
            Csr.Sie => v.Csrs.Sie,
            Csr.Sip => v.Csrs.Sip,
            Csr.Stvec => v.Csrs.Stvec,
            Csr.Sscratch => v.Csrs.Sscratch,
            Csr.Sepc => v.Csrs.Sepc,
            Csr.Scause => v.Csrs.Scause,
            Csr.Stval => v.Csrs.Stval,
            Csr.Scounteren => v.Csrs.Scounteren,
            Csr.Senvcfg => v.Csrs.Senvcfg,
            _ => 0,
        };
    }

    /// <summary>Gives the guest an exception, as the hart would (Privileged spec 1.13 §12.1.1, §12.1.7 to §12.1.9).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TakeException<THost>(ref THost host, ref VCpu v, ulong cause, ulong value)
        where THost : struct, ITrapHost, IResidentHart
    {
        v.Counters.Exceptions++;
        host.WriteSupervisor(Csr.Sepc, v.Pc);
        host.WriteSupervisor(Csr.Scause, cause);
        host.WriteSupervisor(Csr.Stval, value);
        var status = host.ReadMstatus();
        var entered = status & ~(Sstatus.Sie | Sstatus.Spie | Sstatus.Spp | Mstatus.Mpp);
        host.WriteMstatus(entered
            | ((status & Sstatus.Sie) * (Sstatus.Spie / Sstatus.Sie))
            | ((ulong)v.Csrs.Mode * Sstatus.Spp)
            | Mstatus.MppSupervisor);
        v.Csrs.Mode = PrivilegeMode.Supervisor;
        v.Pc = host.ReadSupervisor(Csr.Stvec) & ~3UL;
    }

    private static void WriteStatus<THost>(ref THost host, ulong guest, PrivilegeMode mode)
        where THost : struct, IResidentHart =>
        host.WriteMstatus((host.ReadMstatus() & ~(GuestStatus | HypervisorStatus))
            | guest | Mstatus.Tvm | Mstatus.Tw | (mode == PrivilegeMode.User ? 0 : Mstatus.MppSupervisor));
}
