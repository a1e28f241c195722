using System;
using Rvirt.Core.Images;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Gives each guest its memory, devices and harts, and checks that it can boot.</summary>
internal static unsafe class GuestSetup<THost>
    where THost : unmanaged, IHypervisorHost
{
    private const ulong MiB = 1 << 20;
    private const ulong GiB = 1 << 30;
    private const ulong Superpage = 2 * MiB;
    private const ulong MinimumMemory = 8 * MiB;

    // Shadow tables: a share of the guest's memory, within bounds.
    private const ulong BytesPerTable = 256 << 10;
    private const ulong MinimumTables = 512;
    private const ulong MaximumTables = 8192;

    /// <summary>Makes all guests, or ends the machine with a line that says what is wrong.</summary>
    internal static bool TryMakeAll(ref THost host, HostMachine<THost>* machine, in Board board, in GuestBlob blob, ref MemoryMap map)
    {
        var entries = blob;
        for (var i = 0; i < machine->GuestCount; i++)
        {
            // SAFETY: the machine has that many guests, in zeroed memory of their own.
            var guest = machine->Guests + i;
            guest->Machine = machine;
            guest->Index = i;
            guest->CountedFrom = host.ReadTime();
            guest->Description = entries.Guests[i];
            if (guest->Description.Autostart)
            {
                guest->StateNumber = (int)GuestState.Running;
                machine->Running++;
            }

            machine->Console.Guest(i)->SetName(guest->Name);
            guest->Devices = GuestDevices.Standard(guest->Description.HartCount);
            if (!TryGiveDevices(ref host, guest, machine->GuestCount == 1))
            {
                return false;
            }
        }

        return NetworkSetup<THost>.TryMake(ref host, machine, board, ref map)
            && DiskSetup<THost>.TryMake(ref host, machine, board, ref map)
            && TryGivePrivateMemory(ref host, machine, board, ref map)
            && TryGiveRam(ref host, machine, board, ref map)
            && TryPrepare(ref host, machine)
            && HartSetup<THost>.TryAssign(ref host, machine, board);
    }

    /// <summary>Hands over the host's devices: those the description names, in its order; a sole guest that names none gets all, each in its own slot.</summary>
    private static bool TryGiveDevices(ref THost host, Guest<THost>* guest, bool sole)
    {
        ref var description = ref guest->Machine->Host;
        var all = sole && !guest->Description.HasDevices;
        var count = all ? description.VirtioSlotCount : guest->Description.DeviceCount;
        for (var i = 0; i < count; i++)
        {
            var slot = all ? i : guest->Description.DeviceOrder[i];
            if (slot >= description.VirtioSlotCount)
            {
                StartupFailure.EndOfGuest(ref host, guest->Name, "it asks for a virtio slot that the machine does not have: name those it has"u8);
                return false;
            }

            var device = description.VirtioSlots[slot];
            if (!HostPlic<THost>.CanRoute(device.Interrupt))
            {
                StartupFailure.Begin(ref host).Text("guest "u8).Text(guest->Name).Text(": virtio slot "u8).Decimal((ulong)slot)
                    .Text(" of the machine has no interrupt that Rvirt can route, 1 to 127: name other slots"u8);
                StartupFailure.Finish(ref host);
                return false;
            }

            if (!guest->Devices.Attach(i, device.Base, device.Interrupt))
            {
                return TooManyDevices(ref host, guest);
            }
        }

        return true;
    }

    // Behind the devices that the description names. Where the guest has none, nothing is done.
    private static bool TryGiveRamDisk(ref THost host, Guest<THost>* guest, in Board board, ref MemoryMap map)
    {
        var bytes = (ulong)guest->Description.RamDisk.Length;
        if (bytes == 0)
        {
            return true;
        }

        guest->RamDisk = HostMemory.Take(ref host, ref map, bytes);
        if (guest->RamDisk == null)
        {
            StartupFailure.Begin(ref host).Text("guest "u8).Text(guest->Name).Text(": too little memory for its ramdisk of "u8)
                .Decimal((bytes + MiB - 1) / MiB).Text(" MiB: make the file smaller, or give the machine more"u8).Text(board.Advice(Remedy.MoreMemory));
            StartupFailure.Finish(ref host);
            return false;
        }

        // SAFETY: fresh memory of that size, the guest's for good; GuestLoader fills it before the guest runs.
        return guest->Devices.AttachRamDisk(guest->Description.DeviceCount, guest->RamDisk, bytes) || TooManyDevices(ref host, guest);
    }

    /// <summary>The host's virtio slots that guests have to themselves, by their descriptions: bit n is the n-th.</summary>
    internal static uint GivenSlots(HostMachine<THost>* machine)
    {
        var given = 0u;
        for (var i = 0; i < machine->GuestCount; i++)
        {
            // SAFETY: the machine has that many guests, in memory that stays.
            given |= machine->Guests[i].Description.Devices;
        }

        return given;
    }

    /// <summary>Refuses a guest that has more devices than slots.</summary>
    internal static bool TooManyDevices(ref THost host, Guest<THost>* guest)
    {
        StartupFailure.EndOfGuest(ref host, guest->Name, "it asks for more devices than a guest has virtio slots: name fewer"u8);
        return false;
    }

    // What the hypervisor keeps for each guest comes first; what is left is RAM for guests.
    private static bool TryGivePrivateMemory(ref THost host, HostMachine<THost>* machine, in Board board, ref MemoryMap map)
    {
        for (var i = 0; i < machine->GuestCount; i++)
        {
            var guest = machine->Guests + i;
            if (!TryGiveRamDisk(ref host, guest, board, ref map) || !DiskSetup<THost>.TryConnect(ref host, machine, guest, board, ref map))
            {
                return false;
            }

            var count = guest->Devices.Harts;
            if (!NetworkSetup<THost>.TryConnect(ref host, guest))
            {
                return false;
            }

            var hart = (GuestHart<THost>*)HostMemory.Take(ref host, ref map, (ulong)sizeof(GuestHart<THost>) * (ulong)count);
            var harts = (VCpu**)HostMemory.Take(ref host, ref map, (ulong)sizeof(VCpu*) * (ulong)count);
            var storage = HostMemory.Take(ref host, ref map, GuestBus<THost>.BytesNeeded(ref host, guest->Devices));
            if (hart == null || harts == null || storage == null || !TryGiveSnapshot(ref host, guest, ref map))
            {
                return TooLittle(ref host, board);
            }

            // SAFETY: fresh memory of the right sizes, the guest's for good.
            for (var n = 0; n < count; n++)
            {
                harts[n] = &hart[n].V;
                hart[n].Guest = guest;
                hart[n].V.State = HartState.Stopped;
                if (!TryGiveVectors(ref host, machine, ref map, ref hart[n].V))
                {
                    return TooLittle(ref host, board);
                }
            }

            guest->Harts = harts;
            guest->Storage = storage;
        }

        return true;
    }

    private static bool TryGiveRam(ref THost host, HostMachine<THost>* machine, in Board board, ref MemoryMap map)
    {
        // Places that keep the guests' largest pages whole leave gaps: where not all fit so, closer together.
        var whole = map;
        if (PlaceRam(ref host, machine, GiB, ref whole, out _) == RamPlacement.Complete)
        {
            map = whole;
            return true;
        }

        switch (PlaceRam(ref host, machine, Superpage, ref map, out var guest))
        {
            case RamPlacement.Complete:
                return true;
            case RamPlacement.TooLittleForGuest:
                StartupFailure.Begin(ref host).Text("guest "u8).Text(guest->Name).Text(": too little memory for the "u8)
                    .Decimal(guest->Description.MemorySize / MiB)
                    .Text(" MiB it asks for"u8).Text(guest->Snapshot == null ? default : " and its snapshot"u8)
                    .Text(": give the guest less, or the machine more"u8).Text(board.Advice(Remedy.MoreMemory));
                StartupFailure.Finish(ref host);
                return false;
            default:
                return TooLittle(ref host, board);
        }
    }

    /// <summary>Gives each guest its tables and RAM: those that ask for a size first, then equal shares of the rest.</summary>
    private static RamPlacement PlaceRam(ref THost host, HostMachine<THost>* machine, ulong alignment, ref MemoryMap map, out Guest<THost>* guest)
    {
        ref var translation = ref machine->Translation;
        guest = null;
        var shares = 0UL;
        for (var i = 0; i < machine->GuestCount; i++)
        {
            guest = machine->Guests + i;
            if (guest->Description.MemorySize == 0)
            {
                shares += guest->Snapshot == null ? 1u : 2;
            }
            else if (!TryTakeTables(guest, translation, guest->Description.MemorySize, ref map)
                || !TryTakeRam(ref host, guest, guest->Description.MemorySize, alignment, ref map))
            {
                return RamPlacement.TooLittleForGuest;
            }
        }

        if (shares == 0)
        {
            return RamPlacement.Complete;
        }

        // Tables first: they are sized for the share there would be without them, which is a little too many.
        var share = map.LargestShare(shares, Superpage);
        for (var i = 0; i < machine->GuestCount; i++)
        {
            guest = machine->Guests + i;
            if (guest->Description.MemorySize == 0 && !TryTakeTables(guest, translation, share, ref map))
            {
                return RamPlacement.TooLittleToShare;
            }
        }

        // What comes behind each one's RAM is found in a superpage less.
        share = map.LargestShare(shares, Superpage);
        var margin = (TrapContext<THost>.ModeOf(ref host).RoomFor(0) + Superpage - 1) & ~(Superpage - 1);
        if (share < MinimumMemory + margin)
        {
            return RamPlacement.TooLittleToShare;
        }

        share -= margin;

        for (var i = 0; i < machine->GuestCount; i++)
        {
            guest = machine->Guests + i;
            if (guest->Description.MemorySize == 0 && !TryTakeRam(ref host, guest, share, alignment, ref map))
            {
                return RamPlacement.TooLittleToShare;
            }
        }

        return RamPlacement.Complete;
    }

    private static bool TryTakeTables(Guest<THost>* guest, in HostTranslation translation, ulong memory, ref MemoryMap map)
    {
        // Each hart has its own: those of them that map the same have to be filled for each.
        var harts = (ulong)guest->Devices.Harts;
        var tables = Math.Max(MinimumTables, Math.Clamp(memory / BytesPerTable, MinimumTables, MaximumTables) / harts);
        guest->TableCount = (int)tables;
        guest->Translation = translation.Mode == TranslationMode.Sv57 ? TranslationMode.Sv48 : TranslationMode.Sv39;
        return map.TryTake(TableBytes(guest) * harts, 4096, out guest->TablesAddress);
    }

    private static ulong TableBytes(Guest<THost>* guest) => (GuestMmu.BytesNeeded(guest->TableCount) + 4095) & ~4095UL;

    // Congruent with the guest's addresses modulo 1 GiB where that is possible and wanted, so that its largest pages stay whole; else modulo 2 MiB.
    private static bool TryTakeRam(ref THost host, Guest<THost>* guest, ulong length, ulong alignment, ref MemoryMap map)
    {
        var taken = TrapContext<THost>.ModeOf(ref host).RoomFor(length);
        if ((length < alignment || !map.TryTake(taken, alignment, out var address)) && !map.TryTake(taken, Superpage, out address))
        {
            return false;
        }

        guest->Memory = new GuestMemory(guest->Devices.Board.MemoryBase, length, address, host.Memory.Pointer(address));
        if (guest->Snapshot == null)
        {
            return true;
        }

        if (!map.TryTake(length, Superpage, out address))
        {
            return false;
        }

        guest->Snapshot->Ram = host.Memory.Pointer(address);
        return true;
    }

    private static bool TryPrepare(ref THost host, HostMachine<THost>* machine)
    {
        for (var i = 0; i < machine->GuestCount; i++)
        {
            var guest = machine->Guests + i;
            var error = GuestLoader<THost>.Place(guest);
            if (error != ImageError.None)
            {
                if (machine->GuestCount == 1)
                {
                    StartupFailure.End(ref host, ImageErrorText.Of(error));
                }
                else
                {
                    StartupFailure.EndOfGuest(ref host, guest->Name, ImageErrorText.Of(error));
                }

                return false;
            }

            GuestBus<THost>.Initialize(
                &guest->Bus, ref host, guest->Memory, machine->Memory, guest->Devices, guest->Storage, i, &machine->Console, &machine->Clock);
            GuestBus<THost>.UseHarts(&guest->Bus, guest->Harts);
            GuestBus<THost>.UseNetwork(&guest->Bus, guest->Network);
            for (var n = 0; n < guest->Devices.Harts; n++)
            {
                MakeMmu((GuestHart<THost>*)guest->Harts[n], n);
            }
        }

        return true;
    }

    /// <summary>Makes a virtual hart's MMU, of the shadow tables that its guest has; it maps nothing.</summary>
    internal static void MakeMmu(GuestHart<THost>* hart, int number = 0)
    {
        var guest = hart->Guest;
        var machine = guest->Machine;
        HostMmu<THost>.Initialize(
            &hart->Mmu, ref machine->Cores->Host, guest->Memory, machine->Memory, machine->Translation, ref machine->Asids,
            guest->TablesAddress + (TableBytes(guest) * (ulong)number), guest->TableCount);
    }

    // Where guests have none, nothing is done.
    private static bool TryGiveVectors(ref THost host, HostMachine<THost>* machine, ref MemoryMap map, ref VCpu hart)
    {
        if (!machine->OffersVectors)
        {
            return true;
        }

        // SAFETY: fresh memory of that size, the virtual hart's for good.
        var bytes = machine->Abilities.VectorBytes;
        var area = (ulong*)HostMemory.Take(ref host, ref map, VCpu.VectorRoom(bytes));
        hart.GiveVectors(area, bytes);
        return area != null;
    }

    // All but the RAM, which is placed with the guest's own. Where the guest has no snapshot, nothing is done.
    private static bool TryGiveSnapshot(ref THost host, Guest<THost>* guest, ref MemoryMap map)
    {
        if (!guest->Description.Snapshot)
        {
            return true;
        }

        var count = guest->Devices.Harts;
        var snapshot = (GuestSnapshot<THost>*)HostMemory.Take(ref host, ref map, (ulong)sizeof(GuestSnapshot<THost>));
        var harts = (VCpu*)HostMemory.Take(ref host, ref map, (ulong)sizeof(VCpu) * (ulong)count);
        var storage = HostMemory.Take(ref host, ref map, GuestBus<THost>.BytesNeeded(ref host, guest->Devices));
        if (snapshot == null || harts == null || storage == null)
        {
            return false;
        }

        // SAFETY: fresh memory of the right sizes, the snapshot's for good.
        guest->Snapshot = snapshot;
        snapshot->Harts = harts;
        snapshot->Storage = storage;
        for (var i = 0; i < count; i++)
        {
            if (!TryGiveVectors(ref host, guest->Machine, ref map, ref harts[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Refuses a machine with too little memory for what guests have beside their own.</summary>
    internal static bool TooLittle(ref THost host, in Board board)
    {
        StartupFailure.End(ref host, "too little memory for the guests: give the machine more"u8, board.Advice(Remedy.MoreMemory));
        return false;
    }
}
