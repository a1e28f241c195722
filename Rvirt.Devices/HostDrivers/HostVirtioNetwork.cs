using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.Virtio;

namespace Rvirt.Devices.HostDrivers;

/// <summary>A driver of a virtio network card of the host (virtio 1.2 §5.1), legacy or modern, that takes all frames of its wire.</summary>
/// <remarks>
/// <para>No feature beyond the version is used, so that frames are whole, and a card without a control queue takes those of any address (§5.1.6.5.1).</para>
/// <para>A card that gives back what it does not have is reset and stays so: <see cref="IsUp"/> says it. One that never gives a buffer back has frames lost, and
/// nobody waits. The owner holds a lock.</para>
/// </remarks>
internal unsafe struct HostVirtioNetwork : IHostNetworkCard
{
    // §5.1.3, and §5.1.6: a legacy card's header has no num_buffers.
    private const uint LegacyHeaderBytes = 10;
    private const uint HeaderBytes = 12;
    private const uint Receiving = 0;
    private const uint Sending = 1;
    private const uint QueueBytes = HostCardQueue.RingBytes + (HostCardQueue.MaxBuffers * HostCardQueue.BufferBytes);

    private HostVirtio _device;
    private HostCardQueue _receive;
    private HostCardQueue _send;
    private uint _header;
    private bool _isUp;
    private bool _hasGiven;
    private bool _hasSent;

    /// <inheritdoc/>
    /// <remarks>None: a virtio device is found by what its slot says.</remarks>
    public static ReadOnlySpan<byte> Compatible => default;

    /// <inheritdoc/>
    public static ulong BytesNeeded => 2 * QueueBytes;

    /// <inheritdoc/>
    public static int Buffers => (int)HostCardQueue.MaxBuffers;

    /// <inheritdoc/>
    public readonly bool IsUp => _isUp;

    /// <summary>Whether a card is behind a slot of the host.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="address">Host physical address of a virtio-mmio slot.</param>
    public static bool IsAt<THost>(ref THost host, ulong address)
        where THost : struct, IMmio =>
        HostVirtio.Probe(ref host, address, out _) == VirtioKind.Network;

    /// <inheritdoc/>
    /// <remarks>Of what the tree says, the address of the slot counts. A card has not what it takes without version 1, or with queues of no size.</remarks>
    [ColdPath]
    public bool TryStart<THost>(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
        where THost : struct, IMmio, ITime
    {
        this = default;
        if (HostVirtio.Probe(ref host, device.Base, out _device) != VirtioKind.Network || !_device.TryBegin(ref host, 0, out _))
        {
            return false;
        }

        _header = _device.Version == 1 ? LegacyHeaderBytes : HeaderBytes;
        // SAFETY: the caller gave memory for two queues.
        if (!TryMakeQueue(ref host, Receiving, memory, window, out _receive) || !TryMakeQueue(ref host, Sending, memory + QueueBytes, window, out _send))
        {
            return false;
        }

        _send.WantNoInterrupts();
        while (_receive.TryFind(out var index))
        {
            _receive.Give(index, HostCardQueue.BufferBytes);
        }

        _receive.Publish();
        _device.Finish(ref host);
        host.IoFence();
        _device.Write(ref host, VirtioRegister.QueueNotify, Receiving);
        _isUp = true;
        return true;
    }

    /// <inheritdoc/>
    public readonly void Acknowledge<THost>(ref THost host)
        where THost : struct, IMmio, ITime =>
        _device.Acknowledge(ref host);

    /// <inheritdoc/>
    public bool TrySend<THost>(ref THost host, byte* frame, uint length)
        where THost : struct, IMmio, ITime
    {
        uint index = 0;
        while (_isUp && !_send.TryFind(out index))
        {
            if (!_send.TryTake(out _, out _, out var lies))
            {
                if (lies)
                {
                    Stop(ref host);
                }

                return false;
            }
        }

        if (!_isUp || length > HostCardQueue.BufferBytes - _header)
        {
            return false;
        }

        // SAFETY: a buffer that the card does not have, which header and frame fit in.
        var buffer = _send.Buffer(index);
        Unsafe.InitBlockUnaligned(buffer, 0, _header);
        Unsafe.CopyBlockUnaligned(buffer + _header, frame, length);
        _send.Give(index, _header + length);
        _hasSent = true;
        return true;
    }

    /// <inheritdoc/>
    public bool TryReceive<THost>(ref THost host, out uint index, out byte* frame, out uint length)
        where THost : struct, IMmio, ITime
    {
        index = 0;
        length = 0;
        frame = null;
        if (!_isUp)
        {
            return false;
        }

        if (!_receive.TryTake(out index, out var written, out var lies))
        {
            if (lies)
            {
                Stop(ref host);
            }

            return false;
        }

        host.IoFence();
        // SAFETY: a buffer that the card has given back, behind its header.
        frame = _receive.Buffer(index) + _header;
        length = written > _header && written <= HostCardQueue.BufferBytes ? written - _header : 0;
        return true;
    }

    /// <inheritdoc/>
    public void Give(uint index)
    {
        _receive.Give(index, HostCardQueue.BufferBytes);
        _hasGiven = true;
    }

    /// <inheritdoc/>
    public void Finish<THost>(ref THost host)
        where THost : struct, IMmio, ITime
    {
        if (_isUp && _hasGiven)
        {
            _receive.Publish();
            host.IoFence();
            _device.Write(ref host, VirtioRegister.QueueNotify, Receiving);
        }

        if (_isUp && _hasSent)
        {
            _send.Publish();
            host.IoFence();
            _device.Write(ref host, VirtioRegister.QueueNotify, Sending);
        }

        _hasGiven = false;
        _hasSent = false;
    }

    [ColdPath]
    private readonly bool TryMakeQueue<THost>(ref THost host, uint number, byte* memory, in PhysicalMemory window, out HostCardQueue queue)
        where THost : struct, IMmio
    {
        var most = _device.QueueSizeMax(ref host, number);
        var size = HostCardQueue.MaxBuffers;
        while (size > most)
        {
            size /= 2;
        }

        // SAFETY: rings, then as many buffers as there can be.
        var buffers = memory + HostCardQueue.RingBytes;
        queue = size == 0 ? default : new HostCardQueue(memory, buffers, window.Address(buffers), size, number == Receiving);
        if (size != 0)
        {
            _device.StartQueue(ref host, number, size, window.Address(memory));
        }

        return size != 0;
    }

    // Its memory stays its own, whether or not it stops.
    [ColdPath]
    private void Stop<THost>(ref THost host)
        where THost : struct, IMmio
    {
        _isUp = false;
        _device.Reset(ref host);
    }
}
