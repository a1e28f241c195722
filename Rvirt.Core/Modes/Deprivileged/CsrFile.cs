using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Deprivileged;

/// <summary>The guest's CSRs as its S-mode reads and writes them, each by its WARL rule (Privileged spec 1.13 §12.1).</summary>
internal static class CsrFile
{
    private const ulong WritableSstatus =
        Sstatus.Sie | Sstatus.Spie | Sstatus.Spp | Sstatus.Fs | Sstatus.Sum | Sstatus.Mxr;

    private const ulong WritableScounteren = 7;

    private const ulong WritableSenvcfg = 1;

    /// <summary>Puts the CSRs into the state in which firmware hands over an S-mode payload: everything off (SBI 2.0 §9.1).</summary>
    public static void Reset(ref VCpu v)
    {
        v.Csrs = default;
        v.Csrs.HardwareSstatus = Sstatus.Fs | Sstatus.Sd;
        v.Csrs.ParkedSstatus = Sstatus.FsInitial;
        if (v.HasVectors)
        {
            v.Csrs.HardwareSstatus |= Sstatus.Vs;
            v.Csrs.ParkedSstatus |= Sstatus.VsInitial;
        }

        // Firmware hands over with all three counters readable in U-mode, and programs rely on it.
        v.Csrs.Scounteren = TrapEntry.AllCounters;
        v.Csrs.CodePage = GuestCsrs.NoCode;
        v.Csrs.Mode = PrivilegeMode.Supervisor;
        v.Csrs.ViewChanged = true;
    }

    /// <summary>The active view may have been dropped, and the page of the next instruction may be one the guest cannot execute now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ForgetTranslation(ref VCpu v)
    {
        v.Csrs.ViewChanged = true;
        v.Csrs.CodePage = GuestCsrs.NoCode;
    }

    /// <summary>Reads a CSR as S-mode does.</summary>
    /// <returns>False where the guest has no such CSR: an illegal instruction.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead<THost>(ref THost host, in VCpu v, uint number, out ulong value)
        where THost : struct, ITrapHost
    {
        switch (number)
        {
            case Csr.Sstatus:
                value = ReadSstatus(ref host, v);
                return true;
            case Csr.Sie:
                value = v.Csrs.Sie;
                return true;
            case Csr.Stvec:
                value = v.Csrs.Stvec;
                return true;
            case Csr.Scounteren:
                value = v.Csrs.Scounteren;
                return true;
            case Csr.Senvcfg:
                value = v.Csrs.Senvcfg;
                return true;
            case Csr.Sscratch:
                value = v.Csrs.Sscratch;
                return true;
            case Csr.Sepc:
                value = v.Csrs.Sepc;
                return true;
            case Csr.Scause:
                value = v.Csrs.Scause;
                return true;
            case Csr.Stval:
                value = v.Csrs.Stval;
                return true;
            case Csr.Sip:
                value = v.Csrs.Sip;
                return true;
            case Csr.Satp:
                value = v.Csrs.Satp;
                return true;
            case Csr.Time:
                value = host.ReadTime();
                return true;
            default:
                // cycle and instret are read without a trap; where the firmware keeps them even from us, the guest has none either.
                value = 0;
                return false;
        }
    }

    /// <summary>Writes a CSR that <see cref="TryRead"/> knows and that is not read-only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint number, ulong value)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        switch (number)
        {
            case Csr.Sstatus:
                WriteSstatus(ref host, ref v, value);
                break;
            case Csr.Sie:
                v.Csrs.Sie = value & Interrupts.All;
                v.Csrs.InterruptsChanged = true;
                break;
            case Csr.Stvec:
                // Modes above vectored are reserved: the write is ignored, and the field stays legal.
                if ((value & 2) == 0)
                {
                    v.Csrs.Stvec = value;
                }

                break;
            case Csr.Scounteren:
                v.Csrs.Scounteren = value & WritableScounteren;
                break;
            case Csr.Senvcfg:
                v.Csrs.Senvcfg = value & WritableSenvcfg;
                break;
            case Csr.Sscratch:
                v.Csrs.Sscratch = value;
                break;
            case Csr.Sepc:
                v.Csrs.Sepc = value & ~1UL;
                break;
            case Csr.Scause:
                v.Csrs.Scause = value;
                break;
            case Csr.Stval:
                v.Csrs.Stval = value;
                break;
            case Csr.Sip:
                // Only SSIP is the guest's to write: STIP is its firmware's, SEIP its interrupt controller's.
                v.Csrs.Sip = (v.Csrs.Sip & ~Interrupts.Software) | (value & Interrupts.Software);
                v.Csrs.InterruptsChanged = true;
                break;
            case Csr.Satp:
                WriteSatp<THost, TMmu>(ref v, ref mmu, value);
                break;
        }
    }

    /// <summary>The guest's <c>sstatus</c>: its own bits, those that the hart keeps for it, and UXL.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ReadSstatus<THost>(ref THost host, in VCpu v)
        where THost : struct, ITrapHost =>
        v.Csrs.Sstatus | (host.ReadSstatus() & v.Csrs.HardwareSstatus) | Sstatus.Uxl64;

    /// <summary>What it was for a virtual hart that is put down.</summary>
    public static ulong ParkedSstatus(in VCpu v) => v.Csrs.Sstatus | v.Csrs.ParkedSstatus | Sstatus.Uxl64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteSstatus<THost>(ref THost host, ref VCpu v, ulong value)
        where THost : struct, ITrapHost
    {
        var hardware = host.ReadSstatus();
        if (((hardware ^ value) & v.Csrs.HardwareSstatus) != 0)
        {
            host.WriteSstatus((hardware & ~v.Csrs.HardwareSstatus) | (value & v.Csrs.HardwareSstatus));
        }

        var old = v.Csrs.Sstatus;
        var next = value & WritableSstatus & ~Sstatus.Fs;
        v.Csrs.Sstatus = next;
        v.Csrs.ViewChanged |= ((old ^ next) & (Sstatus.Sum | Sstatus.Mxr)) != 0;
        v.Csrs.InterruptsChanged |= (next & Sstatus.Sie) != 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteSatp<THost, TMmu>(ref VCpu v, ref TMmu mmu, ulong value)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        // An unsupported mode leaves all of satp as it was (Privileged spec 1.13 §12.1.11): this is how guests probe.
        var mode = Satp.Mode(value);
        if (!mmu.Supports(mode))
        {
            return;
        }

        v.Csrs.Satp = value & (~Satp.AsidMask | mmu.AsidMask);
        ForgetTranslation(ref v);
    }
}
