using System;
using System.Collections.Generic;
using Rvirt.Core.Host;
using Rvirt.Devices.Virtio;

namespace Rvirt.Testing.Devices;

/// <summary>A virtio slot alone, without a bus: a transport, a back end behind it, and RAM. There is no host: a back end that asks for one fails.</summary>
/// <typeparam name="TBackend">The back end.</typeparam>
// SAFETY: pointers are those of the RAM that is freed with the slot; whoever asks for one names a guest address within it.
public sealed unsafe class ServedSlot<TBackend> : IGuestSlot, IDisposable
    where TBackend : struct, IVirtioBackend
{
    // What the back end asked a host for.
    private readonly List<ulong> _asked = [];

    private VirtioTransport<TBackend> _transport;

    /// <summary>Makes a slot that the guest has not touched.</summary>
    /// <param name="backend">What stands behind it, in its reset state.</param>
    public ServedSlot(TBackend backend)
    {
        _transport.Backend = backend;
        _transport.Initialize();
    }

    /// <summary>The guest's RAM.</summary>
    public QueueRam Memory { get; } = new();

    /// <summary>The transport itself, with the back end in it.</summary>
    public ref VirtioTransport<TBackend> Transport => ref _transport;

    /// <inheritdoc/>
    public uint Register(uint offset) => (uint)Read(offset, 4);

    /// <inheritdoc/>
    public void Register(uint offset, uint value) => Write(offset, 4, value);

    /// <inheritdoc/>
    public byte* Ram(ulong guestAddress) => Memory.Pointer(guestAddress);

    /// <summary>Reads a register or a part of configuration space.</summary>
    /// <param name="offset">From the slot's start.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <exception cref="InvalidOperationException">The access is refused.</exception>
    public ulong Read(uint offset, int size)
    {
        var host = new NoHost(_asked);
        return Judged(_transport.TryRead(ref host, offset, size, out var value)) ? value : throw new InvalidOperationException($"nothing answers at 0x{offset:x}");
    }

    /// <summary>Writes a register or a part of configuration space.</summary>
    /// <param name="offset">From the slot's start.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">What is written.</param>
    /// <exception cref="InvalidOperationException">The access is refused.</exception>
    public void Write(uint offset, int size, ulong value)
    {
        if (!TryWrite(offset, size, value))
        {
            throw new InvalidOperationException($"nothing answers at 0x{offset:x}");
        }
    }

    /// <summary>Writes a register or a part of configuration space.</summary>
    /// <param name="offset">From the slot's start.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">What is written.</param>
    /// <returns>False where the access is refused.</returns>
    public bool TryWrite(uint offset, int size, ulong value)
    {
        var host = new NoHost(_asked);
        var memory = Memory.Memory;
        return Judged(_transport.TryWrite(ref host, memory, offset, size, value));
    }

    /// <summary>Reads a register or a part of configuration space, and drops what it holds.</summary>
    /// <param name="offset">From the slot's start.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <returns>False where the access is refused.</returns>
    public bool TryRead(uint offset, int size)
    {
        var host = new NoHost(_asked);
        return Judged(_transport.TryRead(ref host, offset, size, out _));
    }

    /// <summary>Something came from the back end's other side: has it done, and raises the interrupt that follows.</summary>
    public void Service()
    {
        var host = new NoHost(_asked);
        var memory = Memory.Memory;
        _transport.ServiceInterrupt(ref host, memory);
        Judged(true);
    }

    /// <summary>Resets the slot, as a reset of its machine does.</summary>
    /// <returns>False where the back end's device does not stop.</returns>
    public bool Reset()
    {
        var host = new NoHost(_asked);
        return Judged(_transport.Reset(ref host));
    }

    /// <summary>Frees the RAM.</summary>
    public void Dispose() => Memory.Dispose();

    private bool Judged(bool result) => _asked.Count == 0 ? result : throw new InvalidOperationException($"the back end asked for the host's registers at 0x{_asked[0]:x}");

    // Registers that are always zero, and note who asks.
    private readonly struct NoHost(List<ulong> asked) : IMmio
    {
        public byte Read8(ulong address) => (byte)Read(address);

        public ushort Read16(ulong address) => (ushort)Read(address);

        public uint Read32(ulong address) => (uint)Read(address);

        public ulong Read64(ulong address) => Read(address);

        public void Write8(ulong address, byte value) => asked.Add(address);

        public void Write16(ulong address, ushort value) => asked.Add(address);

        public void Write32(ulong address, uint value) => asked.Add(address);

        public void Write64(ulong address, ulong value) => asked.Add(address);

        public void IoFence() => System.Threading.Thread.MemoryBarrier();

        private ulong Read(ulong address)
        {
            asked.Add(address);
            return 0;
        }
    }
}
