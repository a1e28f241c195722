using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Core.Seeds;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;
using Rvirt.Hypervisor.Scheduling;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>The whole machine while guests run: what they share, and who still runs. One exists, in memory that stays.</summary>
// SAFETY: set-up sets Guests, Cores and Disks once, to room for as many that is never given back; nothing here follows them.
public unsafe struct HostMachine<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>The shared console.</summary>
    internal ConsoleMultiplexer<THost> Console;

    /// <summary>The host's PLIC.</summary>
    internal HostPlic<THost> Plic;

    /// <summary>The host's real-time clock.</summary>
    internal HostClock<THost> Clock;

    /// <summary>The driver of the host's network card, where it is no virtio device. Set-up has the wire take it.</summary>
    internal HostNetworkCard<THost> NetworkCard;

    /// <summary>The driver of the host's disk, where it is no virtio device. Set-up has the disk take it.</summary>
    internal HostDiskDriver DiskDriver;

    /// <summary>The network that is joined to a wire; null where none is.</summary>
    internal GuestNetwork<THost>* Wire;

    /// <summary>Source at the host's PLIC of the wire's card.</summary>
    internal uint WireSource;

    /// <summary>The disks that guests share, <see cref="DiskCount"/> of them.</summary>
    internal HostDisk* Disks;

    /// <summary>Number of disks that guests share.</summary>
    internal int DiskCount;

    /// <summary>What the host has.</summary>
    internal HostDescription Host;

    /// <summary>What the hart that booted and its firmware offer.</summary>
    internal HostAbilities Abilities;

    /// <summary>Whether guests have vectors: all harts say that they have them, and the one that booted does.</summary>
    internal readonly bool OffersVectors => Abilities.VectorBytes != 0 && Host.CommonIsa.Has("v"u8);

    /// <summary>The harts that run guests, or serve interrupts, <see cref="CoreCount"/> of them; the one that booted first.</summary>
    internal HostCore<THost>* Cores;

    /// <summary>Number of harts.</summary>
    internal int CoreCount;

    /// <summary>Who runs next on the harts that share virtual harts. Others write it too: see its lock.</summary>
    internal RunQueue Queue;

    /// <summary>Guests that harts which share have begun to start, by number; changed atomically.</summary>
    internal int NextToStart;

    /// <summary>Harts that share virtual harts, and have not been left out; changed atomically.</summary>
    internal int Sharing;

    /// <summary>The harts' ASIDs: they are alike, and who is given some has them on every hart.</summary>
    internal HostAsids Asids;

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

    /// <summary>Whether harts note their traps down; written by the console's hart, read by each when it is asked to.</summary>
    internal bool NotesTraps;

    /// <summary>Traps that the monitor shows; the console's hart alone uses it.</summary>
    internal TraceRing TraceCopy;

    /// <summary>The first trap of the copy; likewise.</summary>
    internal ulong TraceFrom;

    /// <summary>What the monitor asks of other harts.</summary>
    internal Inspection<THost> Inspection;

    /// <summary>The monitor; the console's hart alone uses it.</summary>
    internal MonitorSession Monitor;

    /// <summary>Whether the monitor was told to end the machine; the console's hart alone uses it.</summary>
    internal bool IsToEnd;

    /// <summary>A guest that is copied.</summary>
    internal GuestCopy<THost> Copy;

    /// <summary>Held while a guest's state changes, or a hart of it starts, stops or is held, and while that is looked at to change it. The queue's is taken inside.</summary>
    internal TicketLock Lives;

    /// <summary>Guests that have not ended; changed atomically.</summary>
    internal int Running;

    /// <summary>Exit status of the machine: the first failure's, else 0; changed atomically.</summary>
    internal int Status;
}
