using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>
/// A Cadence GEM with a PHY and the register of its clock, by the chapter on the Ethernet interface of the FU540-C000 manual and IEEE 802.3 §22: what is said there, and nothing that is not. What
/// no driver may do is an <see cref="InvalidOperationException"/>.
/// </summary>
internal sealed unsafe class GemModel : IDisposable
{
    public const ulong At = 0x1009_0000, ClockAt = 0x100a_0000, MemoryAt = 0x1_8000_0000;

    private readonly Dictionary<uint, uint> _registers = [];
    private readonly byte* _memory;
    private readonly ulong _bytes;
    private ulong _receiveAt, _sendAt;
    private uint _causes, _enabled;
    private int _busy;
    private bool _starved;

    public GemModel(ulong bytes)
    {
        _bytes = bytes;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        new Span<byte>(_memory, (int)bytes).Clear();
        Phy[1] = 0x7969 & ~0x24;
        Phy[2] = 7;
        Phy[3] = 0x771;
        Phy[4] = 0x01e1;
        Phy[9] = 0x0300;
        SetLink(0x01e1, 0x0c00);
    }

    /// <summary>Its address on MDIO, of which none is another's; -1: none is there.</summary>
    public int PhyAddress { get; init; }

    /// <summary>Whether descriptors have addresses of 64 bits.</summary>
    public bool IsWide { get; init; } = true;

    /// <summary>Whether reading causes clears them; else writing does.</summary>
    public bool ClearsOnRead { get; init; } = true;

    /// <summary>MDIO is never done.</summary>
    public bool HasNoManagementClock { get; init; }

    /// <summary>Frames stay where they are when they are to be sent.</summary>
    public bool IsSlow { get; set; }

    public ushort[] Phy { get; } = new ushort[32];

    public List<byte[]> Sent { get; } = [];

    public int Lost { get; private set; }

    public int Accesses { get; private set; }

    public int Negotiations { get; private set; }

    /// <summary>What was written to the register of the transmit clock.</summary>
    public List<uint> Clock { get; } = [];

    public ulong Time { get; set; } = 1;

    public bool Interrupts => (_causes & _enabled) != 0;

    public PhysicalMemory Window => new((ulong)_memory - MemoryAt);

    public byte* Memory => _memory;

    public uint this[uint register] => _registers.GetValueOrDefault(register);

    /// <summary>The other end comes, or is another, or goes (0).</summary>
    public void SetLink(ushort partner, ushort partnerGigabit)
    {
        Phy[5] = partner;
        Phy[10] = partnerGigabit;
        Phy[1] = (ushort)(partner == 0 ? Phy[1] & ~0x24 : Phy[1] | 0x24);
    }

    /// <summary>A frame comes over the wire.</summary>
    /// <param name="frame">It, without a checksum.</param>
    /// <param name="status">What is said of it but for its length.</param>
    public void Receive(byte[] frame, uint status = 0xc000)
    {
        // 0: receive; 1: no interrupt before it is asked for.
        if ((this[0] & 4) == 0 || _starved)
        {
            Lost++;
            return;
        }

        var descriptor = Words(_receiveAt);
        if ((descriptor[0] & 1) != 0)
        {
            // It stops here until it is turned off and on.
            Lost++;
            _starved = true;
            _causes |= 1u << 2;
            return;
        }

        var room = ((this[0x10] >> 16) & 0xff) * 64;
        frame.AsSpan(0, Math.Min(frame.Length, (int)room)).CopyTo(new Span<byte>(Pointer(AddressOf(descriptor, 3), (uint)Math.Min(frame.Length, room)), (int)Math.Min(frame.Length, room)));
        descriptor[1] = ((uint)frame.Length & 0x1fff) | status;
        _receiveAt = (descriptor[0] & 2) != 0 ? Queue(0x18, 0x4d4) : _receiveAt + 16;
        descriptor[0] |= 1;
        _causes |= 2;
    }

    /// <summary>Sends what was kept (<see cref="IsSlow"/>).</summary>
    public void SendAll()
    {
        IsSlow = false;
        Send();
    }

    /// <summary>Something went wrong: bits of the interrupt status.</summary>
    public void Trouble(uint causes) => _causes |= causes;

    /// <summary>The next descriptor for what comes, as words.</summary>
    public uint* NextReceive => Words(_receiveAt);

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private static ulong AddressOf(uint* descriptor, uint flags) => (descriptor[0] & ~flags) | ((ulong)descriptor[2] << 32);

    private ulong Queue(uint low, uint high) => (this[low] & ~3u) | ((ulong)this[high] << 32);

    private uint* Words(ulong address) => (uint*)Pointer(address, 16);

    private byte* Pointer(ulong address, uint bytes) =>
        address >= MemoryAt && address - MemoryAt < _bytes && bytes <= _bytes - (address - MemoryAt)
            ? _memory + (address - MemoryAt)
            : throw new InvalidOperationException($"the card was told to touch {bytes} bytes at 0x{address:x}");

    private void Count(int size)
    {
        Accesses++;
        if (size != 4)
        {
            throw new InvalidOperationException("registers are words");
        }
    }

    private void Send()
    {
        // 3: transmit.
        while (!IsSlow && (this[0] & 8) != 0)
        {
            var descriptor = Words(_sendAt);
            if ((descriptor[1] >> 31) != 0)
            {
                _causes |= 1u << 3;
                return;
            }

            var length = descriptor[1] & 0x3fff;
            if ((descriptor[1] & (1u << 15)) == 0 || length is < 60 or > 1514)
            {
                throw new InvalidOperationException($"a frame of {length} bytes, or in pieces");
            }

            Sent.Add(new Span<byte>(Pointer(AddressOf(descriptor, 0), length), (int)length).ToArray());
            descriptor[1] |= 1u << 31;
            _causes |= 1u << 7;
            _sendAt = (descriptor[1] & (1u << 30)) != 0 ? Queue(0x1c, 0x4c8) : _sendAt + 16;
        }
    }

    private uint Read(ulong address, int size)
    {
        Count(size);
        switch (address - At)
        {
            case 0x08:
                return HasNoManagementClock || _busy-- > 0 ? 0u : 4u;
            case 0x24:
                var causes = _causes;
                _causes = ClearsOnRead ? 0 : _causes;
                return causes;
            case 0x34:
                return this[0x34];
            case 0x294:
                return IsWide ? 1u << 23 : 0;
            default:
                throw new InvalidOperationException($"read of 0x{address:x}");
        }
    }

    private void Write(ulong address, int size, uint value)
    {
        Count(size);
        if (address == ClockAt)
        {
            Clock.Add(value);
            return;
        }

        var register = (uint)(address - At);
        var before = this[register];
        switch (register)
        {
            case 0x000:
                _registers[0] = value & ~0x220u;
                _starved &= (value & 4) != 0;
                _receiveAt = (before & 4) == 0 && (value & 4) != 0 && !_resumes ? Queue(0x18, 0x4d4) : _receiveAt;
                _resumes |= (value & 4) != 0;
                if ((before & 8) == 0 && (value & 8) != 0)
                {
                    _sendAt = Queue(0x1c, 0x4c8);
                }

                if ((value & (1u << 9)) != 0)
                {
                    Send();
                }

                break;
            case 0x004 or 0x010:
                _registers[register] = value;
                break;
            case 0x014 or 0x020:
                break;
            case 0x018 or 0x4d4 when (this[0] & 4) != 0:
            case 0x01c or 0x4c8 when (this[0] & 8) != 0:
                throw new InvalidOperationException("a queue was moved while it is used");
            case 0x018 or 0x4d4 or 0x01c or 0x4c8:
                _registers[register] = value;
                break;
            case 0x024:
                _causes = ClearsOnRead ? _causes : _causes & ~value;
                break;
            case 0x028:
                _enabled |= value;
                break;
            case 0x02c:
                _enabled &= ~value;
                break;
            case 0x034:
                Manage(value);
                break;
            default:
                throw new InvalidOperationException($"write of 0x{address:x}");
        }
    }

    // Where the ring goes on once it was off: the pointer stays.
    private bool _resumes;

    private void Manage(uint frame)
    {
        if ((this[0] & 0x10) == 0 || frame >> 30 != 1 || ((frame >> 16) & 3) != 2 || ((this[4] >> 18) & 7) != 7)
        {
            throw new InvalidOperationException($"no MDIO frame: 0x{frame:x}, or no clock that suits a bus of 500 MHz");
        }

        var (phy, register) = ((int)(frame >> 23) & 31, (frame >> 18) & 31);
        _busy = 3;
        if (((frame >> 28) & 3) == 2)
        {
            _registers[0x34] = phy == PhyAddress ? Phy[register] : 0xffffu;
        }
        else if (phy == PhyAddress && register == 0 && (frame & 0x1200) == 0x1200)
        {
            Negotiations++;
        }
    }

    /// <summary>A hart that has it, and nothing else.</summary>
    internal readonly struct Host(GemModel card) : IMmio, ITime
    {
        public byte Read8(ulong address) => (byte)card.Read(address, 1);

        public ushort Read16(ulong address) => (ushort)card.Read(address, 2);

        public uint Read32(ulong address) => card.Read(address, 4);

        public ulong Read64(ulong address) => card.Read(address, 8);

        public void Write8(ulong address, byte value) => card.Write(address, 1, value);

        public void Write16(ulong address, ushort value) => card.Write(address, 2, value);

        public void Write32(ulong address, uint value) => card.Write(address, 4, value);

        public void Write64(ulong address, ulong value) => card.Write(address, 8, (uint)value);

        public void IoFence()
        {
        }

        public ulong ReadTime() => card.Time;
    }
}
