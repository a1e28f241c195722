using System;
using System.Collections.Generic;
using Rvirt.Fuzz.Engine;

namespace Rvirt.Fuzz.Targets;

/// <summary>
/// A Cadence GEM's registers and what it does with the descriptors that it is told of. It keeps to its rules where it is not told otherwise: the input bends registers, the PHY and
/// words of memory beside it.
/// </summary>
internal sealed unsafe class GemCard : IRegisters
{
    /// <summary>Where its registers are, and that of its clock.</summary>
    public const ulong At = 0x1009_0000, ClockAt = 0x100a_0000;

    /// <summary>How many bytes each has.</summary>
    public const ulong Bytes = 0x2000, ClockBytes = 0x1000;

    /// <summary>Looks at a state that never changes.</summary>
    public const int Never = int.MaxValue;

    private const uint ControlAt = 0x000, NetworkStatusAt = 0x008, ReceiveQueueAt = 0x018, SendQueueAt = 0x01c, CausesAt = 0x024, ManagementAt = 0x034, DesignAt = 0x294;
    private const uint SendQueueHighAt = 0x4c8, ReceiveQueueHighAt = 0x4d4;
    private const uint DescriptorBytes = 16;

    private readonly byte* _memory;
    private readonly ulong _at, _bytes;
    private readonly Dictionary<uint, uint> _registers = [];
    private readonly Dictionary<uint, uint> _lies = [];
    private uint _causes;
    private int _busy, _receive, _send;
    private long _accesses, _looks;

    /// <summary>Makes a card.</summary>
    /// <param name="memory">What it can reach.</param>
    /// <param name="at">That memory's physical address.</param>
    /// <param name="bytes">Its bytes.</param>
    public GemCard(byte* memory, ulong at, ulong bytes)
    {
        _memory = memory;
        _at = at;
        _bytes = bytes;
    }

    /// <summary>Whether reading causes clears them; else writing does.</summary>
    public bool ClearsOnRead { get; set; } = true;

    /// <summary>Whether descriptors have addresses of 64 bits.</summary>
    public bool IsWide { get; set; } = true;

    /// <summary>The PHY's address on MDIO; what is no address is no PHY.</summary>
    public int PhyAddress { get; set; }

    /// <summary>Looks at a transfer over MDIO before it is over.</summary>
    public int ManagementLooks { get; set; } = 3;

    /// <summary>The PHY's registers.</summary>
    public ushort[] Phy { get; } = new ushort[32];

    /// <summary>The time.</summary>
    public ulong Time { get; set; }

    /// <summary>Number of the descriptor that it fills next.</summary>
    public int Receiving => _receive;

    /// <summary>The address of a ring.</summary>
    public ulong Queue(bool isSending) => isSending
        ? Register(SendQueueAt) | ((ulong)Register(SendQueueHighAt) << 32)
        : Register(ReceiveQueueAt) | ((ulong)Register(ReceiveQueueHighAt) << 32);

    /// <summary>A descriptor, of four words.</summary>
    public uint* Descriptor(bool isSending, int index) => (uint*)Pointer(Queue(isSending) + ((uint)index * DescriptorBytes), DescriptorBytes);

    /// <summary>Memory that it can reach.</summary>
    public byte* Pointer(ulong address, ulong bytes)
    {
        FuzzException.Require(Reaches(address, bytes), "the card is told of memory that is not the driver's");
        return _memory + (address - _at);
    }

    /// <summary>Whether it can reach memory.</summary>
    public bool Reaches(ulong address, ulong bytes) => address >= _at && address - _at <= _bytes && bytes <= _bytes - (address - _at);

    /// <summary>Says how many accesses may come, and how many looks at MDIO's state beside them.</summary>
    public void Allow(long accesses, long looks) => (_accesses, _looks) = (accesses, looks);

    /// <summary>Has it, and the other end of its wire, be as they should: nothing is open, and there is a link.</summary>
    public void Reset()
    {
        _registers.Clear();
        _lies.Clear();
        (_causes, _busy, _receive, _send) = (0, 0, 0, 0);
        (Phy[1], Phy[2], Phy[3], Phy[4], Phy[5], Phy[9], Phy[10]) = (0x796d, 7, 0x771, 0x01e1, 0x01e1, 0x0300, 0x0c00);
    }

    /// <summary>The next read of a register gives something else.</summary>
    public void Lie(uint register, uint value) => _lies[(register % (uint)Bytes) & ~3u] = value;

    /// <summary>Something happened: bits of the interrupt status.</summary>
    public void Cause(uint causes) => _causes |= causes;

    /// <summary>A frame comes, if there is a descriptor for it.</summary>
    /// <param name="length">What is said to be its length.</param>
    /// <param name="status">What else is said of it.</param>
    /// <param name="value">Each of its bytes.</param>
    public bool TryReceive(uint length, uint status, byte value)
    {
        if ((Register(ControlAt) & 4) == 0)
        {
            return false;
        }

        var descriptor = Descriptor(false, _receive);
        if ((descriptor[0] & 1) != 0)
        {
            _causes |= 4;
            return false;
        }

        var (address, room) = ((descriptor[0] & ~3u) | ((ulong)descriptor[2] << 32), ((Register(0x10) >> 16) & 0xff) * 64UL);
        if (Reaches(address, room))
        {
            new Span<byte>(Pointer(address, room), (int)Math.Min(room, length)).Fill(value);
        }

        _receive = (descriptor[0] & 2) != 0 ? 0 : (_receive + 1) % 64;
        descriptor[1] = length | status;
        descriptor[0] |= 1;
        _causes |= 2;
        return true;
    }

    /// <summary>Sends the next frame, if there is one.</summary>
    public bool TrySend(out ReadOnlySpan<byte> frame)
    {
        frame = default;
        if ((Register(ControlAt) & 8) == 0)
        {
            return false;
        }

        var descriptor = Descriptor(true, _send);
        if ((descriptor[1] >> 31) != 0)
        {
            _causes |= 8;
            return false;
        }

        var (address, length) = (descriptor[0] | ((ulong)descriptor[2] << 32), descriptor[1] & 0x3fff);
        frame = Reaches(address, length) ? new ReadOnlySpan<byte>(Pointer(address, length), (int)length) : default;
        _send = (descriptor[1] & (1u << 30)) != 0 ? 0 : (_send + 1) % 64;
        descriptor[1] |= 1u << 31;
        _causes |= 128;
        return true;
    }

    /// <inheritdoc/>
    public uint Read(ulong address, int size)
    {
        var register = Count(address, size);
        if (_lies.Remove(register, out var lie))
        {
            return lie;
        }

        switch (register)
        {
            case NetworkStatusAt:
                _busy -= _busy is 0 or Never ? 0 : 1;
                return _busy == 0 ? 4u : 0;
            case CausesAt:
                var causes = _causes;
                _causes = ClearsOnRead ? 0 : _causes;
                return causes;
            case DesignAt:
                return IsWide ? 1u << 23 : 0;
            default:
                return Register(register);
        }
    }

    /// <inheritdoc/>
    public void Write(ulong address, int size, ulong value)
    {
        var register = Count(address, size);
        var before = Register(register);
        _registers[register] = (uint)value;
        switch (register)
        {
            case ControlAt:
                // The receiver goes on where it was; what sends begins anew.
                _send = (before & 8) == 0 ? 0 : _send;
                break;
            case ReceiveQueueAt:
                _receive = 0;
                break;
            case CausesAt:
                _causes &= ClearsOnRead ? uint.MaxValue : ~(uint)value;
                break;
            case ManagementAt:
                _busy = ManagementLooks;
                _registers[ManagementAt] = ((value >> 28) & 3) == 2 && (int)((value >> 23) & 31) == PhyAddress ? Phy[(value >> 18) & 31] : 0xffffu;
                break;
            default:
                break;
        }
    }

    /// <inheritdoc/>
    public ulong ReadTime() => Time;

    private uint Register(uint register) => _registers.GetValueOrDefault(register);

    private uint Count(ulong address, int size)
    {
        var isClock = address >= ClockAt;
        FuzzException.Require(size == sizeof(uint) && address % sizeof(uint) == 0 && (isClock ? address - ClockAt < ClockBytes : address >= At && address - At < Bytes), "an access outside of the registers");
        var register = (uint)(address - At);
        FuzzException.Require((register == NetworkStatusAt ? --_looks : --_accesses) >= 0, "more accesses than such a call makes");
        return register;
    }
}
