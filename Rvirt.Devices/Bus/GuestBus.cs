using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Core.Instructions;
using Rvirt.Core.Memory;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Clock;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Plic;
using Rvirt.Devices.Uart;
using Rvirt.Devices.Virtio;

namespace Rvirt.Devices.Bus;

/// <summary>A guest's devices: PLIC, 16550A, virtio-mmio slots, real-time clock and test device, at the addresses its <see cref="GuestBoard"/> gives them.</summary>
/// <remarks>
/// <para>Use: put the struct in memory that stays (zeroed), describe the devices with <see cref="GuestDevices"/>, ask
/// <see cref="BytesNeeded"/>, call <see cref="Initialize"/>. Whoever claims the host's interrupts hands over those of a slot
/// (<see cref="ServiceDevice"/>) and of the console's input (<see cref="ServiceInput"/>), on whichever hart. When the guest stops or
/// starts again, <see cref="ResetAll"/> before its memory is touched.</para>
/// <para>Here is the way of an access: <see cref="BusMap"/> finds the device, the device answers, and one <see cref="BusOutcome"/> says
/// all that follows. Set-up, console, clock and slots each have a file beside this one.</para>
/// <para>Locks. <c>_lock</c> guards all devices, <c>_reports</c>, and everything behind <c>_slots</c>; it is held across the read and the
/// write of an atomic operation, so that no other hart's access falls between. Without it are read: the map, which is written at
/// set-up alone; what <see cref="TryReadQuick"/> reads, each one field; the PLIC's signals, by the hart whose line it is, which is told
/// of changes that others make. One write happens without it: a line status read counts in the UART, and two harts that read at once may
/// count one for two, so that output is flushed a read later. Inside it the console's lock is taken, and the host clock's; neither takes
/// another; the network's likewise. No lock is held while another guest's devices are called, as it is for those that a guest has sent frames to.</para>
/// </remarks>
public unsafe partial struct GuestBus<THost> : IGuestBus<THost>
    where THost : struct, IMmio, ITime, IInterprocessor
{
    private const int SlotShift = 12;
    private const ulong OffsetInSlot = GuestBoard.VirtioSlotSize - 1;

    // The hot fields stand together.
    private BusMap _map;
    private VirtioTransport<SlotBackend>* _slots;
    private TicketLock _lock;
    private HartSignals _harts;

    private VirtualPlic _plic;
    private Uart16550 _uart;
    private GoldfishRtc _clock;

    private GuestMemory _memory;
    private GuestDevices _devices;
    private ConsoleMultiplexer<THost>* _console;
    private HostClock<THost>* _hostClock;
    private int _guest;
    private int _reports;
    private bool _held;
    private ulong _storageBytes;

    // The time of the next watch of the guest's disk; 0: there is none.
    private ulong _watch;

    // When a disk that is polled is to go on; 0: at once.
    private ulong _poll;

    // What a write of this moment had its network card send; each write takes what it made.
    private ulong _told;
    private GuestNetwork<THost>* _network;

    /// <inheritdoc/>
    /// <remarks>What drivers read all the time is one field: it is read without the lock.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadQuick(ulong address, int size, out ulong value)
    {
        value = 0;
        switch (_map.Find(address, out var offset))
        {
            case GuestDeviceKind.Virtio:
                // SAFETY: here and below: inside the slots' window, so one of the slots, of which Initialize made as many.
                return size == 4 && _slots[offset >> SlotShift].TryReadField((uint)(offset & OffsetInSlot), out value);
            case GuestDeviceKind.Uart:
                return offset == Uart16550.LineStatus && _uart.TryReadQuietStatus(out value);
            case GuestDeviceKind.Plic:
                return size == 4 && _plic.TryReadField((uint)offset, out value);
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public BusOutcome Read(ref THost host, int virtualHart, ulong address, int size, out ulong value)
    {
        if (TryReadQuick(address, size, out value))
        {
            return BusOutcome.Done;
        }

        _lock.Acquire();
        var signals = _plic.Signals;
        var answered = ReadDevice(ref host, address, size, out value);
        var outcome = Finish(ref host, virtualHart, signals, answered, GuestEvent.None, 0);
        _lock.Release();
        return outcome;
    }

    /// <inheritdoc/>
    public BusOutcome Write(ref THost host, int virtualHart, ulong address, int size, ulong value)
    {
        _lock.Acquire();
        var signals = _plic.Signals;
        var answered = WriteDevice(ref host, address, size, value, out var asked, out var code);
        var outcome = Finish(ref host, virtualHart, signals, answered, asked, code);
        ReleaseAndDeliver(ref host);
        return outcome;
    }

    /// <inheritdoc/>
    public BusOutcome Modify(ref THost host, int virtualHart, ulong address, in AtomicOperation operation, out ulong old)
    {
        _lock.Acquire();
        var signals = _plic.Signals;
        var asked = GuestEvent.None;
        ushort code = 0;
        var answered = ReadDevice(ref host, address, operation.Size, out old)
            && WriteDevice(ref host, address, operation.Size, operation.Apply(old), out asked, out code);
        var outcome = Finish(ref host, virtualHart, signals, answered, asked, code);
        ReleaseAndDeliver(ref host);
        return outcome;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool ExternalInterruptPending(int virtualHart) => _plic.SupervisorSignal(virtualHart);

    private bool ReadDevice(ref THost host, ulong address, int size, out ulong value)
    {
        value = 0;
        switch (_map.Find(address, out var offset))
        {
            case GuestDeviceKind.Virtio:
                return _slots[offset >> SlotShift].TryRead(ref host, (uint)(offset & OffsetInSlot), size, out value);
            case GuestDeviceKind.Uart:
                value = ReadUart(ref host, (uint)offset);
                return true;
            case GuestDeviceKind.Plic:
                return size == 4 && ReadPlic((uint)offset, out value);
            case GuestDeviceKind.Clock:
                return size == 4 && ReadClock(ref host, (uint)offset, out value);
            case GuestDeviceKind.TestDevice:
                return TestDevice.Answers(size);
            default:
                return false;
        }
    }

    private bool WriteDevice(ref THost host, ulong address, int size, ulong value, out GuestEvent asked, out ushort code)
    {
        asked = GuestEvent.None;
        code = 0;
        switch (_map.Find(address, out var offset))
        {
            case GuestDeviceKind.Virtio:
                return WriteSlot(ref host, (int)(offset >> SlotShift), (uint)(offset & OffsetInSlot), size, value, out asked);
            case GuestDeviceKind.Uart:
                WriteUart(ref host, (uint)offset, (byte)value);
                return true;
            case GuestDeviceKind.Plic:
                return size == 4 && _plic.TryWrite((uint)offset, (uint)value);
            case GuestDeviceKind.Clock:
                return size == 4 && WriteClock(ref host, (uint)offset, (uint)value, out asked);
            case GuestDeviceKind.TestDevice:
                if (!TestDevice.Answers(size))
                {
                    return false;
                }

                asked = TestDevice.Write(offset, size, (uint)value, out code);
                return true;
            default:
                return false;
        }
    }

    private bool ReadPlic(uint offset, out ulong value)
    {
        var answered = _plic.TryRead(offset, out value);
        if (VirtualPlic.IsClaim(offset) && value == _devices.Board[GuestDeviceKind.Uart].Interrupt)
        {
            _uart.Claimed();
            SetUartLine();
        }

        return answered;
    }

    // Tells the other virtual harts whose line changed, by an access that a device refused too; the one that asks hears it by the outcome.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly BusOutcome Finish(ref THost host, int virtualHart, uint before, bool answered, GuestEvent asked, ushort code)
    {
        var changed = _plic.Signals ^ before;
        _harts.Tell(ref host, changed, virtualHart);
        return answered ? BusOutcome.Of(changed != 0, asked, code) : BusOutcome.Refused(changed != 0);
    }
}
