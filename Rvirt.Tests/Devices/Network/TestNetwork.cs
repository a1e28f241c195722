using System;
using System.Linq;
using System.Runtime.InteropServices;
using Rvirt.Devices.Network;

namespace Rvirt.Tests.Devices.Network;

/// <summary>A switch in memory of its own, with ports of the addresses 52:54:00:72:76:01 and on.</summary>
// SAFETY: memory of the sizes that the switch asks for, which is freed with it; frames are no longer than a buffer.
internal sealed unsafe class TestNetwork : IDisposable
{
    private readonly void* _buffers;
    private readonly int _ports;

    public TestNetwork(int ports, int capacity = 0)
    {
        capacity = Math.Max(ports, capacity);
        _ports = ports;
        _buffers = NativeMemory.AllocZeroed((nuint)EthernetSwitch.BytesNeeded(capacity));
        Switch = (EthernetSwitch*)NativeMemory.AllocZeroed((nuint)sizeof(EthernetSwitch));
        Switch->Initialize(capacity, (byte*)_buffers);
        for (var port = 0; port < ports; port++)
        {
            if (!Switch->TryAddPort(BitConverter.ToUInt64([.. Bytes(port), 0, 0]), out _))
            {
                throw new InvalidOperationException("the switch takes no port");
            }
        }
    }

    public EthernetSwitch* Switch { get; }

    public static byte[] Bytes(int port) => [0x52, 0x54, 0x00, 0x72, 0x76, (byte)(port + 1)];

    public static byte[] Frame(byte[] to, byte[] from, int length, byte fill) =>
        [.. to.Concat(from).Concat(Enumerable.Repeat(fill, Math.Max(0, length - 12))).Take(length)];

    public void OpenAll()
    {
        for (var port = 0; port < _ports; port++)
        {
            Switch->SetOpen(port, true);
        }
    }

    public uint Send(int port, byte[] frame)
    {
        var data = Switch->Reserve(port, out var buffer);
        frame.CopyTo(new Span<byte>(data, 2048));
        return Switch->Send(port, buffer, (uint)frame.Length);
    }

    public byte[]? Receive(int port)
    {
        if (!Switch->TryReceive(port, out var frame))
        {
            return null;
        }

        var data = new Span<byte>(frame.Data, (int)frame.Length).ToArray();
        Switch->Release(port, frame, true);
        return data;
    }

    /// <summary>Takes all that waits, and counts it for each port.</summary>
    public int[] Waiting()
    {
        var counts = new int[_ports];
        for (var port = 0; port < _ports; port++)
        {
            while (Receive(port) != null)
            {
                counts[port]++;
            }
        }

        return counts;
    }

    public void Dispose()
    {
        NativeMemory.Free(_buffers);
        NativeMemory.Free(Switch);
    }
}
