using System;
using System.Runtime.InteropServices;
using System.Text;
using Rvirt.Core.Memory;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Virtio;
using GuestBoard = Rvirt.Core.DeviceTree.GuestBoard;
using HostDevice = Rvirt.Core.DeviceTree.HostDevice;

namespace Rvirt.Testing.Devices;

/// <summary>A guest on a <see cref="FakeMachine"/>: RAM, the bus under test, a console, and virtio devices of the host behind its slots.</summary>
// SAFETY: bus, console and drivers lie in a block that Dispose frees, further apart than they are long; the console's bytes behind them suffice for MostGuests. RAM is the machine's.
public sealed unsafe class TestGuest : IGuestSlot, IDisposable
{
    /// <summary>Guest physical address of the first byte of RAM.</summary>
    public const ulong GuestRam = 0x8000_0000;

    /// <summary>Bytes of RAM.</summary>
    public const ulong RamBytes = 0x10_0000;

    /// <summary>Host physical address of the first byte of RAM.</summary>
    public const ulong HostRam = FakeMachine.RamBase + 0x20_0000;

    /// <summary>Guest physical address of the first virtio slot, behind which <see cref="Device"/> is.</summary>
    public const ulong Slot0 = 0x1000_1000;

    private const ushort SlotOwner = 1, ConsoleOwner = 2;
    private const int MostGuests = 4;

    private readonly byte* _allocation;
    private readonly byte* _block;

    /// <summary>Makes a guest that has not run.</summary>
    /// <param name="version">1 for a legacy device of the host, 2 for a modern one.</param>
    /// <param name="kind">What the device is (virtio 1.2 §5).</param>
    /// <param name="queueSizeMax">Most descriptors of its queues.</param>
    /// <param name="guests">How many guests share the console, 1 to 4; this is the first.</param>
    /// <param name="harts">Virtual harts.</param>
    /// <param name="withheld">Feature bits that the device does not offer.</param>
    /// <param name="source">The source of the host's PLIC that is the slot's; the device raises 8.</param>
    /// <param name="clock">Whether the host has a real-time clock.</param>
    /// <param name="board">What the guest's machine is, where it is not the standard one.</param>
    /// <param name="ramDisk">Bytes of a disk in memory behind the second slot; 0: there is none.</param>
    /// <param name="network">A network that a card in the next slot is at, which stays in place; null: there is no such card.</param>
    /// <param name="mac">That card's address, the first byte the lowest.</param>
    /// <exception cref="InvalidOperationException">The second slot takes no such disk, or the network no such card.</exception>
    public TestGuest(uint version = 1, uint kind = VirtioKind.Block, uint queueSizeMax = 1024, int guests = 1, int harts = 1, ulong withheld = 0, uint source = 8, bool clock = true, GuestBoard? board = null, ulong ramDisk = 0, GuestNetwork<DeviceHost>* network = null, ulong mac = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(guests, MostGuests);
        Machine = new FakeMachine(0x60_0000);
        Device = new FakeVirtioDevice(Machine, 0x1000_8000, 8, version, kind, queueSizeMax);
        Device.Offered &= ~withheld;
        Machine.Add(Device);
        _allocation = (byte*)NativeMemory.AllocZeroed(0x10_0000 + 64);
        _block = (byte*)(((nint)_allocation + 63) & ~63);
        Bus = (GuestBus<DeviceHost>*)_block;
        Console = (ConsoleMultiplexer<DeviceHost>*)(_block + 0x8000);
        HostPlic = (HostPlic<DeviceHost>*)(_block + 0xa000);
        HostClock = (HostClock<DeviceHost>*)(_block + 0xf000);

        var host = Machine.Host;
        var uart = default(HostUartDriver<DeviceHost>);
        uart.Take<HostUart16550>(ref host, new HostDevice { Base = FakeMachine.UartBase });
        Console->Initialize(uart, _block + 0x1_0000, guests);
        for (var guest = 0; guest < guests; guest++)
        {
            Console->Guest(guest)->SetName(Encoding.ASCII.GetBytes("g" + guest));
        }

        HostPlic->Take<HostSiFivePlic>(new HostDevice { Base = FakeMachine.PlicBase });
        if (clock)
        {
            HostClock->Take<HostGoldfishRtc>(new HostDevice { Base = FakeMachine.ClockBase }, FakeMachine.Timebase);
        }

        HostPlic->OpenContext(ref host, FakeMachine.Context);
        Memory = new GuestMemory(GuestRam, RamBytes, HostRam, Machine.Pointer(HostRam));
        var devices = GuestDevices.Standard(harts);
        devices.Board = board ?? devices.Board;
        devices.Attach(0, Device.Base, source);
        if (ramDisk != 0 && !devices.AttachRamDisk(1, RamDisk, ramDisk))
        {
            throw new InvalidOperationException("the slot takes no disk");
        }

        if (network != null && !GuestNetwork<DeviceHost>.TryConnect(network, Bus, ref devices, mac))
        {
            throw new InvalidOperationException("the network takes no card");
        }

        RingBase = FakeMachine.RamBase + 0x40_0000;
        var bytes = GuestBus<DeviceHost>.BytesNeeded(ref host, devices);
        Machine.AllowDma(HostRam, RamBytes);
        Machine.AllowDma(RingBase, bytes);
        GuestBus<DeviceHost>.Initialize(
            Bus, ref host, Memory, Machine.Window, devices, Machine.Pointer(RingBase), 0, Console, HostClock);
        GuestBus<DeviceHost>.UseNetwork(Bus, network);
        Devices = devices;
        HostPlic->Route(ref host, FakeMachine.Context, source, SlotOwner);
        HostPlic->Route(ref host, FakeMachine.Context, FakeMachine.UartSource, ConsoleOwner);
        Console->EnableInterrupts(ref host);
    }

    /// <summary>What the guest has.</summary>
    public GuestDevices Devices { get; }

    /// <summary>The host.</summary>
    public FakeMachine Machine { get; }

    /// <summary>The host's device behind the first slot.</summary>
    public FakeVirtioDevice Device { get; }

    /// <summary>Contents of the disk in memory behind slot 1, where there is one: memory that no device of the host may touch.</summary>
    public byte* RamDisk => Machine.Pointer(FakeMachine.RamBase + 0x50_0000);

    /// <summary>The bus under test.</summary>
    public GuestBus<DeviceHost>* Bus { get; }

    /// <summary>The console that the guests share.</summary>
    public ConsoleMultiplexer<DeviceHost>* Console { get; }

    /// <summary>The driver of the host's PLIC.</summary>
    public HostPlic<DeviceHost>* HostPlic { get; }

    /// <summary>The driver of the host's clock.</summary>
    public HostClock<DeviceHost>* HostClock { get; }

    /// <summary>The guest's RAM, as the hypervisor knows it.</summary>
    public GuestMemory Memory { get; }

    /// <summary>Host physical address of the rings that the hypervisor shows the device.</summary>
    public ulong RingBase { get; }

    /// <summary>What the host's UART was told to send.</summary>
    public string Output => Machine.Output.ToString();

    /// <inheritdoc/>
    public byte* Ram(ulong guestAddress) => Memory.Pointer + (guestAddress - GuestRam);

    /// <summary>Reads a register of the guest's machine.</summary>
    /// <param name="address">Its guest physical address.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <exception cref="InvalidOperationException">No device answers.</exception>
    public ulong Read(ulong address, int size = 4)
    {
        var host = Machine.Host;
        return Bus->Read(ref host, 0, address, size, out var value).Answered
            ? value
            : throw new InvalidOperationException($"no device answers at 0x{address:x}");
    }

    /// <summary>Writes a register of the guest's machine.</summary>
    /// <param name="address">Its guest physical address.</param>
    /// <param name="value">What is written.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <returns>What the bus has to say of it.</returns>
    /// <exception cref="InvalidOperationException">No device answers.</exception>
    public BusOutcome Write(ulong address, ulong value, int size = 4)
    {
        var host = Machine.Host;
        var outcome = Bus->Write(ref host, 0, address, size, value);
        return outcome.Answered ? outcome : throw new InvalidOperationException($"no device answers at 0x{address:x}");
    }

    /// <inheritdoc/>
    public uint Register(uint offset) => (uint)Read(Slot0 + offset);

    /// <inheritdoc/>
    public void Register(uint offset, uint value) => Write(Slot0 + offset, value);

    /// <summary>Serves the host's external interrupt, if there is one.</summary>
    /// <param name="deliver">Whether the guest's UART is told of input.</param>
    /// <returns>Whether there was.</returns>
    public bool ServeInterrupts(bool deliver = true)
    {
        if ((Machine.Plic.Signals & (1u << (int)FakeMachine.Context)) == 0)
        {
            return false;
        }

        var host = Machine.Host;
        var owners = new Owners(this, deliver);
        HostPlic->Serve(ref host, FakeMachine.Context, ref owners);
        return true;
    }

    /// <summary>Serves the host's external interrupts until there is none.</summary>
    /// <param name="deliver">Whether the guest's UART is told of input.</param>
    public void ServeAll(bool deliver = true)
    {
        while (ServeInterrupts(deliver))
        {
        }
    }

    private readonly struct Owners(TestGuest guest, bool deliver) : IInterruptOwners<DeviceHost>
    {
        public void Serve(ref DeviceHost host, ushort owner)
        {
            if (owner == SlotOwner)
            {
                guest.Bus->ServiceDevice(ref host, 0, elsewhere: false);
            }
            else if ((guest.Console->Serve(ref host).Guests & 1) != 0 && deliver)
            {
                guest.Bus->ServiceInput(ref host, elsewhere: false);
            }
        }
    }

    /// <summary>Frees the guest and its host.</summary>
    public void Dispose()
    {
        NativeMemory.Free(_allocation);
        Machine.Dispose();
    }
}
