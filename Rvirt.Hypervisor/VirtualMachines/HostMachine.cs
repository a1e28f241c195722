using Rvirt.Core.DeviceTree;
using Rvirt.Core.Memory;
using Rvirt.Core.Seeds;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Setup;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>The whole machine while guests run: what they share, and who still runs. One exists, in memory that stays.</summary>
// SAFETY: MachineSetup sets Guests once, to room for GuestCount of them that is never given back; nothing here follows it.
public unsafe struct HostMachine<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>The shared console.</summary>
    internal ConsoleMultiplexer Console;

    /// <summary>The host's PLIC.</summary>
    internal Devices.HostDrivers.HostPlic Plic;

    /// <summary>The host's real-time clock.</summary>
    internal Devices.HostDrivers.HostGoldfishRtc Clock;

    /// <summary>What the host has.</summary>
    internal HostDescription Host;

    /// <summary>What the entry assembly knew.</summary>
    internal BootInfo Boot;

    /// <summary>How the host's harts translate, and what the window maps.</summary>
    internal HostTranslation Translation;

    /// <summary>Where guests' random seeds come from; in no guest's memory.</summary>
    internal GuestSeeds Seeds;

    /// <summary>The window on physical memory.</summary>
    internal PhysicalMemory Memory;

    /// <summary>The guests, <see cref="GuestCount"/> of them.</summary>
    internal Guest<THost>* Guests;

    /// <summary>Number of guests.</summary>
    internal int GuestCount;

    /// <summary>Guests that have not ended; changed atomically.</summary>
    internal int Running;

    /// <summary>Exit status of the machine: the first failure's, else 0; changed atomically.</summary>
    internal int Status;
}
