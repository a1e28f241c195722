using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Platform.Unleashed;

/// <summary>
/// A driver of the Cadence GEM as SiFive's FU540-C000 has it (its manual, chapter on the Ethernet interface; register names are Cadence's): 64-bit descriptors, one queue
/// each way, a PHY behind MDIO, and a register for the transmit clock.
/// </summary>
/// <remarks>
/// <para>Clocks and the PHY's reset are firmware's work, and stay as they are. The link is looked after once a second by whoever uses the card: it can come late, and with another
/// speed.</para>
/// <para>The controller fills descriptors in their order, and so cannot name one that it does not have; a frame that it says is longer than a buffer, or in pieces, is dropped. An
/// error on its bus stops the card for good.</para>
/// </remarks>
internal unsafe partial struct HostCadenceGem : IHostNetworkCard
{
    private const int RingSize = 64;
    private const uint BufferBytes = 2048;
    private const uint DescriptorBytes = 16;

    // Behind the rings, a page: first the buffers of frames that come, then of those that go.
    private const uint SendRingAt = RingSize * DescriptorBytes;
    private const uint ReceiveBuffersAt = 4096;
    private const uint SendBuffersAt = ReceiveBuffersAt + (RingSize * BufferBytes);

    // A shorter frame is no frame on a wire (IEEE 802.3 §3.2.8).
    private const uint ShortestFrame = 60;

    // Looks at the MDIO's own state; a transfer is of 64 bits at 2 MHz and more.
    private const int MdioLooks = 1 << 14;

    private ulong _base;
    private ulong _clock;
    private byte* _memory;
    private ulong _address;
    private ulong _nextLook;

    // Buffers whose frames were taken: their descriptors still say that something came.
    private ulong _taken;
    private uint _second;
    private uint _control;
    private uint _speed;
    private int _receive;
    private int _send;
    private byte _phy;
    private bool _isUp;
    private bool _hasSent;

    /// <inheritdoc/>
    public static ReadOnlySpan<byte> Compatible => "sifive,fu540-c000-gem"u8;

    /// <inheritdoc/>
    public static ulong BytesNeeded => SendBuffersAt + (RingSize * BufferBytes);

    /// <inheritdoc/>
    public static int Buffers => RingSize;

    /// <inheritdoc/>
    public readonly bool IsUp => _isUp;

    /// <inheritdoc/>
    /// <remarks>The controller's own, and those of its clock, which stand behind them.</remarks>
    public static bool TryLocate(in FdtReader tree, FdtNode node, out ulong address, out ulong size)
    {
        if (!tree.TryReg(node, 0, out address, out size) || !tree.TryReg(node, 1, out var clock, out var bytes) || clock < address || clock - address > uint.MaxValue)
        {
            return false;
        }

        size = clock - address + bytes;
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>A card whose descriptors have no room for an address of 64 bits is not driven, nor one without a PHY. Nobody waits for the link.</remarks>
    [ColdPath]
    public bool TryStart<THost>(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
        where THost : struct, IMmio, ITime
    {
        this = default;
        _base = device.Base;
        _second = timebase;
        if (!device.Tree.TryReg(device.Node, 1, out _clock, out _))
        {
            return false;
        }

        // What firmware had it do ends here.
        Write(ref host, Register.InterruptDisable, uint.MaxValue);
        Write(ref host, Register.Control, Control.ClearStatistics);
        Write(ref host, Register.TransmitStatus, uint.MaxValue);
        Write(ref host, Register.ReceiveStatus, uint.MaxValue);
        TakeCauses(ref host);
        if ((Read(ref host, Register.DesignConfiguration6) & Wide64) == 0)
        {
            return false;
        }

        _control = Control.Management;
        Write(ref host, Register.Control, _control);
        // The slowest of MDIO's clocks suits any other: a 224th.
        Write(ref host, Register.Configuration, Configuration.SlowestManagement);
        if (!TryFindPhy(ref host))
        {
            return false;
        }

        // SAFETY: the caller gave memory for rings and buffers.
        _memory = memory;
        _address = window.Address(memory);
        Write(ref host, Register.DmaConfiguration, DmaConfiguration);
        for (var i = 0; i < RingSize; i++)
        {
            Point(ReceiveDescriptor(i), _address + ReceiveBuffersAt + ((uint)i * BufferBytes), Wraps(i, ReceiveWraps), 0);
            Point(SendDescriptor(i), _address + SendBuffersAt + ((uint)i * BufferBytes), 0, SendUsed | Wraps(i, SendWraps));
        }

        host.IoFence();
        Write(ref host, Register.ReceiveQueue, (uint)_address);
        Write(ref host, Register.ReceiveQueueHigh, (uint)(_address >> 32));
        PlaceSending(ref host);
        if (!HasLink(ref host))
        {
            // It may never have been told to look for one.
            Manage(ref host, Phy.Control, MdioWrite, Phy.Negotiate);
        }

        FollowLink(ref host);
        Write(ref host, Register.InterruptEnable, Cause.Wanted);
        _control |= Control.Receive | Control.Transmit;
        Write(ref host, Register.Control, _control);
        _isUp = true;
        return true;
    }

    /// <inheritdoc/>
    public void Acknowledge<THost>(ref THost host)
        where THost : struct, IMmio, ITime
    {
        var causes = TakeCauses(ref host);
        if (!_isUp || (causes & Cause.Trouble) == 0)
        {
            return;
        }

        if ((causes & Cause.BusError) != 0)
        {
            Stop(ref host);
            return;
        }

        if ((causes & Cause.NoRoom) != 0)
        {
            // It found no free buffer, and goes on only after it was off.
            Write(ref host, Register.Control, _control & ~Control.Receive);
            Write(ref host, Register.Control, _control);
        }

        if ((causes & Cause.SendErrors) != 0)
        {
            RestartSending(ref host);
        }
    }

    /// <inheritdoc/>
    public bool TrySend<THost>(ref THost host, byte* frame, uint length)
        where THost : struct, IMmio, ITime
    {
        var descriptor = SendDescriptor(_send);
        if (!_isUp || length > BufferBytes || (Volatile.Read(ref descriptor[ControlWord]) & SendUsed) == 0)
        {
            return false;
        }

        host.IoFence();
        // SAFETY: a buffer that the card has given up, which the frame fits in.
        var buffer = _memory + SendBuffersAt + ((uint)_send * BufferBytes);
        Unsafe.InitBlockUnaligned(buffer, 0, ShortestFrame);
        Unsafe.CopyBlockUnaligned(buffer, frame, length);
        host.IoFence();
        Volatile.Write(ref descriptor[ControlWord], Math.Max(length, ShortestFrame) | SendLast | Wraps(_send, SendWraps));
        _send = (_send + 1) % RingSize;
        _hasSent = true;
        return true;
    }

    /// <inheritdoc/>
    public bool TryReceive<THost>(ref THost host, out uint index, out byte* frame, out uint length)
        where THost : struct, IMmio, ITime
    {
        index = (uint)_receive;
        length = 0;
        frame = null;
        var descriptor = ReceiveDescriptor(_receive);
        if (!_isUp || ((_taken >> _receive) & 1) != 0 || (Volatile.Read(ref descriptor[0]) & ReceiveUsed) == 0)
        {
            return false;
        }

        host.IoFence();
        var status = Volatile.Read(ref descriptor[ControlWord]);
        // SAFETY: a buffer that the card has given up; who takes the frame asks for its length first.
        frame = _memory + ReceiveBuffersAt + (index * BufferBytes);
        length = (status & (ReceiveStart | ReceiveEnd)) == (ReceiveStart | ReceiveEnd) ? status & ReceiveLength : 0;
        _taken |= 1UL << _receive;
        _receive = (_receive + 1) % RingSize;
        return true;
    }

    /// <inheritdoc/>
    public void Give(uint index)
    {
        _taken &= ~(1UL << (int)index);
        var descriptor = ReceiveDescriptor((int)index);
        Volatile.Write(ref descriptor[ControlWord], 0);
        // Last, as it becomes the card's by that. Not by what stands there: the card may have written it.
        Volatile.Write(ref descriptor[0], (uint)(_address + ReceiveBuffersAt + (index * BufferBytes)) | Wraps((int)index, ReceiveWraps));
    }

    /// <inheritdoc/>
    public void Finish<THost>(ref THost host)
        where THost : struct, IMmio, ITime
    {
        if (!_isUp)
        {
            return;
        }

        host.IoFence();
        if (_hasSent)
        {
            _hasSent = false;
            Write(ref host, Register.Control, _control | Control.StartTransmit);
        }

        if (host.ReadTime() >= _nextLook)
        {
            FollowLink(ref host);
        }
    }

    private static uint Wraps(int index, uint bit) => index == RingSize - 1 ? bit : 0;

    // SAFETY: here and below: indices are below RingSize, for which the memory has room.
    private static void Point(uint* descriptor, ulong buffer, uint flags, uint control)
    {
        descriptor[0] = (uint)buffer | flags;
        descriptor[ControlWord] = control;
        descriptor[HighWord] = (uint)(buffer >> 32);
        descriptor[HighWord + 1] = 0;
    }

    private readonly uint* ReceiveDescriptor(int index) => (uint*)(_memory + ((uint)index * DescriptorBytes));

    private readonly uint* SendDescriptor(int index) => (uint*)(_memory + SendRingAt + ((uint)index * DescriptorBytes));

    private readonly uint Read<THost>(ref THost host, uint register)
        where THost : struct, IMmio =>
        host.Read32(_base + register);

    private readonly void Write<THost>(ref THost host, uint register, uint value)
        where THost : struct, IMmio =>
        host.Write32(_base + register, value);

    // Some controllers forget a cause as it is read, others as it is written.
    private readonly uint TakeCauses<THost>(ref THost host)
        where THost : struct, IMmio
    {
        var causes = Read(ref host, Register.InterruptStatus);
        Write(ref host, Register.InterruptStatus, causes);
        host.IoFence();
        return causes;
    }

    private readonly void PlaceSending<THost>(ref THost host)
        where THost : struct, IMmio
    {
        Write(ref host, Register.TransmitQueue, (uint)(_address + SendRingAt));
        Write(ref host, Register.TransmitQueueHigh, (uint)((_address + SendRingAt) >> 32));
    }

    // It has stopped at a descriptor of its own choice: all that it has is lost, and it begins anew.
    [ColdPath]
    private void RestartSending<THost>(ref THost host)
        where THost : struct, IMmio
    {
        Write(ref host, Register.Control, _control & ~Control.Transmit);
        for (var i = 0; i < RingSize; i++)
        {
            Volatile.Write(ref SendDescriptor(i)[ControlWord], SendUsed | Wraps(i, SendWraps));
        }

        _send = 0;
        _hasSent = false;
        Write(ref host, Register.TransmitStatus, uint.MaxValue);
        host.IoFence();
        PlaceSending(ref host);
        Write(ref host, Register.Control, _control);
    }

    [ColdPath]
    private void Stop<THost>(ref THost host)
        where THost : struct, IMmio
    {
        _isUp = false;
        Write(ref host, Register.InterruptDisable, uint.MaxValue);
        Write(ref host, Register.Control, 0);
    }

    [ColdPath]
    private bool TryFindPhy<THost>(ref THost host)
        where THost : struct, IMmio
    {
        for (; _phy < Phy.Addresses; _phy++)
        {
            // Nobody pulls the line down where no PHY answers.
            if (TryReadPhy(ref host, Phy.Identifier, out var identifier) && identifier != ushort.MaxValue && identifier != 0)
            {
                return true;
            }
        }

        return false;
    }

    // The bit for a link that was lost stays until it is read.
    [ColdPath]
    private readonly bool HasLink<THost>(ref THost host)
        where THost : struct, IMmio =>
        TryReadPhy(ref host, Phy.Status, out _) && TryReadPhy(ref host, Phy.Status, out var status) && (status & Phy.HasLink) == Phy.HasLink;

    [ColdPath]
    private void FollowLink<THost>(ref THost host)
        where THost : struct, IMmio, ITime
    {
        _nextLook = host.ReadTime() + _second;
        // Without a link any speed is right, and the last one likely.
        var speed = _speed == 0 ? Configuration.Gigabit | Configuration.FullDuplex | Configuration.Known : _speed;
        if (HasLink(ref host)
            && TryReadPhy(ref host, Phy.Ours, out var ours) && TryReadPhy(ref host, Phy.Partner, out var theirs)
            && TryReadPhy(ref host, Phy.OursGigabit, out var oursGigabit) && TryReadPhy(ref host, Phy.PartnerGigabit, out var theirsGigabit))
        {
            speed = Configuration.Known | SpeedOf((uint)(ours & theirs), (uint)(oursGigabit & (theirsGigabit >> Phy.PartnerGigabitShift)));
        }

        if (speed == _speed)
        {
            return;
        }

        _speed = speed;
        host.Write32(_clock, (speed & Configuration.Gigabit) != 0 ? 0u : 1u);
        Write(ref host, Register.Configuration, Configuration.Always | (speed & ~Configuration.Known));
    }

    // The best that both can do (IEEE 802.3 annex 28B.3).
    [ColdPath]
    private static uint SpeedOf(uint common, uint gigabit)
    {
        if ((gigabit & Phy.GigabitEither) != 0)
        {
            return Configuration.Gigabit | ((gigabit & Phy.GigabitFull) != 0 ? Configuration.FullDuplex : 0);
        }

        if ((common & Phy.HundredEither) != 0)
        {
            return Configuration.Hundred | ((common & Phy.HundredFull) != 0 ? Configuration.FullDuplex : 0);
        }

        return (common & Phy.TenFull) != 0 ? Configuration.FullDuplex : 0;
    }

    [ColdPath]
    private readonly bool TryReadPhy<THost>(ref THost host, uint register, out ushort value)
        where THost : struct, IMmio
    {
        var answers = Manage(ref host, register, MdioRead, 0);
        value = (ushort)Read(ref host, Register.PhyManagement);
        return answers;
    }

    // A transfer over MDIO (IEEE 802.3 §22.2.4.5); bounded, as the controller may be without a clock.
    [ColdPath]
    private readonly bool Manage<THost>(ref THost host, uint register, uint operation, ushort value)
        where THost : struct, IMmio
    {
        Write(ref host, Register.PhyManagement, MdioFrame | operation | ((uint)_phy << MdioPhyShift) | (register << MdioRegisterShift) | value);
        for (var looks = MdioLooks; looks > 0; looks--)
        {
            if ((Read(ref host, Register.NetworkStatus) & ManagementIsIdle) != 0)
            {
                return true;
            }
        }

        return false;
    }
}
