using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Memory;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Mediated;
using Rvirt.Devices.Virtio.Served;

namespace Rvirt.Devices.Bus;

/// <content>Set-up and reset.</content>
public unsafe partial struct GuestBus<THost>
{
    private static ulong RecordPages =>
        ((((ulong)sizeof(VirtioTransport<SlotBackend>) + MediatedDevice.RecordBytes) * GuestBoard.MaximumVirtioSlots) + 4095) & ~4095UL;

    /// <summary>What the guest has: the board it was described with, less the clock where the host has none.</summary>
    public readonly GuestBoard Board => _devices.Board;

    /// <summary>Bytes of page-aligned memory a guest's devices need beside the struct. Resets the host devices behind the slots.</summary>
    /// <param name="host">Access to those devices.</param>
    /// <param name="devices">What the guest has.</param>
    public static ulong BytesNeeded(ref THost host, in GuestDevices devices)
    {
        var bytes = RecordPages;
        for (var slot = 0; slot < devices.SlotCount; slot++)
        {
            bytes += MediatedDevice.BytesNeeded(ref host, devices.HostBase(slot));
        }

        return bytes;
    }

    /// <summary>Sets up a guest's devices in their reset state, and resets the host's devices behind the slots.</summary>
    /// <param name="self">Where the devices live; stays in place.</param>
    /// <param name="host">The hart.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="window">The hypervisor's view of physical memory.</param>
    /// <param name="devices">What the guest has; its board must be sound (<see cref="GuestBoard.IsSound"/>).</param>
    /// <param name="storage">Page-aligned memory of <see cref="BytesNeeded"/> bytes inside the window, for rings that devices touch. Its contents do not matter.</param>
    /// <param name="guest">Number of the guest, as the console counts them.</param>
    /// <param name="console">The shared console.</param>
    /// <param name="hostClock">The host's clock; null, or one that is not there: the guest has none.</param>
    // Never a part of its caller, which goes on to paths that need the stack its back ends take here.
    [ColdPath]
    public static void Initialize(
        GuestBus<THost>* self,
        ref THost host,
        in GuestMemory memory,
        in PhysicalMemory window,
        in GuestDevices devices,
        byte* storage,
        int guest,
        ConsoleMultiplexer<THost>* console,
        HostClock<THost>* hostClock)
    {
        if (!devices.Board.IsSound(memory.Length))
        {
            throw new InvalidOperationException("a guest's board contradicts itself");
        }

        // SAFETY: the caller owns what the pointers name, for as long as the guest exists.
        *self = default;
        self->_memory = memory;
        self->_devices = devices;
        if (hostClock == null || !hostClock->Exists)
        {
            self->_devices.Board.Remove(GuestDeviceKind.Clock);
        }

        self->_map = new BusMap(self->_devices.Board);
        self->_console = console;
        self->_hostClock = hostClock;
        self->_guest = guest;
        self->_plic.Reset(devices.Harts);
        self->_uart.Reset();

        Unsafe.InitBlockUnaligned(storage, 0, (uint)RecordPages);
        self->_slots = (VirtioTransport<SlotBackend>*)storage;
        var records = storage + ((ulong)sizeof(VirtioTransport<SlotBackend>) * GuestBoard.MaximumVirtioSlots);
        var rings = storage + RecordPages;
        for (var slot = 0; slot < devices.SlotCount; slot++)
        {
            ref var backend = ref self->_slots[slot].Backend;
            switch (devices.KindOf(slot))
            {
                case SlotBackendKind.Mediated:
                    var mediated = default(MediatedDevice);
                    rings += mediated.Initialize(ref host, devices.HostBase(slot), records, rings, window.Address(rings));
                    backend.Use(mediated);
                    break;
                case SlotBackendKind.RamDisk:
                    backend.Use(devices.RamDiskOf(slot));
                    break;
                case SlotBackendKind.Network when devices.TryNetwork(slot, out var network, out var port):
                    backend.Use(new NetworkPort(network, port));
                    break;
                case SlotBackendKind.Partition when devices.TryPartition(out _, out var port):
                    backend.Use(new PartitionDisk(*port));
                    break;
            }

            self->_slots[slot].Initialize();
            records += MediatedDevice.RecordBytes;
        }

        self->_storageBytes = (ulong)(rings - storage);
    }

    /// <summary>Names the virtual harts to tell when an interrupt line of theirs changes elsewhere.</summary>
    /// <param name="self">The devices.</param>
    /// <param name="virtualHarts">The guest's virtual harts, as many as described; they stay in place. Null where nobody needs telling.</param>
    // SAFETY: the pointers are kept as they are.
    public static void UseHarts(GuestBus<THost>* self, VCpu** virtualHarts) => self->_harts.Use(virtualHarts, self->_devices.Harts);

    /// <summary>Names the network that the guest's card is at, whose receivers are served when it has sent.</summary>
    /// <param name="self">The devices.</param>
    /// <param name="network">The network, which stays in place; null where the guest has no such card.</param>
    // SAFETY: the pointer is kept as it is.
    public static void UseNetwork(GuestBus<THost>* self, GuestNetwork<THost>* network) => self->_network = network;

    /// <summary>
    /// Puts every device in its reset state; the clock keeps its time. When it returns true, no device of the host touches the guest's memory any more.
    /// </summary>
    /// <returns>False where a host device does not stop: the guest's memory must not be used for anything else.</returns>
    public bool ResetAll(ref THost host)
    {
        _lock.Acquire();
        var stopped = true;
        for (var slot = 0; slot < _devices.SlotCount; slot++)
        {
            // SAFETY: below SlotCount, and Initialize made as many slots in memory that stays.
            stopped &= _slots[slot].Reset(ref host);
            SetSlotLine(slot);
        }

        _uart.Reset();
        SetUartLine();
        _clock.Reset();
        SetClockLine();
        _plic.Reset(_devices.Harts);
        _console->ResetGuest(ref host, _guest);
        _reports = 0;
        _watch = 0;
        _poll = 0;
        _lock.Release();
        return stopped;
    }
}
