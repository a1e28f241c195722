using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Hypervisor.Host;

/// <summary>
/// What the whole hypervisor needs of the machine beyond what trap handling needs: the way to its memory, the firmware's services, and the
/// way into a guest. The bare machine implements it, and so does the desktop's reference machine.
/// </summary>
// SAFETY: pointers that are handed over are places that the hypervisor has set up, and that stay for as long as the machine runs.
public unsafe interface IHypervisorHost : IHost, IResidentHart
{
    /// <summary>Whether the hypervisor runs in M-mode, and guests in S-mode.</summary>
    bool IsResident { get; }

    /// <summary>The window on the host's physical memory.</summary>
    PhysicalMemory Memory { get; }

    /// <summary>Finds out what hart and firmware offer.</summary>
    HostAbilities Probe();

    /// <summary>Finds out how many ASIDs the hart has (Privileged spec 1.13 §12.1.11: bits of <c>satp.ASID</c> that do not exist read as zero).</summary>
    /// <param name="satp">What the hart's <c>satp</c> holds, and holds again afterwards.</param>
    /// <returns>The highest ASID; 0 where there is none.</returns>
    ushort ProbeMaximumAsid(ulong satp);

    /// <summary>Finds out whether the calling hart sets its timer itself (Sstc); its timer is off after that.</summary>
    bool ProbeStimecmp();

    /// <summary>
    /// Puts back what firmware can have left set for U-mode on the calling hart, where guests run; the hart is mistrusted from then on
    /// (<see cref="IGuestFetch.MistrustsInstructions"/>) where it turns out to have what its device tree does not name.
    /// </summary>
    void SettleUserMode();

    /// <summary>Ends the reservation that an lr of the guest may have left (Unprivileged spec, Zalrsc): an sc without a new lr fails.</summary>
    void DropReservation();

    /// <summary>
    /// Shuts the calling hart's S-mode and U-mode out of all physical memory but a guest's RAM and, to read, the tables by which that is translated.
    /// Nothing is done where guests are not resident: nothing but their tables gives them memory then.
    /// </summary>
    /// <param name="memory">Host physical address of the guest's RAM, a multiple of 4096.</param>
    /// <param name="memoryLength">Its bytes, a multiple of 4096.</param>
    /// <param name="tables">Host physical address of the tables, a multiple of 4096.</param>
    /// <param name="tablesLength">Their bytes, a multiple of 4096.</param>
    void Confine(ulong memory, ulong memoryLength, ulong tables, ulong tablesLength);

    /// <summary>Lets traps out of guests be noted down on the calling hart, or not: in the <see cref="TraceRing"/> whose address stands in the second doubleword of its stack.</summary>
    void NoteTraps(bool on);

    /// <summary>Tells the host which of the machine's harts it stands for.</summary>
    void Adopt(in HostHart hart);

    /// <summary>Writes a byte to the console without a driver: it works from the first instruction on, and in a panic.</summary>
    void WriteEmergency(byte value);

    /// <summary>Has a driver take the device that <see cref="End"/> ends the machine by. It is called again where the device is found again.</summary>
    /// <typeparam name="TReset">The driver.</typeparam>
    /// <param name="device">What the device tree says of it.</param>
    void UseReset<TReset>(in HostDevice device)
        where TReset : unmanaged, IHostReset;

    /// <summary>Ends the machine. Does not return.</summary>
    /// <param name="status">0 for success.</param>
    void End(uint status);

    /// <summary>Starts another hart of the machine at the place that a <see cref="HartStart"/> names.</summary>
    /// <param name="hartId">Its hardware id.</param>
    /// <param name="start">Filled in; it stays in place.</param>
    /// <returns>False where the firmware cannot.</returns>
    bool TryStartHart(ulong hartId, HartStart* start);

    /// <summary>Enters a guest as its virtual hart says. On a bare machine it never returns; elsewhere, the guest runs from then on.</summary>
    void EnterGuest(VCpu* virtualHart);
}
