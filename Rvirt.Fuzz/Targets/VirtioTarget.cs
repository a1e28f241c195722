using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Rvirt.Devices.Virtio;
using Rvirt.Fuzz.Engine;
using Rvirt.Testing.Devices;

namespace Rvirt.Fuzz.Targets;

/// <summary>
/// A mediated virtio device with a hostile driver. The input is what the driver does, in steps of eight bytes. The fake device of the
/// host throws when it is told of memory that is not the guest's, or of a chain no driver may make; afterwards the device must serve.
/// </summary>
internal sealed unsafe class VirtioTarget : IFuzzTarget
{
    private const uint Size = 16;
    private const int StepBytes = 8;
    private const ulong Queue = TestGuest.GuestRam + 0x1_0000;
    private const ulong Buffers = TestGuest.GuestRam + 0x8_0000;
    private const ulong End = TestGuest.GuestRam + TestGuest.RamBytes;

    private static readonly uint[] Registers =
    [
        0x14, 0x20, 0x24, 0x28, 0x30, 0x38, 0x3c, 0x40, 0x44, 0x50, 0x64, 0x70, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4,
    ];

    public string Name => "virtio";

    public int MaximumLength => 2 + (64 * StepBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [0, 9, 0, 0, 0, 0, 0, 0], [0, 11, 0, 0, 0, 0, 0, 0], [5, 0, 0, 0, 0, 0, 0, 0], [6, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0], [3, 1, 0, 0, 0, 0, 0, 0],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < 2)
        {
            return;
        }

        using var guest = new TestGuest((uint)(input[0] & 1) + 1, queueSizeMax: (input[0] & 2) == 0 ? 64u : 1024u);
        guest.Device.Immediate = (input[0] & 4) == 0;
        guest.Device.Serve = (_, _, writable) => Fill(guest, writable);
        if ((input[0] & 8) == 0)
        {
            GuestDriver.Open(guest, (input[0] & 16) != 0, (input[0] & 32) != 0);
        }

        for (var steps = input[2..]; steps.Length >= StepBytes; steps = steps[StepBytes..])
        {
            Step(guest, steps[..StepBytes]);
        }

        CheckServes(guest);
    }

    private static void Step(TestGuest guest, ReadOnlySpan<byte> step)
    {
        var host = guest.Machine.Host;
        var value = BinaryPrimitives.ReadUInt32LittleEndian(step[4..]);
        switch (step[0] % 8)
        {
            case 0:
                guest.Register(Registers[step[1] % Registers.Length], value);
                break;
            case 1:
                Descriptor(guest, step);
                break;
            case 2:
                // An entry or the index or the flags of the available ring.
                *(ushort*)guest.Ram(Queue + (16 * Size) + (2 * (step[1] % (ulong)(Size + 3)))) = (ushort)value;
                break;
            case 3:
                Publish(guest, step[1]);
                break;
            case 4:
                var offset = BinaryPrimitives.ReadUInt16LittleEndian(step[2..]) % 0x210u;
                guest.Bus->Write(ref host, 0, TestGuest.Slot0 + offset, 1 << (step[1] & 3), value);
                guest.Bus->Read(ref host, 0, TestGuest.Slot0 + offset, 1 << (step[1] & 3), out _);
                break;
            case 5:
                guest.ServeInterrupts();
                break;
            case 6:
                guest.Device.Run(step[1] % 3u, step[2] & 15);
                break;
            default:
                guest.Register(VirtioRegister.QueueNotify, (uint)(step[1] % 10));
                break;
        }
    }

    // Descriptor, table or elsewhere; address by kind; length, flags and next of a few bits each.
    private static void Descriptor(TestGuest guest, ReadOnlySpan<byte> step)
    {
        var address = DescriptorInput.Address(step, Queue, Buffers, End);
        var length = DescriptorInput.Length(step, step[6] & 63u);
        var table = (step[1] & 0x80) == 0 ? Queue : Buffers;
        var entry = guest.Ram(table + (16UL * (step[1] & 31u)));
        *(ulong*)entry = address;
        *(uint*)(entry + 8) = length;
        *(ushort*)(entry + 12) = (ushort)(step[3] & 7);
        *(ushort*)(entry + 14) = (ushort)(step[3] >> 3);
    }

    private static void Publish(TestGuest guest, ushort head)
    {
        var available = guest.Ram(Queue + (16 * Size));
        var index = *(ushort*)(available + 2);
        *(ushort*)(available + 4 + (2u * (index % Size))) = head;
        *(ushort*)(available + 2) = (ushort)(index + 1);
        guest.Register(VirtioRegister.QueueNotify, 0);
    }

    private static int Fill(TestGuest guest, List<(ulong Address, uint Length)> writable)
    {
        foreach (var (address, length) in writable)
        {
            new Span<byte>(guest.Machine.Dma(address, length), (int)Math.Min(length, 4096)).Fill(0xa5);
        }

        return writable.Count;
    }

    private static void CheckServes(TestGuest guest)
    {
        guest.Register(VirtioRegister.Status, 0);
        new Span<byte>(guest.Ram(Queue), 0x4000).Clear();
        guest.Device.Immediate = true;
        guest.Register(VirtioRegister.QueueSelect, 0);
        var driver = GuestDriver.Open(guest, true, true);
        driver.Add((Buffers, 16u, false), (Buffers + 64, 16u, true));
        driver.Notify();
        guest.ServeInterrupts();
        FuzzException.Require(driver.UsedIndex == 1 && guest.Register(VirtioRegister.InterruptStatus) == 1, "the device does not serve after a reset");
    }
}
