using System;
using System.Collections.Generic;
using Rvirt.Core.Host;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>SiFive's SPI controller as the chapter of the FU540-C000 manual on it has it, with one device. What the manual does not allow is an <see cref="InvalidOperationException"/>.</summary>
internal sealed class SiFiveSpiModel(SiFiveSpiModel.IDevice device)
{
    public const ulong At = 0x1005_0000;
    public const int Depth = 8;

    private readonly Queue<byte> _toSend = new();
    private readonly Queue<byte> _received = new();
    private readonly Dictionary<ulong, uint> _registers = new()
    {
        [0x00] = 3,
        [0x04] = 0,
        [0x10] = 0,
        [0x14] = 1,
        [0x18] = 0,
        [0x40] = 0x80000,
        [0x70] = 0,
    };

    private int _waited;
    private bool _isUsed;

    /// <summary>What is on the wire.</summary>
    internal interface IDevice
    {
        /// <summary>A byte goes out, and one comes in.</summary>
        byte Exchange(bool selected, byte value, uint hertz);

        /// <summary>The select line was let go.</summary>
        void Deselect();
    }

    /// <summary>Looks at the receiving FIFO that find it empty before a byte is there; 0: it is there at once.</summary>
    public int Latency { get; set; }

    /// <summary>No byte ever comes back.</summary>
    public bool IsStuck { get; set; }

    /// <summary>Reads and writes so far.</summary>
    public int Accesses { get; private set; }

    /// <summary>Time that went by, in nanoseconds: what bytes take on the wire, and ten for each access.</summary>
    public ulong Nanoseconds { get; set; }

    /// <summary>The clock on the wire, in Hz.</summary>
    public uint Hertz => 500_000_000 / (2 * (_registers[0x00] + 1));

    public bool IsSelected => _registers[0x18] == 2;

    /// <summary>Ticks of a timebase of 1 MHz.</summary>
    public ulong Time => Nanoseconds / 1000;

    public Host Hart => new(this);

    /// <summary>As firmware may leave it: bytes that it did not read.</summary>
    public void Leave(int bytes)
    {
        for (; bytes > 0; bytes--)
        {
            _received.Enqueue(0x55);
        }
    }

    private uint Read(ulong offset, int size)
    {
        Expect(size == 4 && (offset is 0x48 or 0x4c || _registers.ContainsKey(offset)), $"a read of {size} bytes at {offset}");
        Step();
        switch (offset)
        {
            case 0x48: return _toSend.Count == Depth ? 0x8000_0000u : 0;
            case 0x4c:
                if (_received.Count == 0 && _toSend.Count != 0 && !IsStuck && ++_waited > Latency)
                {
                    Shift();
                }

                _isUsed |= _received.Count == 0;
                return _received.TryDequeue(out var value) ? value : 0x8000_0000u;
            default: return _registers[offset];
        }
    }

    private void Write(ulong offset, int size, ulong written)
    {
        var value = (uint)written;
        Expect(size == 4, $"a write of {size} bytes at {offset}");
        Step();
        if (offset == 0x48)
        {
            Expect(value <= 0xff && _toSend.Count < Depth, "a byte for a full FIFO is lost");
            Expect(_registers[0x18] is 2 or 3 && _registers[0x40] == 0x80000 && _registers[0x04] == 0, "bytes, in mode 0, with the select line held or off");
            _toSend.Enqueue((byte)value);
            if (Latency == 0 && !IsStuck)
            {
                Shift();
            }

            return;
        }

        Expect(_registers.ContainsKey(offset), "no such register");
        Expect(!_isUsed || IsStuck || (_toSend.Count == 0 && _received.Count == 0), "a change with bytes under way");
        Expect(offset != 0 || value <= 0xfff, "the divisor has 12 bits");
        Expect(offset != 0x18 || value is 0 or 2 or 3, "no such mode of selection");
        if (offset == 0x18 && _registers[offset] == 2 && value != 2)
        {
            device.Deselect();
        }

        _registers[offset] = value;
    }

    private void Shift()
    {
        _waited = 0;
        Nanoseconds += 32 * ((ulong)_registers[0x00] + 1);
        Expect(_received.Count < Depth, "a byte came into a full FIFO");
        _received.Enqueue(device.Exchange(IsSelected, _toSend.Dequeue(), Hertz));
    }

    private void Step()
    {
        Accesses++;
        Nanoseconds += 10;
    }

    private static void Expect(bool met, string what)
    {
        if (!met)
        {
            throw new InvalidOperationException(what);
        }
    }

    /// <summary>A hart that has the controller, the time, and nothing else.</summary>
    internal readonly struct Host(SiFiveSpiModel spi) : IMmio, ITime
    {
        public byte Read8(ulong address) => (byte)spi.Read(address - At, 1);

        public ushort Read16(ulong address) => (ushort)spi.Read(address - At, 2);

        public uint Read32(ulong address) => spi.Read(address - At, 4);

        public ulong Read64(ulong address) => spi.Read(address - At, 8);

        public void Write8(ulong address, byte value) => spi.Write(address - At, 1, value);

        public void Write16(ulong address, ushort value) => spi.Write(address - At, 2, value);

        public void Write32(ulong address, uint value) => spi.Write(address - At, 4, value);

        public void Write64(ulong address, ulong value) => spi.Write(address - At, 8, value);

        public void IoFence()
        {
        }

        public ulong ReadTime() => spi.Time;
    }
}
