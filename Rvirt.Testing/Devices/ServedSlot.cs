using System;
using Rvirt.Core.Host;
using Rvirt.Devices.Virtio;

namespace Rvirt.Testing.Devices;

/// <summary>A virtio slot alone, without a bus: a transport, a back end behind it, and RAM. There is no host: a back end that asks for one fails.</summary>
public sealed unsafe class ServedSlot<TBackend> : IGuestSlot, IDisposable
    where TBackend : struct, IVirtioBackend
{
    private VirtioTransport<TBackend> _transport;

    public ServedSlot(TBackend backend)
    {
        _transport.Backend = backend;
        _transport.Initialize();
    }

    public QueueRam Memory { get; } = new();

    public ref VirtioTransport<TBackend> Transport => ref _transport;

    public uint Register(uint offset) => (uint)Read(offset, 4);

    public void Register(uint offset, uint value) => Write(offset, 4, value);

    public byte* Ram(ulong guestAddress) => Memory.Pointer(guestAddress);

    public ulong Read(uint offset, int size)
    {
        var host = default(NoHost);
        return _transport.TryRead(ref host, offset, size, out var value) ? value : throw new InvalidOperationException($"nothing answers at 0x{offset:x}");
    }

    public void Write(uint offset, int size, ulong value)
    {
        if (!TryWrite(offset, size, value))
        {
            throw new InvalidOperationException($"nothing answers at 0x{offset:x}");
        }
    }

    public bool TryWrite(uint offset, int size, ulong value)
    {
        var host = default(NoHost);
        var memory = Memory.Memory;
        return _transport.TryWrite(ref host, memory, offset, size, value);
    }

    public bool TryRead(uint offset, int size)
    {
        var host = default(NoHost);
        return _transport.TryRead(ref host, offset, size, out _);
    }

    public void Service()
    {
        var host = default(NoHost);
        var memory = Memory.Memory;
        _transport.ServiceInterrupt(ref host, memory);
    }

    public bool Reset()
    {
        var host = default(NoHost);
        return _transport.Reset(ref host);
    }

    public void Dispose() => Memory.Dispose();

    private static InvalidOperationException Asked() => new("the back end asked for the host");

    private readonly struct NoHost : IMmio
    {
        public byte Read8(ulong address) => throw Asked();

        public ushort Read16(ulong address) => throw Asked();

        public uint Read32(ulong address) => throw Asked();

        public ulong Read64(ulong address) => throw Asked();

        public void Write8(ulong address, byte value) => throw Asked();

        public void Write16(ulong address, ushort value) => throw Asked();

        public void Write32(ulong address, uint value) => throw Asked();

        public void Write64(ulong address, ulong value) => throw Asked();

        public void IoFence() => System.Threading.Thread.MemoryBarrier();
    }
}
