using System.Numerics;
using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Devices.Virtio;

/// <summary>A virtio-mmio slot of a guest, carried over to one virtio-mmio device of the host that is the guest's alone.</summary>
/// <remarks>
/// <para>The guest sees the host's device, in the host's version of the transport. What touches memory goes through
/// <see cref="MediatedQueue"/>; the configuration space and the status pass as they are; interrupts are the slot's own.</para>
/// <para>Indirect descriptors and event indices are offered whatever the host's device can. Features that mediation cannot honour are
/// not offered (<see cref="VirtioFeature.Passed"/>).</para>
/// <para>A queue that breaks the rules stops, and the device says that it needs a reset.</para>
/// <para>The owner holds a lock.</para>
/// </remarks>
public unsafe struct MediatedDevice
{
    /// <summary>Queues a device can have.</summary>
    public const uint MaxQueues = 8;

    private const uint LegacyVersion = 1;
    private const uint EmptyVersion = LegacyVersion;

    // "QEMU" in ASCII, as the board's own empty slots have it.
    private const uint EmptyVendor = 0x554d_4551;
    private const int IdentityRegisters = 4;
    private const uint UsedBuffers = 1;
    private const uint ConfigurationChanged = 2;

    /// <summary>What passed through.</summary>
    public VirtioCounters Counters;

    // The first four registers: magic, version, kind, vendor.
    private fixed uint _identity[IdentityRegisters];
    private HostVirtio _host;
    private uint _kind;
    private ulong _offered;
    private ulong _hostOffered;
    private ulong _taken;
    private uint _interruptStatus;
    private bool _hostEvents;
    private bool _hostFeaturesWritten;
    private bool _dead;
    private byte _status;
    private uint _deviceFeaturesSelect;
    private uint _driverFeaturesSelect;
    private uint _queueSelect;
    private uint _guestPageSize;
    private uint _queueCount;
    private MediatedQueue* _queues;
    private QueueRegisters* _registers;
    private QueueFault _report;
    private byte _reportQueue;

    /// <summary>Bytes of page-aligned memory for the queues of a host's device; a multiple of 4096. Resets the device.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="address">Host physical address of its slot; 0: none.</param>
    public static ulong BytesNeeded<THost>(ref THost host, ulong address)
        where THost : struct, IMmio
    {
        if (address == 0 || HostVirtio.Probe(ref host, address, out var transport) == 0 || !transport.Reset(ref host))
        {
            return 0;
        }

        var bytes = 0ul;
        for (var queue = 0u; queue < MaxQueues; queue++)
        {
            var size = MediatedQueue.HostSize(transport.QueueSizeMax(ref host, queue));
            bytes += size == 0 ? 0 : MediatedQueue.BytesNeeded(size);
        }

        return bytes;
    }

    /// <summary>Bytes of the records of a slot's queues.</summary>
    public static ulong RecordBytes => MaxQueues * (ulong)(sizeof(MediatedQueue) + sizeof(QueueRegisters));

    /// <summary>Sets the slot up and resets the host's device. Without a device that can be passed on, the slot is empty.</summary>
    /// <param name="host">Access to the device's registers.</param>
    /// <param name="address">Host physical address of its slot; 0: none.</param>
    /// <param name="records">Zeroed memory of <see cref="RecordBytes"/> bytes, aligned to 16.</param>
    /// <param name="rings">Page-aligned memory of <see cref="BytesNeeded"/> bytes.</param>
    /// <param name="ringAddress">Its host physical address.</param>
    /// <returns>Bytes taken of <paramref name="rings"/>.</returns>
    public ulong Initialize<THost>(ref THost host, ulong address, byte* records, byte* rings, ulong ringAddress)
        where THost : struct, IMmio
    {
        this = default;
        _identity[0] = VirtioRegister.MagicValue;
        _identity[1] = EmptyVersion;
        _identity[3] = EmptyVendor;
        if (address == 0)
        {
            return 0;
        }

        var kind = HostVirtio.Probe(ref host, address, out _host);
        if (kind == 0 || !_host.Reset(ref host))
        {
            return 0;
        }

        _kind = kind;
        _identity[1] = _host.Version;
        _identity[2] = kind;
        _identity[3] = _host.Read(ref host, VirtioRegister.VendorId);
        // SAFETY: the caller's memory is as large as asked for.
        _queues = (MediatedQueue*)records;
        _registers = (QueueRegisters*)(records + (MaxQueues * (ulong)sizeof(MediatedQueue)));
        var taken = 0ul;
        for (var queue = 0u; queue < MaxQueues; queue++)
        {
            _queues[queue] = default;
            var size = MediatedQueue.HostSize(_host.QueueSizeMax(ref host, queue));
            if (size != 0)
            {
                _queues[queue].Initialize(rings + taken, ringAddress + taken, size);
                _queues[queue].DrainsItself = kind == VirtioKind.Network && queue % 2 == 1;
                taken += MediatedQueue.BytesNeeded(size);
                _queueCount = queue + 1;
            }
        }

        _hostOffered = _host.ReadFeatures(ref host);
        _offered = (_hostOffered & VirtioFeature.Passed) | VirtioFeature.Own;
        if (_host.QueueSizeMax(ref host, MaxQueues) != 0)
        {
            _offered &= ~VirtioFeature.ManyQueues(kind);
        }

        ResetTransport();
        ForgetDriver();
        return taken;
    }

    /// <summary>Kind of the device; 0: the slot is empty.</summary>
    public readonly uint Kind => _kind;

    /// <summary>Features offered to the guest.</summary>
    public readonly ulong Offered => _offered;

    /// <summary>Whether the interrupt line is high.</summary>
    public readonly bool InterruptLine => _interruptStatus != 0;

    /// <summary>The fault of a queue that has not been reported yet; asking clears it.</summary>
    /// <param name="queue">The queue.</param>
    public QueueFault TakeReport(out int queue)
    {
        queue = _reportQueue;
        var report = _report;
        _report = QueueFault.None;
        return report;
    }

    /// <summary>Stops the host's device, waits until it touches memory no more, and puts all registers in their reset state.</summary>
    /// <returns>False where the device does not stop: it is lost, and no memory it knew may be used again.</returns>
    public bool Reset<THost>(ref THost host)
        where THost : struct, IMmio
    {
        ResetTransport();
        return ResetDevice(ref host);
    }

    // What a driver's reset of the device leaves alone, on QEMU virt and so here: U-Boot writes the page size and then resets.
    private void ResetTransport()
    {
        _deviceFeaturesSelect = 0;
        _driverFeaturesSelect = 0;
        // Byte addresses until a driver says otherwise.
        _guestPageSize = 1;
    }

    private bool ResetDevice<THost>(ref THost host)
        where THost : struct, IMmio
    {
        if (_kind == 0)
        {
            return true;
        }

        if (_dead || !_host.Reset(ref host))
        {
            _dead = true;
            _interruptStatus = 0;
            _status = VirtioStatus.NeedsReset;
            return false;
        }

        for (var queue = 0u; queue < _queueCount; queue++)
        {
            // SAFETY: below the count, which Initialize keeps at MaxQueues or less.
            _queues[queue].Stop();
        }

        ForgetDriver();
        return true;
    }

    /// <summary>Reads a 32-bit register that is one field: what the device is, and its interrupts. Needs no lock.</summary>
    /// <returns>False where <see cref="TryRead"/> must do it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool TryReadField(uint offset, out ulong value)
    {
        if (offset == VirtioRegister.InterruptStatus)
        {
            value = _interruptStatus;
            return true;
        }

        // Misaligned offsets turn into large ones.
        var register = BitOperations.RotateRight(offset, 2);
        value = 0;
        if (register >= IdentityRegisters)
        {
            return false;
        }

        value = _identity[register];
        return true;
    }

    /// <summary>Reads a register or the configuration space.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="offset">Byte offset in the slot.</param>
    /// <param name="size">1, 2, 4 or 8.</param>
    /// <param name="value">What was read. A register read with another size than 4 gives 0, as on QEMU.</param>
    /// <returns>False outside the slot.</returns>
    public readonly bool TryRead<THost>(ref THost host, uint offset, int size, out ulong value)
        where THost : struct, IMmio
    {
        if (offset < VirtioRegister.Configuration)
        {
            value = size != 4 || (offset & 3) != 0 ? 0
                : TryReadField(offset, out var field) ? field
                : ReadRegister(ref host, offset);
            return true;
        }

        value = 0;
        if (offset >= VirtioRegister.SlotBytes || (offset & ((uint)size - 1)) != 0)
        {
            return false;
        }

        if (_kind != 0)
        {
            var address = _host.Base + offset;
            value = size switch
            {
                1 => host.Read8(address),
                2 => host.Read16(address),
                4 => host.Read32(address),
                _ => host.Read32(address) | ((ulong)host.Read32(address + 4) << 32),
            };
        }

        return true;
    }

    /// <summary>Writes a register or the configuration space.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="offset">Byte offset in the slot.</param>
    /// <param name="size">1, 2, 4 or 8.</param>
    /// <param name="value">The value. A register written with another size than 4 does not change.</param>
    /// <returns>False outside the slot.</returns>
    public bool TryWrite<THost>(ref THost host, in GuestMemory memory, uint offset, int size, ulong value)
        where THost : struct, IMmio
    {
        if (offset < VirtioRegister.Configuration)
        {
            if (size == 4 && (offset & 3) == 0 && _kind != 0)
            {
                WriteRegister(ref host, memory, offset, (uint)value);
            }

            return true;
        }

        if (offset >= VirtioRegister.SlotBytes || (offset & ((uint)size - 1)) != 0)
        {
            return false;
        }

        if (_kind != 0)
        {
            var address = _host.Base + offset;
            switch (size)
            {
                case 1:
                    host.Write8(address, (byte)value);
                    break;
                case 2:
                    host.Write16(address, (ushort)value);
                    break;
                case 4:
                    host.Write32(address, (uint)value);
                    break;
                default:
                    host.Write32(address, (uint)value);
                    host.Write32(address + 4, (uint)(value >> 32));
                    break;
            }
        }

        return true;
    }

    /// <summary>Serves an interrupt of the host's device: carries used buffers back, and on what waited for room.</summary>
    public void ServiceInterrupt<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio
    {
        if (_kind == 0)
        {
            return;
        }

        Counters.HostInterrupts++;
        var causes = _host.Read(ref host, VirtioRegister.InterruptStatus);
        _host.Write(ref host, VirtioRegister.InterruptAcknowledge, causes);
        // What the device used before it interrupted is in memory from here on; what it uses later interrupts again.
        host.IoFence();
        if ((causes & ConfigurationChanged) != 0)
        {
            Raise(ConfigurationChanged);
        }

        for (var queue = 0u; queue < _queueCount; queue++)
        {
            // SAFETY: _queueCount is at most MaxQueues, for which there are records.
            if (_queues[queue].Active)
            {
                ReturnUsed(ref host, memory, queue);
            }
        }
    }

    private readonly bool IsLegacy => _host.Version == LegacyVersion;

    private void ForgetDriver()
    {
        _taken = 0;
        _interruptStatus = 0;
        _hostEvents = false;
        _hostFeaturesWritten = false;
        _status = 0;
        _queueSelect = 0;
        for (var queue = 0u; queue < MaxQueues; queue++)
        {
            // SAFETY: Initialize made MaxQueues records of registers.
            _registers[queue] = default;
            _registers[queue].Align = 4096;
            var size = VirtioKind.DefaultQueueSize(_kind, queue);
            _registers[queue].Place.Size = queue < _queueCount && (size == 0 || size > _queues[queue].SizeMax) ? _queues[queue].SizeMax : size;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly uint ReadRegister<THost>(ref THost host, uint offset)
        where THost : struct, IMmio
    {
        if (_kind == 0)
        {
            return 0;
        }

        switch (offset)
        {
            case VirtioRegister.DeviceFeatures:
                return _deviceFeaturesSelect switch
                {
                    0 => (uint)_offered,
                    1 when !IsLegacy => (uint)(_offered >> 32),
                    _ => 0,
                };
            case VirtioRegister.QueueSizeMax:
                // SAFETY: below the count, which is at most the number of records; so in what follows.
                return _queueSelect < _queueCount ? _queues[_queueSelect].SizeMax : 0;
            case VirtioRegister.QueuePageNumber:
                return IsLegacy && _queueSelect < _queueCount ? _registers[_queueSelect].PageNumber : 0;
            case VirtioRegister.QueueReady:
                return !IsLegacy && _queueSelect < _queueCount && _registers[_queueSelect].HostStarted ? 1u : 0;
            case VirtioRegister.Status:
                return _status | (_host.Read(ref host, VirtioRegister.Status) & VirtioStatus.NeedsReset);
            case VirtioRegister.ConfigurationGeneration:
                return IsLegacy ? 0 : _host.Read(ref host, VirtioRegister.ConfigurationGeneration);
            default:
                // A length of all ones: there is no such region (virtio 1.2 §4.2.2.1).
                return offset - VirtioRegister.SharedMemoryLengthLow
                    < VirtioRegister.SharedMemoryBaseLow - VirtioRegister.SharedMemoryLengthLow ? uint.MaxValue : 0;
        }
    }

    private void WriteRegister<THost>(ref THost host, in GuestMemory memory, uint offset, uint value)
        where THost : struct, IMmio
    {
        switch (offset)
        {
            case VirtioRegister.QueueNotify:
                Notify(ref host, memory, value);
                return;
            case VirtioRegister.InterruptAcknowledge:
                _interruptStatus &= ~value;
                return;
            case VirtioRegister.Status:
                WriteStatus(ref host, (byte)value);
                return;
            case VirtioRegister.DeviceFeaturesSelect:
                _deviceFeaturesSelect = value;
                return;
            case VirtioRegister.DriverFeaturesSelect:
                _driverFeaturesSelect = value;
                return;
            case VirtioRegister.DriverFeatures:
                TakeFeatures(ref host, value);
                return;
            case VirtioRegister.GuestPageSize:
                // The lowest bit counts, and none is byte addresses, as on QEMU.
                _guestPageSize = value == 0 ? 1 : value & (0 - value);
                return;
            case VirtioRegister.QueueSelect:
                _queueSelect = value;
                return;
        }

        if (_queueSelect >= _queueCount || _queues[_queueSelect].HostQueueSize == 0)
        {
            return;
        }

        // SAFETY: checked just now: the guest chose the number.
        ref var queue = ref _registers[_queueSelect];
        switch (offset)
        {
            case VirtioRegister.QueueSize:
                queue.Place.Size = value;
                break;
            case VirtioRegister.QueueAlign when IsLegacy:
                queue.Align = value;
                break;
            case VirtioRegister.QueuePageNumber when IsLegacy:
                WritePageNumber(ref host, memory, ref queue, value);
                break;
            case VirtioRegister.QueueReady when !IsLegacy:
                WriteReady(ref host, memory, ref queue, value);
                break;
            case VirtioRegister.QueueDescriptorsLow:
                SetLow(ref queue.Place.Descriptors, value);
                break;
            case VirtioRegister.QueueDescriptorsHigh:
                SetHigh(ref queue.Place.Descriptors, value);
                break;
            case VirtioRegister.QueueAvailableLow:
                SetLow(ref queue.Place.Available, value);
                break;
            case VirtioRegister.QueueAvailableHigh:
                SetHigh(ref queue.Place.Available, value);
                break;
            case VirtioRegister.QueueUsedLow:
                SetLow(ref queue.Place.Used, value);
                break;
            case VirtioRegister.QueueUsedHigh:
                SetHigh(ref queue.Place.Used, value);
                break;
        }
    }

    private static void SetLow(ref ulong field, uint value) => field = (field & 0xffff_ffff_0000_0000) | value;

    private static void SetHigh(ref ulong field, uint value) => field = (uint)field | ((ulong)value << 32);

    private void Notify<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio
    {
        Counters.GuestNotifications++;
        if (queue >= _queueCount)
        {
            return;
        }

        // SAFETY: the guest's number was checked against the count.
        if (_queues[queue].DrainsItself && _queues[queue].Active)
        {
            // Its returns are told late: what has come back is handed over while the guest is here anyway.
            ReturnUsed(ref host, memory, queue);
            return;
        }

        Forward(ref host, memory, queue);
    }

    private void Forward<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio
    {
        if (_queues[queue].Forward(ref host, memory))
        {
            Counters.HostNotifications++;
            _host.Write(ref host, VirtioRegister.QueueNotify, queue);
        }

        CheckFault(queue);
    }

    private void ReturnUsed<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio
    {
        _queues[queue].Return(ref host, out var tell);
        if (tell)
        {
            Raise(UsedBuffers);
        }

        CheckFault(queue);
        Forward(ref host, memory, queue);
    }

    private void CheckFault(uint queue)
    {
        var fault = _queues[queue].Fault;
        if (fault == QueueFault.None || (_status & VirtioStatus.NeedsReset) != 0)
        {
            return;
        }

        Counters.Faults++;
        _report = fault;
        _reportQueue = (byte)queue;
        _status |= VirtioStatus.NeedsReset;
        Raise(ConfigurationChanged);
    }

    private void Raise(uint causes)
    {
        if (_interruptStatus == 0)
        {
            Counters.GuestInterrupts++;
        }

        _interruptStatus |= causes;
    }

    private void WriteStatus<THost>(ref THost host, byte value)
        where THost : struct, IMmio
    {
        if (value == 0)
        {
            ResetDevice(ref host);
            return;
        }

        if (_dead)
        {
            return;
        }

        if (!IsLegacy && (value & ~_status & VirtioStatus.FeaturesOk) != 0)
        {
            // Features that were not offered are not agreed to, nor a driver of before 1.0 to whom requests would look different.
            if ((_taken & ~_offered) != 0 || ((_taken & VirtioFeature.Version1) == 0 && !VirtioKind.IsAlikeBeforeVersion1(_kind)))
            {
                value &= unchecked((byte)~VirtioStatus.FeaturesOk);
            }
            else
            {
                WriteHostFeatures(ref host);
            }
        }
        else if ((value & VirtioStatus.DriverOk) != 0 && !_hostFeaturesWritten)
        {
            WriteHostFeatures(ref host);
        }

        // What broke stays so until a reset; the host is told what the guest's driver says, no more.
        var hostValue = (byte)(value & ~VirtioStatus.NeedsReset);
        _host.Write(ref host, VirtioRegister.Status, hostValue);
        if (!IsLegacy && (_host.Read(ref host, VirtioRegister.Status) & VirtioStatus.FeaturesOk) == 0)
        {
            value &= unchecked((byte)~VirtioStatus.FeaturesOk);
        }

        _status = (byte)((value & ~VirtioStatus.NeedsReset) | (_status & VirtioStatus.NeedsReset));
    }

    private void TakeFeatures<THost>(ref THost host, uint value)
        where THost : struct, IMmio
    {
        if ((_status & VirtioStatus.FeaturesOk) != 0)
        {
            return;
        }

        if (_driverFeaturesSelect == 0)
        {
            SetLow(ref _taken, value);
        }
        else if (_driverFeaturesSelect == 1)
        {
            SetHigh(ref _taken, value);
        }

        if (IsLegacy)
        {
            _taken &= (uint)_offered;
            WriteHostFeatures(ref host);
        }
    }

    // The host's device hears what the guest took of its own features, and what the queues use on the host's side.
    private void WriteHostFeatures<THost>(ref THost host)
        where THost : struct, IMmio
    {
        const ulong Side = VirtioFeature.EventIndex | VirtioFeature.Version1 | VirtioFeature.AccessPlatform | VirtioFeature.OrderPlatform;
        _hostFeaturesWritten = true;
        _hostEvents = (_hostOffered & VirtioFeature.EventIndex) != 0;
        _host.WriteFeatures(ref host, (_taken & VirtioFeature.Passed & _hostOffered & ~VirtioFeature.Version1) | (_hostOffered & Side));
    }

    private void WritePageNumber<THost>(ref THost host, in GuestMemory memory, ref QueueRegisters queue, uint value)
        where THost : struct, IMmio
    {
        if (value == 0)
        {
            // A legacy queue is taken away with a reset of the device, here as on QEMU.
            if (queue.HostStarted)
            {
                ResetDevice(ref host);
            }

            queue.PageNumber = 0;
            return;
        }

        if (queue.HostStarted || (queue.Align & (queue.Align - 1)) != 0 || queue.Align == 0)
        {
            return;
        }

        queue.PageNumber = value;
        var address = (ulong)value * _guestPageSize;
        var size = queue.Place.Size > MediatedQueue.GuestSizeMax ? 0 : queue.Place.Size;
        queue.Place.Descriptors = address;
        queue.Place.Available = address + RingLayout.AvailableOffset(size);
        queue.Place.Used = address + RingLayout.UsedOffset(size, queue.Align);
        Start(ref host, memory, ref queue);
    }

    private void WriteReady<THost>(ref THost host, in GuestMemory memory, ref QueueRegisters queue, uint value)
        where THost : struct, IMmio
    {
        if ((value & 1) == 0)
        {
            if (queue.HostStarted)
            {
                // Buffers in flight may still come in: the ring is not used again before a reset.
                _host.StopQueue(ref host, _queueSelect);
                _queues[_queueSelect].Active = false;
                queue.HostStarted = false;
            }
        }
        else if (!queue.HostStarted)
        {
            if (_queues[_queueSelect].InFlight != 0)
            {
                // The host's device may still write to the buffers of before: only a reset makes it let go of them.
                _queues[_queueSelect].Fault = QueueFault.InFlight;
                CheckFault(_queueSelect);
                return;
            }

            Start(ref host, memory, ref queue);
        }
    }

    private void Start<THost>(ref THost host, in GuestMemory memory, ref QueueRegisters queue)
        where THost : struct, IMmio
    {
        if (_dead || (_status & VirtioStatus.NeedsReset) != 0)
        {
            return;
        }

        if (!_hostFeaturesWritten)
        {
            WriteHostFeatures(ref host);
        }

        ref var mediated = ref _queues[_queueSelect];
        if (mediated.Start(memory, queue.Place, _taken, _hostEvents))
        {
            queue.HostStarted = true;
            _host.StartQueue(ref host, _queueSelect, mediated.HostQueueSize, mediated.HostAddress);
        }

        CheckFault(_queueSelect);
    }
}
