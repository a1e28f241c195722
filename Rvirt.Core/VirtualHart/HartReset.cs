using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.VirtualHart;

/// <summary>A hart's own <c>sstatus</c> and f registers, as the hypervisor needs them before it runs a guest there.</summary>
public static class HartReset
{
    // U-mode's loads and stores are big-endian.
    private const ulong Ube = 1UL << 6;

    /// <summary>
    /// Puts a hart's <c>sstatus</c> and f registers into the state in which a guest starts: FS is initial, and the registers are zero, as
    /// they are where QEMU is started. A reset promises nothing of them (Privileged spec 1.13 §3.4), and QEMU's own keeps them: but what
    /// Rvirt's guest would find there can be another life's.
    /// </summary>
    /// <param name="host">The hart. Where it has no FS it has no f registers.</param>
    /// <returns>Whether it has f registers.</returns>
    public static unsafe bool Load<THost>(ref THost host)
        where THost : struct, ISupervisorCsrs, IFloatingPoint
    {
        // What a trap from U-mode leaves: SPP is U. The guest owns FS; vectors are off, as no guest is told of them.
        // SUM stays set, so that the hypervisor reads the guest's instructions through its mapping without touching sstatus:
        // QEMU forgets its whole TLB whenever SUM or MXR changes. It means nothing in U-mode.
        // UBE is no guest's to have, and firmware's to leave set.
        var cleared = Sstatus.Sie | Sstatus.Spie | Ube | Sstatus.Spp | Sstatus.Vs | Sstatus.Fs | Sstatus.Mxr;
        host.WriteSstatus((host.ReadSstatus() & ~cleared) | Sstatus.FsInitial | Sstatus.Sum);
        if ((host.ReadSstatus() & Sstatus.Fs) == 0)
        {
            return false;
        }

        var zero = default(FloatingPointArea);
        // SAFETY: on this stack, and as long as what is loaded.
        host.RestoreFloatingPoint(zero.Words);
        return true;
    }
}
