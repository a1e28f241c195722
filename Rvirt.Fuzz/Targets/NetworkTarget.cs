using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Network;
using Rvirt.Devices.Virtio;
using Rvirt.Fuzz.Engine;
using Rvirt.Testing.Devices;

namespace Rvirt.Fuzz.Targets;

/// <summary>
/// Two guests at one network, of which one has a hostile driver: the input is what that does, in steps of eight bytes. The other takes what comes and sends now and then.
/// It may get nothing but frames from the hostile one's own address to its own or a group's, in the buffers that it gave; nothing else of its RAM changes, nor what lies
/// around the hostile one's. Afterwards both cards serve.
/// </summary>
internal sealed unsafe class NetworkTarget : IFuzzTarget
{
    private const uint Size = 16;
    private const int StepBytes = 8;
    private const uint HeaderBytes = 12;
    private const uint BufferBytes = 2048;
    private const ulong CardSlot = TestGuest.Slot0 + 0x1000;
    private const ulong Queues = TestGuest.GuestRam + 0x1_0000;
    private const ulong QueueDistance = 0x1_0000;
    private const ulong Buffers = TestGuest.GuestRam + 0x8_0000;
    private const ulong End = TestGuest.GuestRam + TestGuest.RamBytes;
    private const ulong Features = (1UL << 5) | (1UL << 16);
    private const int Neighbourhood = 4096;

    private static readonly uint[] Registers =
    [
        0x14, 0x20, 0x24, 0x30, 0x38, 0x44, 0x50, 0x64, 0x70, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4,
    ];

    private static ReadOnlySpan<byte> Hostile => [0x52, 0x54, 0x00, 0x72, 0x76, 0x01];

    private static ReadOnlySpan<byte> Sound => [0x52, 0x54, 0x00, 0x72, 0x76, 0x02];

    public string Name => "network";

    public int MaximumLength => 1 + (64 * StepBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [6, 0, 60, 0, 0, 0, 0, 0], [6, 1, 60, 0, 0, 0, 0, 0], [5, 0, 0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0, 0, 0], [3, 1, 0, 0, 0, 0, 0, 0], [7, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 2, 0, 0, 0, 8],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        using var pair = new Pair((input[0] & 1) != 0, (input[0] & 2) != 0);
        for (var steps = input[1..]; steps.Length >= StepBytes; steps = steps[StepBytes..])
        {
            Step(pair, steps[..StepBytes]);
            pair.Take();
        }

        pair.CheckServes();
    }

    private static void Step(Pair pair, ReadOnlySpan<byte> step)
    {
        var card = pair.Hostile;
        var value = BinaryPrimitives.ReadUInt32LittleEndian(step[4..]);
        var queue = Queues + (QueueDistance * (step[1] & 1u));
        switch (step[0] % 8)
        {
            case 0:
                card.Register(Registers[step[1] % Registers.Length], value);
                break;
            case 1:
                Descriptor(card, queue, step);
                break;
            case 2:
                // An entry or the index or the flags of the available ring.
                *(ushort*)card.Ram(queue + (16 * Size) + (2 * (step[2] % (ulong)(Size + 3)))) = (ushort)value;
                break;
            case 3:
                Publish(card, queue, step[2]);
                card.Register(VirtioRegister.QueueNotify, step[1] & 1u);
                break;
            case 4:
                card.Access(BinaryPrimitives.ReadUInt16LittleEndian(step[2..]) % 0x210u, 1 << (step[1] & 3), value);
                break;
            case 5:
                pair.SendToHostile((step[1] & 1) != 0);
                break;
            case 6:
                // A frame that is sound but for what the step says.
                var frame = new Span<byte>(card.Ram(Buffers + HeaderBytes), (int)BufferBytes);
                (((step[1] & 1) != 0) ? Sound : [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).CopyTo(frame);
                Hostile.CopyTo(frame[6..]);
                frame[step[3] % 12] ^= step[4];
                Put(card, Queues + QueueDistance, 0, Buffers, HeaderBytes + (BinaryPrimitives.ReadUInt16LittleEndian(step[2..]) & 0x7ffu), 0, 0);
                Publish(card, Queues + QueueDistance, 0);
                card.Register(VirtioRegister.QueueNotify, 1);
                break;
            default:
                card.Register(VirtioRegister.QueueNotify, (uint)(step[1] % 4));
                break;
        }
    }

    // Descriptor, table or elsewhere; address by kind; length, flags and next of a few bits each.
    private static void Descriptor(Card card, ulong queue, ReadOnlySpan<byte> step)
    {
        var address = DescriptorInput.Address(step, queue, Buffers, End);
        var length = DescriptorInput.Length(step, step[6]);
        Put(card, (step[1] & 0x80) == 0 ? queue : Buffers, step[7] & 31u, address, length, step[3] & 7u, (uint)(step[3] >> 3));
    }

    private static void Put(Card card, ulong table, uint index, ulong address, uint length, uint flags, uint next)
    {
        var entry = card.Ram(table + (16UL * index));
        *(ulong*)entry = address;
        *(uint*)(entry + 8) = length;
        *(ushort*)(entry + 12) = (ushort)flags;
        *(ushort*)(entry + 14) = (ushort)next;
    }

    private static void Publish(Card card, ulong queue, ushort head)
    {
        var available = card.Ram(queue + (16 * Size));
        var index = *(ushort*)(available + 2);
        *(ushort*)(available + 4 + (2u * (index % Size))) = head;
        *(ushort*)(available + 2) = (ushort)(index + 1);
    }

    // A guest's card, in the slot behind the host's device.
    private sealed class Card(GuestNetwork<DeviceHost>* network, ReadOnlySpan<byte> address) : IGuestSlot
    {
        public TestGuest Guest { get; } = new(network: network, mac: BinaryPrimitives.ReadUInt32LittleEndian(address) | ((ulong)BinaryPrimitives.ReadUInt16LittleEndian(address[4..]) << 32));

        public GuestDriver Receiver { get; private set; } = null!;

        public GuestDriver Sender { get; private set; } = null!;

        public uint Register(uint offset) => (uint)Guest.Read(CardSlot + offset);

        public void Register(uint offset, uint value) => Guest.Write(CardSlot + offset, value);

        public byte* Ram(ulong guestAddress) => Guest.Ram(guestAddress);

        // What no device answers is the guest's fault, and nothing else happens.
        public void Access(uint offset, int size, ulong value)
        {
            var host = Guest.Machine.Host;
            Guest.Bus->Write(ref host, 0, CardSlot + offset, size, value);
            Guest.Bus->Read(ref host, 0, CardSlot + offset, size, out _);
        }

        public void Open(bool indirect, bool events)
        {
            new Span<byte>(Ram(Queues), (int)(2 * QueueDistance)).Clear();
            GuestDriver.Begin(this, indirect, events, Features);
            Receiver = new GuestDriver(this, 0, Size, Queues, indirect, events);
            Sender = new GuestDriver(this, 1, Size, Queues + QueueDistance, indirect, events);
            Receiver.Start();
            Sender.Start();
            GuestDriver.Finish(this);
        }
    }

    private sealed class Pair : IDisposable
    {
        private readonly void* _memory;
        private readonly Card _sound;
        private readonly bool _indirect;
        private readonly bool _events;

        public Pair(bool indirect, bool events)
        {
            (_indirect, _events) = (indirect, events);
            var bytes = EthernetSwitch.BytesNeeded(2);
            _memory = NativeMemory.AllocZeroed((nuint)bytes + (nuint)sizeof(GuestNetwork<DeviceHost>));
            var network = (GuestNetwork<DeviceHost>*)((byte*)_memory + bytes);
            GuestNetwork<DeviceHost>.Initialize(network, 2, (byte*)_memory);
            Hostile = new Card(network, NetworkTarget.Hostile);
            _sound = new Card(network, Sound);
            Hostile.Open(indirect, events);
            _sound.Open(indirect, events);
            for (var i = 0u; i < Size; i++)
            {
                Give(i);
            }
        }

        public Card Hostile { get; }

        /// <summary>What came to the sound one: nothing but what may come.</summary>
        public void Take()
        {
            while (_sound.Receiver.TryTake(out var head, out var written))
            {
                var packet = new Span<byte>(_sound.Ram(Buffers + (BufferBytes * head)), (int)BufferBytes);
                FuzzException.Require(written is >= HeaderBytes + 14 and <= HeaderBytes + 1514, "a frame of no frame's length");
                FuzzException.Require(packet[..(int)HeaderBytes].SequenceEqual((ReadOnlySpan<byte>)[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]), "a header that says something");
                var frame = packet[(int)HeaderBytes..];
                FuzzException.Require(frame[6..12].SequenceEqual(NetworkTarget.Hostile), "a frame from another's address");
                FuzzException.Require(frame[..6].SequenceEqual(Sound) || (frame[0] & 1) != 0, "a frame for somebody else");
                FuzzException.Require(packet[(int)written..].IndexOfAnyExcept((byte)0) < 0, "more than the frame was written");
                Give(head);
            }
        }

        public void SendToHostile(bool toAll)
        {
            var frame = new Span<byte>(_sound.Ram(Buffers - BufferBytes), 60 + (int)HeaderBytes);
            (toAll ? [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] : NetworkTarget.Hostile).CopyTo(frame[(int)HeaderBytes..]);
            Sound.CopyTo(frame[((int)HeaderBytes + 6)..]);
            FuzzException.Require(_sound.Sender.Add((Buffers - BufferBytes, (uint)frame.Length, false)) >= 0, "what was sent does not come back");
            _sound.Sender.Notify();
            FuzzException.Require(_sound.Sender.TryTake(out _, out var written) && written == 0, "what was sent does not come back");
        }

        public void CheckServes()
        {
            foreach (var guest in new[] { Hostile.Guest, _sound.Guest })
            {
                FuzzException.Require(IsClear(guest.Memory.Pointer - Neighbourhood) && IsClear(guest.Memory.Pointer + TestGuest.RamBytes), "something was written outside of RAM");
            }

            FuzzException.Require(_sound.Register(VirtioRegister.Status) == 15, "the sound one's card is in trouble");
            FuzzException.Require(new Span<byte>(_sound.Ram(TestGuest.GuestRam), (int)(Queues - TestGuest.GuestRam)).IndexOfAnyExcept((byte)0) < 0, "RAM of the sound one was written");
            Hostile.Open(_indirect, _events);
            Hostile.Receiver.Add((Buffers, BufferBytes, true));
            Hostile.Receiver.Notify();
            SendToHostile(toAll: false);
            FuzzException.Require(Hostile.Receiver.TryTake(out _, out var written) && written == HeaderBytes + 60, "the card does not serve after a reset");
        }

        public void Dispose()
        {
            Hostile.Guest.Dispose();
            _sound.Guest.Dispose();
            NativeMemory.Free(_memory);
        }

        private static bool IsClear(byte* from) => new Span<byte>(from, Neighbourhood).IndexOfAnyExcept((byte)0) < 0;

        // Buffers are known by their descriptors, of which there are as many.
        private void Give(uint head)
        {
            new Span<byte>(_sound.Ram(Buffers + (BufferBytes * head)), (int)BufferBytes).Clear();
            FuzzException.Require(_sound.Receiver.Add((Buffers + (BufferBytes * head), BufferBytes, true)) == head, "a descriptor that is not free");
            _sound.Receiver.Notify();
        }
    }
}
