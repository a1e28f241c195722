using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Clock;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Plic;
using Rvirt.Devices.Uart;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Mediated;

namespace Rvirt.Devices.Machine;

/// <summary>A guest's devices: PLIC, 16550A, virtio-mmio slots, real-time clock and test device, at the addresses its machine has them.</summary>
/// <remarks>
/// <para>Use: put the struct in memory that stays (zeroed), describe the devices with <see cref="GuestDevices"/>, ask
/// <see cref="BytesNeeded"/>, call <see cref="Initialize"/>. Whoever claims the host's interrupts hands over those of a slot
/// (<see cref="ServiceDevice"/>) and of the console's input (<see cref="ServiceInput"/>), on whichever hart. When the guest stops or starts again, <see cref="ResetAll"/> before its memory is touched.</para>
/// <para>One lock covers the devices, so that several virtual harts of a guest can run on several harts. The console's lock is taken
/// inside it, and so is the host clock's, never the other way round. No lock is held while another guest's devices are called.</para>
/// </remarks>
public unsafe struct GuestBus<THost> : IGuestBus<THost>
    where THost : struct, IMmio, ITime, IInterprocessor
{
    private const uint TestFail = 0x3333;
    private const uint TestPass = 0x5555;
    private const uint TestReset = 0x7777;
    private const ulong SlotStride = 0x1000;
    private const int SlotShift = 12;
    private const int ReportsPerBoot = 8;

    // The hot fields stand together.
    private ulong _uartBase;
    private ulong _virtioBase;
    private ulong _virtioSize;
    private ulong _plicBase;
    private ulong _testBase;
    private ulong _clockBase;
    private VirtioTransport<MediatedDevice>* _slots;
    private TicketLock _lock;
    private uint _uartSource;
    private uint _virtioFirstSource;
    private int _harts;
    private MachineEvent _event;
    private uint _failureCode;

    private VirtualPlic _plic;
    private Uart16550 _uart;
    private GoldfishRtc _clock;

    private GuestMemory _memory;
    private GuestDevices _devices;
    private ConsoleMultiplexer* _console;
    private HostGoldfishRtc* _hostClock;
    private VCpu** _virtualHarts;
    private int _guest;
    private int _reports;

    /// <summary>Bytes of page-aligned memory a guest's devices need beside the struct. Resets the host devices behind the slots.</summary>
    /// <param name="host">Access to those devices.</param>
    /// <param name="devices">What the guest has.</param>
    public static ulong BytesNeeded(ref THost host, in GuestDevices devices)
    {
        var bytes = RecordPages;
        for (var slot = 0; slot < GuestDevices.MaxSlots; slot++)
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
    /// <param name="devices">What the guest has.</param>
    /// <param name="storage">Page-aligned memory of <see cref="BytesNeeded"/> bytes inside the window, for rings that devices touch. Its contents do not matter.</param>
    /// <param name="guest">Number of the guest, as the console counts them.</param>
    /// <param name="console">The shared console.</param>
    /// <param name="hostClock">The host's clock; null, or one that is not there: the guest has none.</param>
    public static void Initialize(
        GuestBus<THost>* self,
        ref THost host,
        in GuestMemory memory,
        in PhysicalMemory window,
        in GuestDevices devices,
        byte* storage,
        int guest,
        ConsoleMultiplexer* console,
        HostGoldfishRtc* hostClock)
    {
        // SAFETY: the caller owns what the pointers name, for as long as the guest exists.
        *self = default;
        self->_uartBase = Place(devices.UartBase);
        self->_virtioBase = Place(devices.VirtioBase);
        self->_virtioSize = (ulong)devices.SlotCount << SlotShift;
        self->_plicBase = Place(devices.PlicBase);
        self->_testBase = Place(devices.TestBase);
        self->_clockBase = Place(hostClock != null && hostClock->Exists ? devices.ClockBase : 0);
        self->_uartSource = devices.UartSource;
        self->_virtioFirstSource = devices.VirtioFirstSource;
        self->_harts = devices.Harts;
        self->_memory = memory;
        self->_devices = devices;
        self->_console = console;
        self->_hostClock = hostClock;
        self->_guest = guest;
        self->_plic.Reset(devices.Harts);
        self->_uart.Reset();

        Unsafe.InitBlockUnaligned(storage, 0, (uint)RecordPages);
        self->_slots = (VirtioTransport<MediatedDevice>*)storage;
        var records = storage + ((ulong)sizeof(VirtioTransport<MediatedDevice>) * GuestDevices.MaxSlots);
        var rings = storage + RecordPages;
        for (var slot = 0; slot < GuestDevices.MaxSlots; slot++)
        {
            rings += self->_slots[slot].Backend.Initialize(ref host, devices.HostBase(slot), records, rings, window.Address(rings));
            self->_slots[slot].Initialize();
            records += MediatedDevice.RecordBytes;
        }
    }

    /// <summary>Names the virtual harts to wake when an interrupt line of theirs changes elsewhere.</summary>
    /// <param name="self">The devices.</param>
    /// <param name="virtualHarts">The guest's virtual harts, as many as described; they stay in place. Null where nobody needs waking.</param>
    // SAFETY: the pointers are kept as they are.
    public static void UseHarts(GuestBus<THost>* self, VCpu** virtualHarts) => self->_virtualHarts = virtualHarts;

    /// <summary>The kind of device in a slot (virtio 1.2 §5); 0: the slot is empty, or what stands behind it cannot be passed on.</summary>
    /// <param name="slot">0 to <see cref="GuestDevices.MaxSlots"/> - 1.</param>
    // SAFETY: Initialize made MaxSlots of them.
    public readonly uint SlotKind(int slot) => (uint)slot < GuestDevices.MaxSlots ? _slots[slot].Kind : 0;

    /// <summary>Whether the guest has a real-time clock.</summary>
    public readonly bool HasClock => _clockBase != Place(0);

    /// <summary>What passed through a slot.</summary>
    /// <param name="slot">0 to <see cref="GuestDevices.MaxSlots"/> - 1.</param>
    public readonly VirtioCounters SlotCounters(int slot)
        => (uint)slot < GuestDevices.MaxSlots ? _slots[slot].Counters : default;

    /// <summary>
    /// Puts every device in its reset state; the clock keeps its time. When it returns true, no device of the host touches the guest's memory any more.
    /// </summary>
    /// <returns>False where a host device does not stop: the guest's memory must not be used for anything else.</returns>
    public bool ResetAll(ref THost host)
    {
        _lock.Acquire();
        var stopped = true;
        for (var slot = 0; slot < GuestDevices.MaxSlots; slot++)
        {
            stopped &= _slots[slot].Reset(ref host);
            _plic.SetLevel(_virtioFirstSource + (uint)slot, false);
        }

        _uart.Reset();
        _plic.SetLevel(_uartSource, false);
        _clock.Reset();
        _plic.SetLevel(_devices.ClockSource, false);
        _plic.Reset(_harts);
        _console->ResetGuest(ref host, _guest);
        _event = MachineEvent.None;
        _failureCode = 0;
        _reports = 0;
        _lock.Release();
        return stopped;
    }

    /// <inheritdoc/>
    /// <remarks>What drivers read all the time is one field: it is read without the lock.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadQuick(ulong address, int size, out ulong value)
    {
        var offset = address - _virtioBase;
        if (offset < _virtioSize)
        {
            value = 0;
            // SAFETY: below the number of slots.
            return size == 4 && _slots[offset >> SlotShift].TryReadField((uint)(offset & (SlotStride - 1)), out value);
        }

        if (address == _uartBase + Uart16550.LineStatus)
        {
            return _uart.TryReadQuietStatus(out value);
        }

        offset = address - _plicBase;
        value = 0;
        return offset < VirtualPlic.Size && size == 4 && _plic.TryReadField((uint)offset, out value);
    }

    /// <inheritdoc/>
    public bool TryRead(ref THost host, ulong address, int size, out ulong value)
    {
        if (TryReadQuick(address, size, out value))
        {
            return true;
        }

        var offset = address - _virtioBase;
        if (offset < _virtioSize)
        {
            return ReadSlot(ref host, offset, size, out value);
        }

        offset = address - _uartBase;
        if (offset < Uart16550.Size)
        {
            return ReadUart(ref host, (uint)offset, out value);
        }

        offset = address - _plicBase;
        if (offset < VirtualPlic.Size)
        {
            return ReadPlic(ref host, (uint)offset, size, out value);
        }

        offset = address - _clockBase;
        if (offset < GoldfishRtc.Size)
        {
            return ReadClock(ref host, (uint)offset, size, out value);
        }

        value = 0;
        return address - _testBase < GuestDevices.TestSize && size is 2 or 4;
    }

    /// <inheritdoc/>
    public bool TryWrite(ref THost host, ulong address, int size, ulong value)
    {
        _lock.Acquire();
        bool answered;
        var signals = _plic.Signals;
        if (address - _uartBase < Uart16550.Size)
        {
            if (_uart.Write((uint)(address - _uartBase), (byte)value))
            {
                _console->Output(ref host, _guest, (byte)value);
            }

            UpdateUart(ref host);
            answered = true;
        }
        else if (address - _virtioBase < _virtioSize)
        {
            var offset = address - _virtioBase;
            var slot = offset >> SlotShift;
            // SAFETY: the access lies in the slots' range, so its slot is one of them.
            answered = _slots[slot].TryWrite(ref host, _memory, (uint)(offset & (SlotStride - 1)), size, value);
            UpdateSlot(ref host, (int)slot);
        }
        else if (address - _plicBase < VirtualPlic.Size)
        {
            answered = size == 4 && _plic.TryWrite((uint)(address - _plicBase), (uint)value);
        }
        else if (address - _clockBase < GoldfishRtc.Size)
        {
            answered = WriteClock(ref host, (uint)(address - _clockBase), size, (uint)value);
        }
        else
        {
            answered = address - _testBase < GuestDevices.TestSize && size is 2 or 4;
            if (answered && address == _testBase)
            {
                WriteTest((uint)value, size);
            }
        }

        WakeOthers(ref host, signals);
        _lock.Release();
        return answered;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ExternalInterruptPending(int virtualHart) => _plic.SupervisorSignal(virtualHart);

    /// <inheritdoc/>
    public void ConsoleWrite(ref THost host, byte value) => _console->Output(ref host, _guest, value);

    /// <inheritdoc/>
    public int ConsoleRead(ref THost host)
    {
        _lock.Acquire();
        var signals = _plic.Signals;
        _console->Flush(ref host, _guest);
        var value = _uart.TakeReceived();
        if (value < 0)
        {
            value = _console->TakeInput(ref host, _guest);
            // These calls know no errors: a break is the zero it came as.
            value = value < 0 ? value : value & 0xff;
        }

        UpdateUart(ref host);
        WakeOthers(ref host, signals);
        _lock.Release();
        return value;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MachineEvent TakeEvent(out uint code)
    {
        var taken = _event;
        code = _failureCode;
        _event = MachineEvent.None;
        return taken;
    }

    /// <inheritdoc/>
    public ulong ServeAlarm(ref THost host)
    {
        if (!HasClock)
        {
            return GoldfishRtc.Never;
        }

        _lock.Acquire();
        var signals = _plic.Signals;
        var now = Now(ref host);
        _clock.Advance(now);
        UpdateClock();
        WakeOthers(ref host, signals);
        var due = _clock.Due;
        var next = due == GoldfishRtc.Never ? due : _hostClock->WhenIs(ref host, now, due);
        _lock.Release();
        return next;
    }

    /// <inheritdoc/>
    public void Idle(ref THost host) => _console->Flush(ref host, _guest);

    // A device that is not there stands where no address leads.
    private static ulong Place(ulong address) => address != 0 ? address : 1ul << 63;

    private static ulong RecordPages
        => ((((ulong)sizeof(VirtioTransport<MediatedDevice>) + MediatedDevice.RecordBytes) * GuestDevices.MaxSlots) + 4095) & ~4095ul;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ReadSlot(ref THost host, ulong offset, int size, out ulong value)
    {
        _lock.Acquire();
        // SAFETY: the caller checked the offset.
        var answered = _slots[offset >> SlotShift].TryRead(ref host, (uint)(offset & (SlotStride - 1)), size, out value);
        _lock.Release();
        return answered;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ReadPlic(ref THost host, uint offset, int size, out ulong value)
    {
        _lock.Acquire();
        var signals = _plic.Signals;
        value = 0;
        var answered = size == 4 && _plic.TryRead(offset, out value);
        if (VirtualPlic.IsClaim(offset) && value == _uartSource)
        {
            _uart.Claimed();
            _plic.SetLevel(_uartSource, _uart.InterruptLine);
        }

        WakeOthers(ref host, signals);
        _lock.Release();
        return answered;
    }

    // SAFETY: the clock answers at an address only where Initialize was given one of the host, which stays in place.
    private readonly ulong Now(ref THost host) => _hostClock->Read(ref host);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ReadClock(ref THost host, uint offset, int size, out ulong value)
    {
        value = 0;
        if (size != 4)
        {
            return false;
        }

        _lock.Acquire();
        var signals = _plic.Signals;
        var answered = _clock.TryRead(offset, Now(ref host), out value);
        UpdateClock();
        WakeOthers(ref host, signals);
        _lock.Release();
        return answered;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool WriteClock(ref THost host, uint offset, int size, uint value)
    {
        if (size != 4)
        {
            return false;
        }

        var due = _clock.Due;
        var answered = _clock.TryWrite(offset, Now(ref host), value);
        UpdateClock();
        if (_clock.Due != due && _event == MachineEvent.None)
        {
            _event = MachineEvent.Alarm;
        }

        return answered;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ReadUart(ref THost host, uint register, out ulong value)
    {
        _lock.Acquire();
        value = _uart.Read(register);
        if (register == Uart16550.LineStatus && _uart.BeganToWait())
        {
            _console->Flush(ref host, _guest);
        }

        if (_uart.InterruptLine != _plic.Level(_uartSource) || register == 0)
        {
            var signals = _plic.Signals;
            UpdateUart(ref host);
            WakeOthers(ref host, signals);
        }

        _lock.Release();
        return true;
    }

    // Fills the receive FIFO from the console and drives the interrupt line.
    private void UpdateUart(ref THost host)
    {
        var side = _console->Guest(_guest);
        if (side != null && side->InputCount != 0)
        {
            while (_uart.CanReceive)
            {
                var value = _console->TakeInput(ref host, _guest);
                if (value < 0)
                {
                    break;
                }

                _uart.Receive((byte)value, (byte)(value >> 8));
            }
        }

        _plic.SetLevel(_uartSource, _uart.InterruptLine);
    }

    private void UpdateClock() => _plic.SetLevel(_devices.ClockSource, _clock.InterruptLine);

    private void UpdateSlot(ref THost host, int slot)
    {
        _plic.SetLevel(_virtioFirstSource + (uint)slot, _slots[slot].InterruptLine);
        var fault = _slots[slot].TakeReport(out var queue);
        if (fault != QueueFault.None)
        {
            Report(ref host, slot, queue, fault);
        }
    }

    /// <summary>The host device behind a slot interrupted.</summary>
    /// <param name="host">The hart that claimed the interrupt.</param>
    /// <param name="slot">The slot; any value, one that does not exist is ignored.</param>
    /// <param name="elsewhere">Whether the guest's virtual hart is not the one that runs on this hart.</param>
    public void ServiceDevice(ref THost host, int slot, bool elsewhere)
    {
        if ((uint)slot >= GuestDevices.MaxSlots)
        {
            return;
        }

        _lock.Acquire();
        var signals = _plic.Signals;
        // SAFETY: the slot was checked to be one of MaxSlots, and Initialize made as many.
        _slots[slot].ServiceInterrupt(ref host, _memory);
        UpdateSlot(ref host, slot);
        WakeOthers(ref host, signals, elsewhere);
        _lock.Release();
    }

    /// <summary>Input for the guest waits at the console.</summary>
    /// <param name="host">The hart that claimed the interrupt.</param>
    /// <param name="elsewhere">Whether the guest's virtual hart is not the one that runs on this hart.</param>
    public void ServiceInput(ref THost host, bool elsewhere)
    {
        _lock.Acquire();
        var signals = _plic.Signals;
        UpdateUart(ref host);
        WakeOthers(ref host, signals, elsewhere);
        _lock.Release();
    }

    // Tells the virtual harts whose line changed, where they may run on another hart than this one. An only hart that is here asks itself.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WakeOthers(ref THost host, uint before, bool elsewhere = false)
    {
        if (_plic.Signals != before && (_harts > 1 || elsewhere) && _virtualHarts != null)
        {
            Wake(ref host, _plic.Signals ^ before);
        }
    }

    private readonly void Wake(ref THost host, uint changed)
    {
        for (var hart = 0; hart < _harts; hart++)
        {
            if (((changed >> ((2 * hart) + 1)) & 1) != 0)
            {
                // SAFETY: UseHarts was given as many harts as there are.
                var virtualHart = _virtualHarts[hart];
                Interlocked.Or(ref virtualHart->Requests, (int)HartRequest.External);
                host.SendIpi(virtualHart->HostHartId);
            }
        }
    }

    private void WriteTest(uint value, int size)
    {
        switch (value & 0xffff)
        {
            case TestPass:
                _event = MachineEvent.Shutdown;
                break;
            case TestReset:
                _event = MachineEvent.Reboot;
                break;
            case TestFail:
                _failureCode = size == 4 ? value >> 16 : 0;
                _event = MachineEvent.Fail;
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Report(ref THost host, int slot, int queue, QueueFault fault)
    {
        if (_reports == ReportsPerBoot)
        {
            return;
        }

        _reports++;
        var writer = ConsoleMultiplexer.BeginMessage(_console, ref host);
        writer.Text("guest "u8).Decimal((ulong)_guest).Text(" broke queue "u8).Decimal((ulong)queue)
            .Text(" of virtio slot "u8).Decimal((ulong)slot).Text(": "u8).Text(Describe(fault));
        _console->EndMessage(ref host);
    }

    private static System.ReadOnlySpan<byte> Describe(QueueFault fault) => fault switch
    {
        QueueFault.Layout => "its rings are misplaced"u8,
        QueueFault.AvailableIndex => "its available index jumped"u8,
        QueueFault.DescriptorIndex => "a descriptor index is out of range"u8,
        QueueFault.Loop => "a chain loops"u8,
        QueueFault.Buffer => "a buffer is empty or not all RAM"u8,
        QueueFault.Order => "a buffer to read follows one to write"u8,
        QueueFault.Indirect => "a bad indirect table"u8,
        QueueFault.TooLong => "a chain is too long"u8,
        QueueFault.InFlight => "it is made ready again while the device has its buffers; the device must be reset first"u8,
        _ => "the host's device returned what it was not given"u8,
    };
}
