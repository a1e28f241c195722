using System;
using System.Threading;
using Rvirt.Core.Images;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Virtio.Served;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>A guest: what it was made of, so that it can start again, its memory, its devices and its harts.</summary>
// SAFETY: GuestSetup sets the pointers once, to memory that is never given back; nothing here follows them.
public unsafe struct Guest<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Its devices.</summary>
    internal GuestBus<THost> Bus;

    /// <summary>The machine it is part of.</summary>
    internal HostMachine<THost>* Machine;

    /// <summary>Its number.</summary>
    internal int Index;

    /// <summary>What was asked for it: kernel, initial RAM disk, command line. The bytes stay where the boot loader's were moved.</summary>
    internal GuestBlobEntry Description;

    /// <summary>How often it has started: each start has a random seed of its own.</summary>
    internal ulong Starts;

    /// <summary>The <c>time</c> at which it started last; written by the hart that starts it.</summary>
    internal ulong StartedAt;

    /// <summary>The <c>time</c> at which the monitor began to count its traps; written before it starts first, and by the console's hart.</summary>
    internal ulong CountedFrom;

    /// <summary>Its kernel, checked.</summary>
    internal KernelImage Kernel;

    /// <summary>Where its initial RAM disk and device tree go.</summary>
    internal GuestLayout Layout;

    /// <summary>Its RAM.</summary>
    internal GuestMemory Memory;

    /// <summary>What devices it has.</summary>
    internal GuestDevices Devices;

    /// <summary>Its virtual harts, <see cref="GuestDevices.Harts"/> pointers.</summary>
    internal VCpu** Harts;

    /// <summary>The longest address translation it may use.</summary>
    internal TranslationMode Translation;

    /// <summary>Memory for its devices' rings and records.</summary>
    internal byte* Storage;

    /// <summary>Its disk in memory, of <see cref="GuestBlobEntry.RamDisk"/>'s length; null where it has none. Written by who starts the guest, and by its bus.</summary>
    internal byte* RamDisk;

    /// <summary>The network that its card is at; null where it has none.</summary>
    internal GuestNetwork<THost>* Network;

    /// <summary>What it has of a disk of the host that guests share; written at set-up.</summary>
    internal DiskPort DiskPort;

    /// <summary>Its snapshot; null where no RAM is kept for one.</summary>
    internal GuestSnapshot<THost>* Snapshot;

    /// <summary>Breakpoints set in its RAM from outside. Under the machine's lock of lives; without it by who fills the RAM, and by who copies a guest, which is who sets them.</summary>
    internal BreakpointTable Breakpoints;

    /// <summary>Host physical address of memory for its harts' shadow tables, one after another.</summary>
    internal ulong TablesAddress;

    /// <summary>How many shadow tables each of its harts has.</summary>
    internal int TableCount;

    /// <summary>Virtual harts that are not stopped, or are about to start. At zero the guest is that hart's which made it so. Under the machine's lock of lives.</summary>
    internal int Live;

    /// <summary>How many of those stand still because the guest is paused. Under the machine's lock of lives.</summary>
    internal int Held;

    /// <summary>
    /// Why it stops: a <see cref="StopReason"/>, and the failure's code from bit 8 on; zero while it does not. Written under the machine's lock of lives, by
    /// the first who wants it and by who starts the guest again.
    /// </summary>
    internal long Stopping;

    /// <summary>Whether it was said on the console why it stops. Under the machine's lock of lives.</summary>
    internal bool IsReported;

    /// <summary>Whether its harts share harts of the host with those of other guests.</summary>
    internal bool Shares;

    /// <summary>Where it is in its life: a <see cref="GuestState"/>. Written under the machine's lock of lives, and read without it.</summary>
    internal int StateNumber;

    /// <summary>Where it is in its life.</summary>
    internal readonly GuestState State => (GuestState)Volatile.Read(in StateNumber);

    /// <summary>Says where it is in its life from now on. Under the machine's lock of lives.</summary>
    internal void Enter(GuestState state) => Volatile.Write(ref StateNumber, (int)state);

    /// <summary>Whether it has begun and not ended.</summary>
    internal readonly bool Lives => State.IsAlive();

    /// <summary>Why it stops; None while it does not.</summary>
    internal readonly StopReason StopReason => (StopReason)(byte)Volatile.Read(in Stopping);

    /// <summary>What it reported as it failed.</summary>
    internal readonly uint FailureCode => (uint)(Volatile.Read(in Stopping) >> 8);

    /// <summary>Name for messages and console lines: its label, else "guest" and its number.</summary>
    internal readonly ReadOnlySpan<byte> Name => Description.Label.Length != 0 ? Description.Label : DefaultName(Index);

    private static ReadOnlySpan<byte> DefaultName(int index)
    {
        var names = "guest0  guest1  guest2  guest3  guest4  guest5  guest6  guest7  guest8  guest9  guest10 guest11 guest12 guest13 guest14 guest15 "u8;
        return names.Slice((index & 15) * 8, index < 10 ? 6 : 7);
    }
}
