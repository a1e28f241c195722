using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Disks;
using Rvirt.Devices.Console;
using Rvirt.Devices.Disks;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Virtio.Served;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Finds the partitions that guests name on the host's disks, and gives each guest its own.</summary>
/// <remarks>A disk that cannot be read or has a bad table is said to be so, and left alone; what is missing then is refused by its label.</remarks>
internal static unsafe class DiskSetup<THost>
    where THost : unmanaged, IHypervisorHost
{
    // Disks that spin up and bad sectors that are tried again take seconds; Linux gives a SCSI disk as long.
    private const uint PatienceSeconds = 30;

    // Where the guest's code runs beside. One that sleeps is woken as often.
    private const uint PollsPerSecond = 5000;

    // In place of a slot's number: the disk that is in none.
    private const int OwnDisk = -1;

    /// <summary>Starts the host's disks that are no guest's alone, where a guest names a partition, and finds that of each guest.</summary>
    /// <returns>False after an error, where the machine has ended.</returns>
    internal static bool TryMake(ref THost host, HostMachine<THost>* machine, in Board board, ref MemoryMap map)
    {
        var asked = false;
        for (var i = 0; i < machine->GuestCount; i++)
        {
            // SAFETY: here and below: the machine has that many guests, in memory that stays.
            asked |= machine->Guests[i].Description.Disk.Length != 0;
        }

        if (!asked)
        {
            return true;
        }

        machine->Disks = (HostDisk*)HostMemory.Take(ref host, ref map, (ulong)sizeof(HostDisk) * (ulong)(machine->Host.VirtioSlotCount + 1));
        if (machine->Disks == null)
        {
            return GuestSetup<THost>.TooLittle(ref host, board);
        }

        if (machine->DiskDriver.Exists)
        {
            machine->Disks->Disk.Use(machine->DiskDriver);
            if (!TryUse(ref host, machine, machine->Host.Disk, board, ref map, out var warning))
            {
                return false;
            }

            Warn(ref host, machine, OwnDisk, warning);
        }

        var given = GuestSetup<THost>.GivenSlots(machine);
        for (var slot = 0; slot < machine->Host.VirtioSlotCount; slot++)
        {
            var device = machine->Host.VirtioSlots[slot];
            // Whatever is in the slot: where it is no disk, nothing is done.
            if (((given >> slot) & 1) != 0 || !machine->Disks[machine->DiskCount].Disk.TryFind(ref host, device.Base))
            {
                continue;
            }

            var found = new HostDevice { Base = device.Base, Interrupt = device.Interrupt };
            if (!TryUse(ref host, machine, found, board, ref map, out var warning))
            {
                return false;
            }

            Warn(ref host, machine, slot, warning);
        }

        for (var i = 0; i < machine->GuestCount; i++)
        {
            var guest = machine->Guests + i;
            if (guest->Description.Disk.Length != 0 && guest->DiskPort.Disk == null)
            {
                StartupFailure.Begin(ref host).Text("guest "u8).Text(guest->Name).Text(": no disk of the machine has a partition with the label "u8)
                    .Text(guest->Description.Disk).Text(": name one that there is"u8);
                StartupFailure.Finish(ref host);
                return false;
            }
        }

        return true;
    }

    /// <summary>Gives a guest its partition, in the slot behind its devices and its disk in memory; nothing is done for one that names none.</summary>
    internal static bool TryConnect(ref THost host, HostMachine<THost>* machine, Guest<THost>* guest, in Board board, ref MemoryMap map)
    {
        ref var port = ref guest->DiskPort;
        if (port.Disk == null)
        {
            return true;
        }

        port.IsReadOnly = guest->Description.DiskIsReadOnly;
        if (port.Disk->IsReadOnly && !port.IsReadOnly)
        {
            StartupFailure.EndOfGuest(ref host, guest->Name, "its disk cannot be written: give it disk-readonly;"u8);
            return false;
        }

        if (!port.Disk->TryOpen(out port.Port))
        {
            StartupFailure.EndOfGuest(ref host, guest->Name, "its disk takes too few requests at a time for so many guests: spread them over several disks"u8);
            return false;
        }

        port.Memory = HostMemory.Take(ref host, ref map, DiskPort.BytesNeeded);
        if (port.Memory == null)
        {
            return GuestSetup<THost>.TooLittle(ref host, board);
        }

        port.Patience = PatienceSeconds * (ulong)machine->Host.TimebaseFrequency;
        port.PollAfter = machine->Host.TimebaseFrequency / PollsPerSecond;
        port.MemoryAddress = host.Memory.Address(port.Memory);
        return guest->Devices.AttachPartition(&guest->DiskPort) || GuestSetup<THost>.TooManyDevices(ref host, guest);
    }

    // The warning is the caller's to print, who has less on the stack.
    private static bool TryUse(
        ref THost host, HostMachine<THost>* machine, in HostDevice device, in Board board, ref MemoryMap map, out ReadOnlySpan<byte> warning)
    {
        warning = default;
        var disk = machine->Disks + machine->DiskCount;
        if (!disk->Disk.IsPolled && !HostPlic<THost>.CanRoute(device.Interrupt))
        {
            warning = "it has no interrupt that Rvirt can route, 1 to 127"u8;
            return true;
        }

        var memory = HostMemory.Take(ref host, ref map, disk->Disk.BytesNeeded);
        var table = HostMemory.Take(ref host, ref map, PartitionTable.BytesNeeded);
        var read = HostMemory.Take(ref host, ref map, PartitionTable.ReadBytes);
        if (memory == null || table == null || read == null)
        {
            return GuestSetup<THost>.TooLittle(ref host, board);
        }

        if (!disk->Disk.TryStart(ref host, device, machine->Host.TimebaseFrequency, memory, host.Memory))
        {
            warning = "it does not start"u8;
            return true;
        }

        // SAFETY: the memory is fresh, of that size, and stays the disk's.
        var reader = new SharedDiskReader<THost>(host, &disk->Disk, read, host.Memory.Address(read));
        var error = PartitionTable.Read(ref reader, new Span<byte>(table, PartitionTable.BytesNeeded), out var partitions);
        if (error != PartitionTableError.None)
        {
            warning = PartitionTableErrorText.Of(error);
            return true;
        }

        if (partitions.Damage != PartitionTableError.None)
        {
            warning = "one copy of its partition table is damaged, and the other is used: repair the table"u8;
        }

        disk->Source = disk->Disk.IsPolled ? 0 : device.Interrupt;
        machine->DiskCount++;
        for (var i = 0; i < machine->GuestCount; i++)
        {
            var guest = machine->Guests + i;
            var found = partitions.Find(guest->Description.Disk, out var partition);
            if (found == 0)
            {
                continue;
            }

            if (found > 1 || guest->DiskPort.Disk != null)
            {
                StartupFailure.Begin(ref host).Text("guest "u8).Text(guest->Name).Text(": more than one partition has the label "u8)
                    .Text(guest->Description.Disk).Text(": give each a label of its own"u8);
                StartupFailure.Finish(ref host);
                return false;
            }

            guest->DiskPort.Disk = &disk->Disk;
            guest->DiskPort.Partition = partition;
        }

        return true;
    }

    private static void Warn(ref THost host, HostMachine<THost>* machine, int slot, ReadOnlySpan<byte> what)
    {
        if (what.Length == 0)
        {
            return;
        }

        var console = &machine->Console;
        var writer = ConsoleMultiplexer<THost>.BeginMessage(console, ref host);
        if (slot == OwnDisk)
        {
            writer.Text("warning: disk of the machine: "u8);
        }
        else
        {
            writer.Text("warning: disk in virtio slot "u8).Decimal((ulong)slot).Text(" of the machine: "u8);
        }

        writer.Text(what);
        console->EndMessage(ref host);
    }
}
