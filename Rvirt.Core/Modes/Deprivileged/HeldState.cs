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
    /// <summary>Puts a hart's <c>sstatus</c> into the state in which a guest starts: FS is initial.</summary>
    /// <returns>What the hart has, with nobody's values in it.</returns>
    public static HartUnits Open<THost>(ref THost host)
        where THost : struct, ISupervisorCsrs, IFloatingPoint, IVectors
    {
        // What a trap from U-mode leaves: SPP is U. The guest owns FS; vectors are off until a guest that has them is loaded.
        // SUM stays set, so that the hypervisor reads the guest's instructions through its mapping without touching sstatus:
        // An emulator may forget its whole TLB whenever SUM or MXR changes. It means nothing in U-mode.
        // UBE is no guest's to have, and firmware's to leave set.
        var cleared = Sstatus.Sie | Sstatus.Spie | Sstatus.Ube | Sstatus.Spp | Sstatus.Vs | Sstatus.Fs | Sstatus.Mxr;
        host.WriteSstatus((host.ReadSstatus() & ~cleared) | Sstatus.FsInitial | Sstatus.Sum);
        return HartRegisters.Open(ref host);
    }

    /// <summary>Stores what the guest changes without a trap; the rest is in the virtual hart anyway.</summary>
    public static void Save<THost>(ref THost host, ref VCpu v, HartUnits units)
        where THost : struct, ISupervisorCsrs, IFloatingPoint, IVectors
    {
        v.Csrs.ParkedSstatus = host.ReadSstatus() & v.Csrs.HardwareSstatus;
        HartRegisters.Save(ref host, ref v, units);
    }

    /// <summary>Writes all of it, so that nothing that another virtual hart left is seen.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="units">What has to be loaded: the units whose registers do not hold the virtual hart's values.</param>
    public static void Load<THost>(ref THost host, ref VCpu v, HartUnits units)
        where THost : struct, ISupervisorCsrs, IFloatingPoint, IVectors
    {
        HartRegisters.Load(ref host, ref v, units);

        // Without vectors of its own it finds them off.
        host.WriteSstatus((host.ReadSstatus() & ~(v.Csrs.HardwareSstatus | Sstatus.Vs)) | v.Csrs.ParkedSstatus);
        host.WriteScounteren(v.Csrs.Mode == PrivilegeMode.User ? v.Csrs.Scounteren : TrapEntry.AllCounters);
    }
}
