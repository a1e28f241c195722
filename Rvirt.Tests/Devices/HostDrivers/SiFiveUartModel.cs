using System;
using System.Collections.Generic;
using System.Text;
using Rvirt.Core.Host;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>A SiFive UART, by chapter 13 of the FU540-C000 manual: what it says of each register, and nothing that no register says.</summary>
/// <param name="interrupt">Gets the level of its interrupt line.</param>
internal sealed class SiFiveUartModel(Action<bool>? interrupt = null) : IDevice
{
    public const int Depth = 8;

    private readonly Queue<byte> _toSend = new();
    private readonly Queue<byte> _received = new();
    private uint _transmitControl, _receiveControl, _enabled, _divisor = 289;

    /// <summary>What left on the line.</summary>
    public StringBuilder Line { get; } = new();

    /// <summary>The line takes a byte as soon as the transmitter is on; else when <see cref="Send"/> says so.</summary>
    public bool Fast { get; set; } = true;

    /// <summary>Bytes lost: written into a full FIFO, or received into one or by a receiver that is off.</summary>
    public int Lost { get; private set; }

    /// <summary>Accesses so far.</summary>
    public int Accesses { get; private set; }

    /// <summary>The level of the interrupt line.</summary>
    public bool Interrupts { get; private set; }

    /// <summary>13.9: less than txcnt entries in the one FIFO, more than rxcnt in the other.</summary>
    private uint Pending =>
        (_toSend.Count < ((_transmitControl >> 16) & 7) ? 1u : 0) | (_received.Count > ((_receiveControl >> 16) & 7) ? 2u : 0);

    /// <summary>The line takes that many bytes, if there are as many.</summary>
    public void Send(int count)
    {
        while (count-- > 0 && (_transmitControl & 1) != 0 && _toSend.TryDequeue(out var value))
        {
            Line.Append((char)value);
        }

        Update();
    }

    /// <summary>Bytes come in.</summary>
    public void Receive(string text)
    {
        foreach (var c in text)
        {
            if ((_receiveControl & 1) == 0 || _received.Count == Depth)
            {
                Lost++;
            }
            else
            {
                _received.Enqueue((byte)c);
            }
        }

        Update();
    }

    public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
    {
        Accesses++;
        value = 0;
        if (size != 4)
        {
            return false;
        }

        switch (offset)
        {
            case 0x00: value = _toSend.Count == Depth ? 0x8000_0000u : 0; break;
            case 0x04: value = _received.TryDequeue(out var received) ? received : 0x8000_0000u; break;
            case 0x08: value = _transmitControl; break;
            case 0x0c: value = _receiveControl; break;
            case 0x10: value = _enabled; break;
            case 0x14: value = Pending; break;
            case 0x18: value = _divisor; break;
            default: return false;
        }

        Update();
        return true;
    }

    public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
    {
        Accesses++;
        if (size != 4)
        {
            return false;
        }

        switch (offset)
        {
            case 0x00 when _toSend.Count == Depth: Lost++; break;
            case 0x00: _toSend.Enqueue((byte)value); break;
            case 0x04: break;
            case 0x08: _transmitControl = (uint)value & 0x7_0003; break;
            case 0x0c: _receiveControl = (uint)value & 0x7_0001; break;
            case 0x10: _enabled = (uint)value & 3; break;
            case 0x14: break;
            case 0x18: _divisor = (uint)value & 0xffff; break;
            default: return false;
        }

        if (Fast)
        {
            Send(Depth);
        }

        Update();
        return true;
    }

    private void Update()
    {
        Interrupts = (Pending & _enabled) != 0;
        interrupt?.Invoke(Interrupts);
    }

    /// <summary>A hart that has it at an address, and nothing else.</summary>
    internal readonly struct Host(SiFiveUartModel uart, ulong at) : IMmio
    {
        public byte Read8(ulong address) => (byte)Read(address, 1);

        public ushort Read16(ulong address) => (ushort)Read(address, 2);

        public uint Read32(ulong address) => (uint)Read(address, 4);

        public ulong Read64(ulong address) => Read(address, 8);

        public void Write8(ulong address, byte value) => Write(address, 1, value);

        public void Write16(ulong address, ushort value) => Write(address, 2, value);

        public void Write32(ulong address, uint value) => Write(address, 4, value);

        public void Write64(ulong address, ulong value) => Write(address, 8, value);

        public void IoFence()
        {
        }

        private ulong Read(ulong address, int size) =>
            uart.TryRead(null, address - at, size, out var value) ? value : throw new InvalidOperationException($"a read of {size} bytes at 0x{address:x}");

        private void Write(ulong address, int size, ulong value)
        {
            if (!uart.TryWrite(null, address - at, size, value))
            {
                throw new InvalidOperationException($"a write of {size} bytes at 0x{address:x}");
            }
        }
    }
}
