using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Deprivileged;

/// <summary>
/// What a hart holds of the guest that runs on it: <c>scounteren</c>, the bits of <c>sstatus</c> that hardware changes
/// (<see cref="GuestCsrs.HardwareSstatus"/>), and the registers of its units; and the bits of <c>sstatus</c> that are the hart's own.
/// </summary>
internal static class HeldState
{
    // U-mode's loads and stores are big-endian.
    private const ulong Ube = 1UL << 6;

    /// <summary>
    /// Puts a hart's <c>sstatus</c> and f registers into the state in which a guest starts: FS is initial, and the registers are zero, as
    /// they are where QEMU is started. A reset promises nothing of them (Privileged spec 1.13 §3.4), and QEMU's own keeps them: but what
    /// Rvirt's guest would find there can be another life's.
    /// </summary>
    /// <returns>What the hart has. Where it has no FS it has no f registers.</returns>
    public static unsafe HartUnits Open<THost>(ref THost host)
        where THost : struct, ISupervisorCsrs, IFloatingPoint, IVectors
    {
        // What a trap from U-mode leaves: SPP is U. The guest owns FS; vectors are off until a guest that has them is loaded.
        // SUM stays set, so that the hypervisor reads the guest's instructions through its mapping without touching sstatus:
        // QEMU forgets its whole TLB whenever SUM or MXR changes. It means nothing in U-mode.
        // UBE is no guest's to have, and firmware's to leave set.
        var cleared = Sstatus.Sie | Sstatus.Spie | Ube | Sstatus.Spp | Sstatus.Vs | Sstatus.Fs | Sstatus.Mxr;
        host.WriteSstatus((host.ReadSstatus() & ~cleared) | Sstatus.FsInitial | Sstatus.Sum);
        var units = host.ProbeVectorBytes() is 0 or > VectorArea.LongestRegister ? HartUnits.None : HartUnits.Vectors;
        if ((host.ReadSstatus() & Sstatus.Fs) == 0)
        {
            return units;
        }

        var zero = default(FloatingPointArea);
        // SAFETY: on this stack, and as long as what is loaded.
        host.RestoreFloatingPoint(zero.Words);
        return units | HartUnits.FloatingPoint;
    }

    /// <summary>Stores what the guest changes without a trap; the rest is in the virtual hart anyway.</summary>
    /// <remarks>Registers are stored whatever FS and VS say: a kernel turns them off while they hold a program's values.</remarks>
    public static unsafe void Save<THost>(ref THost host, ref VCpu v, HartUnits units)
        where THost : struct, ISupervisorCsrs, IFloatingPoint, IVectors
    {
        v.Csrs.ParkedSstatus = host.ReadSstatus() & v.Csrs.HardwareSstatus;
        if ((units & HartUnits.FloatingPoint) != 0)
        {
            fixed (ulong* words = v.FloatingPoint.Words)
            {
                // SAFETY: as long as what is stored.
                host.SaveFloatingPoint(words);
            }
        }

        if ((units & HartUnits.Vectors) != 0 && v.HasVectors)
        {
            // SAFETY: the room is for registers as long as those of each hart that runs it.
            host.SaveVectors(v.Vectors.Words);
        }
    }

    /// <summary>Writes all of it, so that nothing that another virtual hart left is seen.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="units">What has to be loaded: the units whose registers do not hold the virtual hart's values.</param>
    public static unsafe void Load<THost>(ref THost host, ref VCpu v, HartUnits units)
        where THost : struct, ISupervisorCsrs, IFloatingPoint, IVectors
    {
        if ((units & HartUnits.FloatingPoint) != 0)
        {
            fixed (ulong* words = v.FloatingPoint.Words)
            {
                // SAFETY: as long as what is loaded.
                host.RestoreFloatingPoint(words);
            }
        }

        if ((units & HartUnits.Vectors) != 0 && v.HasVectors)
        {
            // SAFETY: as long as what is loaded, as above.
            host.RestoreVectors(v.Vectors.Words);
        }

        // Without vectors of its own it finds them off.
        host.WriteSstatus((host.ReadSstatus() & ~(v.Csrs.HardwareSstatus | Sstatus.Vs)) | v.Csrs.ParkedSstatus);
        host.WriteScounteren(v.Csrs.Mode == PrivilegeMode.User ? v.Csrs.Scounteren : TrapEntry.AllCounters);
    }

    /// <summary>An f register of the guest, 64 bits.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static unsafe ulong ReadFloatingPoint<THost>(ref THost host, int register)
        where THost : struct, IFloatingPoint
    {
        // SAFETY: the area is as large as the call says, the register is below 32.
        var area = stackalloc ulong[FloatingPointArea.Count];
        host.SaveFloatingPoint(area);
        return area[register];
    }

    /// <summary>Writes an f register of the guest, which makes them dirty.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static unsafe void WriteFloatingPoint<THost>(ref THost host, int register, ulong value)
        where THost : struct, ISupervisorCsrs, IFloatingPoint
    {
        // SAFETY: the area is as large as the two calls say, the register is below 32.
        var area = stackalloc ulong[FloatingPointArea.Count];
        host.SaveFloatingPoint(area);
        area[register] = value;
        host.RestoreFloatingPoint(area);
        host.WriteSstatus(host.ReadSstatus() | Sstatus.FsDirty);
    }
}
