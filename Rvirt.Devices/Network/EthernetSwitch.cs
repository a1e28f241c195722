using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using Rvirt.Core.Host;

namespace Rvirt.Devices.Network;

/// <summary>A switch between ports of guests: a frame goes from its sender to whom it is addressed to.</summary>
/// <remarks>
/// <para>Use: zeroed memory that stays, <see cref="Initialize"/>, <see cref="TryAddPort"/> for each port; then a port that
/// <see cref="SetOpen">is open</see> sends with <see cref="Reserve"/> and <see cref="Send"/>, and takes what waits for it with
/// <see cref="TryReceive"/> and <see cref="Release"/>. Nobody is told of frames: <see cref="Send"/> says for whom some wait.</para>
/// <para>A queue for each pair of sender and receiver, of at most <see cref="BuffersPerPort"/> / (ports - 1) frames: so a sender has a
/// buffer for whatever its queues have room for, and a receiver asks its senders in turn. That is why a flood takes nothing from others.</para>
/// <para>The lock guards all fields; buffers have owners, see the folder's page. A port's number is one that <see cref="TryAddPort"/> gave.</para>
/// </remarks>
public unsafe struct EthernetSwitch
{
    /// <summary>Most ports of a switch: of as many guests as there can be, and a wire.</summary>
    internal const int MaxPorts = 17;

    /// <summary>Buffers that each port has for what it sends.</summary>
    internal const int BuffersPerPort = 64;

    /// <summary>Fewest bytes of a frame that are taken: two addresses and a type.</summary>
    internal const uint FrameBytesMin = 14;

    /// <summary>Most bytes of a frame: 1500 behind its addresses and type, without a checksum.</summary>
    internal const uint FrameBytesMax = 1514;

    /// <summary>The bits of an address in the number that stands for it; its first byte is the lowest.</summary>
    internal const ulong AddressMask = 0xffff_ffff_ffff;

    private const int AddressBytes = 6;
    private const ulong GroupBit = 1;
    private const ulong ReservedGroups = 0xc2_8001;
    private const uint BufferBytes = 2048;

    private TicketLock _lock;
    private byte* _buffers;
    private int _capacity;
    private int _ports;
    private uint _limit;
    private uint _open;
    private uint _wire;

    // Of each port: its address, which of its buffers are free, whom it asks next.
    private fixed ulong _address[MaxPorts];
    private fixed ulong _free[MaxPorts];
    private fixed byte _turn[MaxPorts];

    // Of each buffer: its frame's length, and a bit for each port that has yet to release it.
    private fixed ushort _length[MaxPorts * BuffersPerPort];
    private fixed uint _holders[MaxPorts * BuffersPerPort];

    // Of each receiver and sender: a ring of buffers, where it starts, and how many wait.
    private fixed byte _ring[MaxPorts * MaxPorts * BuffersPerPort];
    private fixed byte _first[MaxPorts * MaxPorts];
    private fixed byte _count[MaxPorts * MaxPorts];

    private PortCounterArray _counters;

    /// <summary>Bytes of memory that the buffers of some ports need.</summary>
    /// <param name="ports">At most <see cref="MaxPorts"/>.</param>
    public static ulong BytesNeeded(int ports) => (ulong)ports * BuffersPerPort * BufferBytes;

    /// <summary>Sets a switch up, without ports.</summary>
    /// <param name="ports">Most ports that it will have, 1 to <see cref="MaxPorts"/>.</param>
    /// <param name="buffers">Memory of <see cref="BytesNeeded"/> bytes that stays and is no guest's.</param>
    internal void Initialize(int ports, byte* buffers)
    {
        this = default;
        _capacity = Math.Min(ports, MaxPorts);
        // SAFETY: as many buffers of as many bytes as BytesNeeded counts, which the caller owns.
        _buffers = buffers;
        _limit = (uint)((BuffersPerPort - 1) / Math.Max(1, _capacity - 1));
    }

    /// <summary>Adds a port, which is closed.</summary>
    /// <param name="address">Its address: not a group's, not 0, and no other port's.</param>
    /// <param name="port">Its number.</param>
    /// <returns>False where there is no such address, or no place.</returns>
    internal bool TryAddPort(ulong address, out int port)
    {
        port = _ports;
        if (_ports == _capacity || address == 0 || (address & ~AddressMask) != 0 || (address & GroupBit) != 0 || Find(address) >= 0)
        {
            return false;
        }

        // SAFETY: here and in all that follows: ports are below MaxPorts, buffers below BuffersPerPort, and each list has a place for each of them.
        _address[port] = address;
        _free[port] = ulong.MaxValue;
        _ports++;
        return true;
    }

    /// <summary>Ports to serve, as one number: below, a bit for each that frames were queued for; above, one for each that has more to send, which comes after those.</summary>
    internal const int MoreShift = 32;

    /// <summary>Adds the port of a wire, which is closed: it has no address, sends from any that is no other port's, and gets what is for none of them.</summary>
    /// <param name="port">Its number.</param>
    /// <returns>False where there is no place, or such a port already.</returns>
    internal bool TryAddWire(out int port)
    {
        port = _ports;
        if (_ports == _capacity || _wire != 0)
        {
            return false;
        }

        _wire = 1u << port;
        _address[port] = 0;
        _free[port] = ulong.MaxValue;
        _ports++;
        return true;
    }

    /// <summary>Most frames of one sender that wait for one receiver; fixed at set-up.</summary>
    internal readonly uint QueueLength => _limit;

    /// <summary>A port's address.</summary>
    public readonly ulong AddressOf(int port) => _address[port];

    /// <summary>What passed through a port.</summary>
    public PortCounters Counters(int port)
    {
        _lock.Acquire();
        var counters = _counters[port];
        _lock.Release();
        return counters;
    }

    /// <summary>Opens a port to frames, or closes it and drops those that wait for it.</summary>
    internal void SetOpen(int port, bool open)
    {
        _lock.Acquire();
        _open = open ? _open | (1u << port) : _open & ~(1u << port);
        for (var sender = 0; !open && sender < _ports; sender++)
        {
            while (_count[Pair(port, sender)] != 0)
            {
                Drop(port, sender);
            }
        }

        _lock.Release();
    }

    /// <summary>Takes a buffer for a frame, of which a port has one more than all of its queues hold; it goes back with <see cref="Send"/>.</summary>
    /// <param name="port">Who sends. It takes one at a time.</param>
    /// <param name="buffer">Its number.</param>
    /// <returns>Place for <see cref="FrameBytesMax"/> bytes.</returns>
    internal byte* Reserve(int port, out int buffer)
    {
        _lock.Acquire();
        buffer = BitOperations.TrailingZeroCount(_free[port]);
        _free[port] &= _free[port] - 1;
        _lock.Release();
        return Data(port, buffer);
    }

    /// <summary>Sends a frame to whom it is addressed to: one port, or with a group's address all others that are open.</summary>
    /// <param name="port">Who sends.</param>
    /// <param name="buffer">What <see cref="Reserve"/> gave; it is the switch's again.</param>
    /// <param name="length">Bytes of the frame; none but those from <see cref="FrameBytesMin"/> to <see cref="FrameBytesMax"/> is sent.</param>
    /// <returns>A bit for each port that it was queued for: those who are to be told.</returns>
    internal uint Send(int port, int buffer, uint length)
    {
        // The frame is in our own memory, so that what is checked is what is sent.
        var data = Data(port, buffer);
        var valid = length is >= FrameBytesMin and <= FrameBytesMax && MaySend(port, Address(data + AddressBytes));
        _lock.Acquire();
        var told = 0u;
        var index = (port * BuffersPerPort) + buffer;
        _holders[index] = 0;
        if (valid)
        {
            _counters[port].Sent++;
            _length[index] = (ushort)length;
            for (var targets = Targets(port, Address(data)); targets != 0; targets &= targets - 1)
            {
                told |= Queue(BitOperations.TrailingZeroCount(targets), port, buffer);
            }
        }
        else
        {
            _counters[port].Refused++;
        }

        if (_holders[index] == 0)
        {
            _free[port] |= 1UL << buffer;
        }

        _lock.Release();
        return told;
    }

    /// <summary>Takes the next frame that waits for a port, of its senders in turn.</summary>
    /// <param name="port">Whose frame.</param>
    /// <param name="frame">The frame, which goes back with <see cref="Release"/>.</param>
    /// <returns>False where none waits.</returns>
    internal bool TryReceive(int port, out SwitchFrame frame)
    {
        frame = default;
        _lock.Acquire();
        var found = false;
        for (var tried = 0; tried < _ports && !found; tried++)
        {
            int sender = _turn[port];
            _turn[port] = (byte)(sender + 1 < _ports ? sender + 1 : 0);
            if (_count[Pair(port, sender)] != 0)
            {
                int buffer = _ring[(Pair(port, sender) * BuffersPerPort) + _first[Pair(port, sender)]];
                frame = new SwitchFrame(Data(sender, buffer), _length[(sender * BuffersPerPort) + buffer], (byte)sender);
                found = true;
            }
        }

        _lock.Release();
        return found;
    }

    /// <summary>Gives a frame back that was taken.</summary>
    /// <param name="port">Whose frame.</param>
    /// <param name="frame">What <see cref="TryReceive"/> gave.</param>
    /// <param name="delivered">Whether the port's driver had room for it.</param>
    internal void Release(int port, in SwitchFrame frame, bool delivered)
    {
        _lock.Acquire();
        if (!delivered)
        {
            _counters[port].TooLong++;
        }

        Drop(port, frame.Sender);
        _lock.Release();
    }

    private static int Pair(int receiver, int sender) => (receiver * MaxPorts) + sender;

    private static ulong Address(byte* from) => Unsafe.ReadUnaligned<uint>(from) | ((ulong)Unsafe.ReadUnaligned<ushort>(from + sizeof(uint)) << 32);

    // SAFETY: ports and buffers that Initialize had memory for.
    private readonly byte* Data(int port, int buffer) => _buffers + ((uint)((port * BuffersPerPort) + buffer) * BufferBytes);

    private readonly int Find(ulong address)
    {
        for (var port = 0; port < _ports; port++)
        {
            if (_address[port] == address)
            {
                return port;
            }
        }

        return -1;
    }

    // Addresses do not change, so that this needs no lock. A wire has none, and neither a group nor a port of ours is at its other end.
    private readonly bool MaySend(int port, ulong from) => ((_wire >> port) & 1) == 0 ? from == _address[port] : (from & GroupBit) == 0 && Find(from) < 0;

    private readonly uint Targets(int from, ulong to)
    {
        // IEEE 802.1Q-2018 §8.6.3: what is sent to the addresses that bridges have for themselves is not passed on.
        if ((to & ~0x0f00_0000_0000UL) == ReservedGroups)
        {
            return 0;
        }

        var others = ((1u << _ports) - 1) & ~(1u << from);
        if ((to & GroupBit) != 0)
        {
            return others & _open;
        }

        var port = Find(to);
        return others & (port < 0 ? _wire : 1u << port);
    }

    // Whether the receiver is to be told, as its bit.
    private uint Queue(int receiver, int sender, int buffer)
    {
        var pair = Pair(receiver, sender);
        if (((_open >> receiver) & 1) == 0 || _count[pair] >= _limit)
        {
            _counters[sender].Dropped++;
            return 0;
        }

        _ring[(pair * BuffersPerPort) + ((_first[pair] + _count[pair]) % BuffersPerPort)] = (byte)buffer;
        _count[pair]++;
        _holders[(sender * BuffersPerPort) + buffer] |= 1u << receiver;
        _counters[receiver].Received++;
        return 1u << receiver;
    }

    // Takes the first frame out of a queue; its buffer is free once all have released it.
    private void Drop(int receiver, int sender)
    {
        var pair = Pair(receiver, sender);
        int buffer = _ring[(pair * BuffersPerPort) + _first[pair]];
        _first[pair] = (byte)((_first[pair] + 1) % BuffersPerPort);
        _count[pair]--;
        var index = (sender * BuffersPerPort) + buffer;
        _holders[index] &= ~(1u << receiver);
        if (_holders[index] == 0)
        {
            _free[sender] |= 1UL << buffer;
        }
    }
}
