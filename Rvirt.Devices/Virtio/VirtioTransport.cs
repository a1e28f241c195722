using System.Numerics;
using System.Runtime.CompilerServices;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.Virtio;

/// <summary>The registers of a guest's virtio-mmio slot, legacy or modern (virtio 1.2 §4.2), in front of any back end.</summary>
/// <remarks>
/// <para>Use: set <see cref="Backend"/> up in its reset state, then call <see cref="Initialize"/>. Registers in, <see cref="InterruptLine"/>
/// out. <see cref="ServiceInterrupt"/> when something came from the back end's other side, <see cref="Reset"/> with the machine.</para>
/// <para>Here are negotiation, the place of the queues until they start, and the causes of interrupts; what a driver writes is kept as it
/// is and believed by nobody before <see cref="IVirtioDevice.Start"/> has checked it.</para>
/// <para>A queue that breaks the rules stops, and the device says that it needs a reset.</para>
/// <para>What a driver does once, as it sets up, is kept apart from notifications and interrupts (<see cref="ColdPathAttribute"/>).</para>
/// <para>The owner holds a lock.</para>
/// </remarks>
public unsafe struct VirtioTransport<TBackend>
    where TBackend : struct, IVirtioBackend
{
    private const uint LegacyVersion = 1;
    private const uint EmptyVersion = LegacyVersion;

    // "QEMU" in ASCII, as the board's own empty slots have it.
    private const uint EmptyVendor = 0x554d_4551;
    private const int IdentityRegisters = 4;
    private const int KindRegister = 2;

    /// <summary>What happened.</summary>
    internal VirtioCounters Counters;

    // The first four registers: magic, version, kind, vendor.
    private fixed uint _identity[IdentityRegisters];
    private uint _interruptStatus;
    private uint _started;
    private ulong _taken;
    private uint _deviceFeaturesSelect;
    private uint _driverFeaturesSelect;
    private uint _queueSelect;
    private uint _guestPageSize;
    private byte _status;
    private bool _agreed;
    private bool _dead;
    private QueueFault _report;
    private byte _reportQueue;
    private QueueRegisterArray _registers;

    /// <summary>What stands behind the registers.</summary>
    public TBackend Backend;

    /// <summary>Puts the registers in their reset state. The back end is in its own.</summary>
    [ColdPath]
    public void Initialize()
    {
        var kind = Backend.Kind;
        _identity[0] = VirtioRegister.MagicValue;
        _identity[1] = kind == 0 ? EmptyVersion : Backend.Version;
        _identity[KindRegister] = kind;
        _identity[3] = kind == 0 ? EmptyVendor : Backend.Vendor;
        Counters = default;
        _report = QueueFault.None;
        _dead = false;
        ResetTransport();
        ForgetDriver();
    }

    /// <summary>Kind of the device; 0: the slot is empty.</summary>
    internal readonly uint Kind => _identity[KindRegister];

    /// <summary>Whether the interrupt line is high.</summary>
    internal readonly bool InterruptLine => _interruptStatus != 0;

    /// <summary>The fault of a queue that has not been reported yet; asking clears it.</summary>
    /// <param name="queue">The queue.</param>
    internal QueueFault TakeReport(out int queue)
    {
        queue = _reportQueue;
        var report = _report;
        _report = QueueFault.None;
        return report;
    }

    /// <summary>Makes the back end let go of the guest's memory, and puts all registers in their reset state.</summary>
    /// <returns>False where the device does not stop: it is lost, and no memory it knew may be used again.</returns>
    public bool Reset<THost>(ref THost host)
        where THost : struct, IMmio
    {
        ResetTransport();
        return ResetDevice(ref host);
    }

    /// <summary>Reads a 32-bit register that is one field: what the device is, and its interrupts. Needs no lock.</summary>
    /// <returns>False where <see cref="TryRead"/> must do it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool TryReadField(uint offset, out ulong value)
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

        // SAFETY: the register is one of the four that are kept.
        value = _identity[register];
        return true;
    }

    /// <summary>Reads a register or the configuration space.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="offset">Byte offset in the slot.</param>
    /// <param name="size">1, 2, 4 or 8.</param>
    /// <param name="value">What was read. A register read with another size than 4 gives 0, as on QEMU.</param>
    /// <returns>False outside the slot.</returns>
    public bool TryRead<THost>(ref THost host, uint offset, int size, out ulong value)
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

        if (Kind != 0)
        {
            value = Backend.ReadConfiguration(ref host, offset - VirtioRegister.Configuration, size);
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
            if (size == 4 && (offset & 3) == 0 && Kind != 0)
            {
                WriteRegister(ref host, memory, offset, (uint)value);
            }

            return true;
        }

        if (offset >= VirtioRegister.SlotBytes || (offset & ((uint)size - 1)) != 0)
        {
            return false;
        }

        if (Kind != 0)
        {
            Backend.WriteConfiguration(ref host, offset - VirtioRegister.Configuration, size, value);
        }

        return true;
    }

    /// <summary>Something came from the back end's other side: has it done, and raises the interrupt that follows.</summary>
    public void ServiceInterrupt<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio
    {
        if (Kind == 0 || _dead)
        {
            return;
        }

        Counters.HostInterrupts++;
        Tell(Backend.Service(ref host, memory));
    }

    /// <summary>What the driver has told the device.</summary>
    internal readonly DriverState Driver => new() { Status = _status, HasAgreed = _agreed, Features = Agreed, Started = _started };

    /// <summary>Puts the registers where those of another slot are, with a back end like this one's. The back end is told by the caller.</summary>
    internal void Continue(in VirtioTransport<TBackend> other)
    {
        _interruptStatus = other._interruptStatus;
        _started = other._started;
        _taken = other._taken;
        _deviceFeaturesSelect = other._deviceFeaturesSelect;
        _driverFeaturesSelect = other._driverFeaturesSelect;
        _queueSelect = other._queueSelect;
        _guestPageSize = other._guestPageSize;
        _status = other._status;
        _agreed = other._agreed;
        _report = QueueFault.None;
        _registers = other._registers;
    }

    private readonly bool IsLegacy => _identity[1] == LegacyVersion;

    // Registers of the selected queue stand for one that the back end has, or for none.
    private uint SelectedSizeMax => _queueSelect < IVirtioBackend.MaxQueues ? Backend.QueueSizeMax(_queueSelect) : 0;

    // What a driver's reset of the device leaves alone, on the board that guests see and so here: U-Boot writes the page size and then resets.
    private void ResetTransport()
    {
        _deviceFeaturesSelect = 0;
        _driverFeaturesSelect = 0;
        // Byte addresses until a driver says otherwise.
        _guestPageSize = 1;
    }

    [ColdPath]
    private bool ResetDevice<THost>(ref THost host)
        where THost : struct, IMmio
    {
        if (Kind == 0)
        {
            return true;
        }

        if (_dead || !Backend.Reset(ref host))
        {
            _dead = true;
            _interruptStatus = 0;
            _started = 0;
            _status = VirtioStatus.NeedsReset;
            return false;
        }

        ForgetDriver();
        return true;
    }

    [ColdPath]
    private void ForgetDriver()
    {
        _taken = 0;
        _interruptStatus = 0;
        _started = 0;
        _agreed = false;
        _status = 0;
        _queueSelect = 0;
        for (var queue = 0u; queue < IVirtioBackend.MaxQueues; queue++)
        {
            ref var registers = ref _registers[(int)queue];
            registers = default;
            registers.Align = 4096;
            var size = VirtioKind.DefaultQueueSize(Kind, queue);
            var most = Kind == 0 ? 0 : Backend.QueueSizeMax(queue);
            registers.Place.Size = size == 0 || size > most ? most : size;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private uint ReadRegister<THost>(ref THost host, uint offset)
        where THost : struct, IMmio
    {
        if (Kind == 0)
        {
            return 0;
        }

        switch (offset)
        {
            case VirtioRegister.DeviceFeatures:
                // §4.2.4: a legacy driver sees the first 32 alone.
                return _deviceFeaturesSelect switch
                {
                    0 => (uint)Backend.Offered,
                    1 when !IsLegacy => (uint)(Backend.Offered >> 32),
                    _ => 0,
                };
            case VirtioRegister.QueueSizeMax:
                return SelectedSizeMax;
            case VirtioRegister.QueuePageNumber:
                return IsLegacy && SelectedSizeMax != 0 ? _registers[(int)_queueSelect].PageNumber : 0;
            case VirtioRegister.QueueReady:
                return !IsLegacy && SelectedSizeMax != 0 && IsStarted(_queueSelect) ? 1u : 0;
            case VirtioRegister.Status:
                return _status | (Backend.NeedsReset(ref host) ? VirtioStatus.NeedsReset : 0u);
            case VirtioRegister.ConfigurationGeneration:
                return IsLegacy ? 0 : Backend.ConfigurationGeneration(ref host);
            default:
                // A length of all ones: there is no such region (§4.2.2.1).
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

        if (SelectedSizeMax == 0)
        {
            return;
        }

        ref var queue = ref _registers[(int)_queueSelect];
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
        if (queue < IVirtioBackend.MaxQueues && IsStarted(queue))
        {
            Tell(Backend.Notify(ref host, memory, queue));
        }
    }

    private readonly bool IsStarted(uint queue) => ((_started >> (int)queue) & 1) != 0;

    /// <summary>Has the driver hear of what came from the back end.</summary>
    internal void Tell(VirtioNews news)
    {
        if (news == VirtioNews.None)
        {
            return;
        }

        if ((news & VirtioNews.Fault) != 0)
        {
            news = TellFault(news);
        }

        if (_interruptStatus == 0 && news != VirtioNews.None)
        {
            Counters.GuestInterrupts++;
        }

        _interruptStatus |= (uint)news;
    }

    // §2.1.2: a device in trouble says so in its status, and that the status changed. Until the reset, further faults are no news.
    [ColdPath]
    private VirtioNews TellFault(VirtioNews news)
    {
        news &= ~VirtioNews.Fault;
        var fault = Backend.TakeFault(out var queue);
        if ((_status & VirtioStatus.NeedsReset) != 0)
        {
            return news;
        }

        Counters.Faults++;
        _report = fault;
        _reportQueue = (byte)queue;
        _status |= VirtioStatus.NeedsReset;
        return news | VirtioNews.ConfigurationChanged;
    }

    [ColdPath]
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
            // §2.2.2: features that were not offered are not agreed to, nor (§6.2) a driver of before 1.0 to whom requests would look different.
            if ((_taken & ~Backend.Offered) != 0 || ((_taken & VirtioFeature.Version1) == 0 && !VirtioKind.IsAlikeBeforeVersion1(Kind)))
            {
                value &= unchecked((byte)~VirtioStatus.FeaturesOk);
            }
            else
            {
                Agree(ref host);
            }
        }
        else if ((value & VirtioStatus.DriverOk) != 0 && !_agreed)
        {
            Agree(ref host);
        }

        // What broke stays so until a reset; the back end is told what the guest's driver says, no more.
        if (!Backend.SetStatus(ref host, (byte)(value & ~VirtioStatus.NeedsReset)) && !IsLegacy)
        {
            value &= unchecked((byte)~VirtioStatus.FeaturesOk);
        }

        _status = (byte)((value & ~VirtioStatus.NeedsReset) | (_status & VirtioStatus.NeedsReset));
    }

    [ColdPath]
    private void TakeFeatures<THost>(ref THost host, uint value)
        where THost : struct, IMmio
    {
        // §3.1.1: with FEATURES_OK the choice is made.
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
            _taken &= (uint)Backend.Offered;
            Agree(ref host);
        }
    }

    // Of what the driver took, what there is: all that a back end hears of.
    private readonly ulong Agreed => _taken & Backend.Offered;

    private void Agree<THost>(ref THost host)
        where THost : struct, IMmio
    {
        _agreed = true;
        Backend.Agree(ref host, Agreed);
    }

    [ColdPath]
    private void WritePageNumber<THost>(ref THost host, in GuestMemory memory, ref QueueRegisters queue, uint value)
        where THost : struct, IMmio
    {
        if (value == 0)
        {
            // A legacy queue is taken away with a reset of the device, here as on QEMU.
            if (IsStarted(_queueSelect))
            {
                ResetDevice(ref host);
            }

            queue.PageNumber = 0;
            return;
        }

        if (IsStarted(_queueSelect))
        {
            return;
        }

        // §2.7.2: the three parts in one piece. Where the alignment is no power of two there is no place for the last (§4.2.4), which the back end refuses.
        queue.PageNumber = value;
        var address = (ulong)value * _guestPageSize;
        var size = queue.Place.Size > SelectedSizeMax ? 0 : queue.Place.Size;
        queue.Place.Descriptors = address;
        queue.Place.Available = address + RingLayout.AvailableOffset(size);
        queue.Place.Used = BitOperations.IsPow2(queue.Align) ? address + RingLayout.UsedOffset(size, queue.Align) : ulong.MaxValue;
        Start(ref host, memory, ref queue);
    }

    [ColdPath]
    private void WriteReady<THost>(ref THost host, in GuestMemory memory, ref QueueRegisters queue, uint value)
        where THost : struct, IMmio
    {
        if ((value & 1) == 0)
        {
            if (IsStarted(_queueSelect))
            {
                Backend.Stop(ref host, _queueSelect);
                _started &= ~(1u << (int)_queueSelect);
            }
        }
        else if (!IsStarted(_queueSelect))
        {
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

        if (!_agreed)
        {
            Agree(ref host);
        }

        if (Backend.Start(ref host, memory, _queueSelect, queue.Place, Agreed))
        {
            _started |= 1u << (int)_queueSelect;
        }
        else
        {
            Tell(VirtioNews.Fault);
        }
    }
}
