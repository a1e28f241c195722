using System;
using Rvirt.Devices.Virtio;

namespace Rvirt.Benchmarks.Desktop.Operations;

/// <summary>A virtio disk request of three buffers, as a driver in the guest makes it and a legacy device of the host serves it.</summary>
internal sealed unsafe class BlockRequest
{
    private const ulong Rings = QuietMachine.RamBase + 0x30_0000;
    private const ulong Buffers = QuietMachine.RamBase + 0x31_0000;
    private const uint Size = 16, PageSize = 4096;
    private const ushort Next = 1, Write = 2;
    private const uint SectorBytes = 512;

    private readonly QuietMachine _machine;
    private readonly byte* _guestAvailable;
    private readonly byte* _guestUsed;
    private readonly byte* _hostAvailable;
    private readonly byte* _hostUsed;

    /// <summary>Brings the guest's device up.</summary>
    public BlockRequest(QuietMachine machine)
    {
        _machine = machine;
        foreach (var status in (ReadOnlySpan<uint>)[0, VirtioStatus.Acknowledge, VirtioStatus.Acknowledge | VirtioStatus.Driver])
        {
            machine.WriteSlot(VirtioRegister.Status, status);
        }

        machine.WriteSlot(VirtioRegister.DriverFeaturesSelect, 0);
        machine.WriteSlot(VirtioRegister.DriverFeatures, 0);
        machine.WriteSlot(VirtioRegister.GuestPageSize, PageSize);
        machine.WriteSlot(VirtioRegister.QueueSelect, 0);
        machine.WriteSlot(VirtioRegister.QueueSize, Size);
        machine.WriteSlot(VirtioRegister.QueueAlign, PageSize);
        machine.WriteSlot(VirtioRegister.QueuePageNumber, (uint)(Rings / PageSize));
        machine.WriteSlot(VirtioRegister.Status, VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.DriverOk);

        _guestAvailable = machine.Ram(Rings + RingLayout.AvailableOffset(Size));
        _guestUsed = machine.Ram(Rings + RingLayout.UsedOffset(Size, PageSize));
        Describe(0, Buffers, 16, Next, 1);
        Describe(1, Buffers + PageSize, SectorBytes, Next | Write, 2);
        Describe(2, Buffers + (2 * PageSize), 1, Write, 0);

        var host = (ulong)machine.Hart.Slot[(int)VirtioRegister.QueuePageNumber / 4] * PageSize;
        HostSize = machine.Hart.Slot[(int)VirtioRegister.QueueSize / 4];
        _hostAvailable = machine.HostRam(host + RingLayout.AvailableOffset(HostSize));
        _hostUsed = machine.HostRam(host + RingLayout.UsedOffset(HostSize, PageSize));
    }

    private uint HostSize { get; }

    /// <summary>Makes the request, serves it as the device does, and takes the interrupt.</summary>
    /// <returns>Requests that the guest got back.</returns>
    public ulong Run()
    {
        var before = *(ushort*)(_guestUsed + 2);
        var available = (ushort*)(_guestAvailable + 2);
        *(ushort*)(_guestAvailable + 4 + (2 * (*available % Size))) = 0;
        (*available)++;
        _machine.WriteSlot(VirtioRegister.QueueNotify, 0);

        // The device takes what was made available and gives it back.
        var used = (ushort*)(_hostUsed + 2);
        while (*used != *(ushort*)(_hostAvailable + 2))
        {
            var entry = (uint*)(_hostUsed + 4 + (8 * (*used % HostSize)));
            entry[0] = *(ushort*)(_hostAvailable + 4 + (2 * (*used % HostSize)));
            entry[1] = SectorBytes + 1;
            (*used)++;
        }

        _machine.Hart.Slot[(int)VirtioRegister.InterruptStatus / 4] = 1;
        _machine.Hart.Claim = QuietMachine.SlotSource;
        _machine.Interrupt();
        _machine.WriteSlot(VirtioRegister.InterruptAcknowledge, 1);
        return (ushort)(*(ushort*)(_guestUsed + 2) - before);
    }

    private void Describe(uint index, ulong address, uint length, ushort flags, ushort next)
    {
        var descriptor = _machine.Ram(Rings + (16 * index));
        *(ulong*)descriptor = address;
        *(uint*)(descriptor + 8) = length;
        *(ushort*)(descriptor + 12) = flags;
        *(ushort*)(descriptor + 14) = next;
    }
}
