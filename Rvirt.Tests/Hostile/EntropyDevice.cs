using System;
using System.Collections.Generic;
using Rvirt.Devices.Virtio;
using Rvirt.Reference;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Hostile;

/// <summary>
/// A virtio entropy device of the reference machine, with the one queue of QEMU's. It touches only the guest's RAM and the rings that the
/// hypervisor made for it; told anything else, it ends the test. So does a guest that reaches its registers by itself.
/// </summary>
internal sealed unsafe class EntropyDevice : IDevice, IDeviceBoard
{
    public const ulong Address = 0x1000_1000;
    private const int Source = 1;
    private readonly Machine _machine;
    private readonly List<(ulong Start, ulong Length)> _allowed = [];

    public EntropyDevice(Machine machine, uint version)
    {
        _machine = machine;
        Device = new FakeVirtioDevice(this, Address, Source, version, VirtioKind.Entropy, queues: 1) { Serve = Fill };
        machine.Attach(Address, 0x200, this);
    }

    public FakeVirtioDevice Device { get; }

    public void Allow(ulong start, ulong length) => _allowed.Add((start, length));

    public byte* Dma(ulong address, ulong length)
    {
        foreach (var (start, bytes) in _allowed)
        {
            if (address >= start && address - start < bytes && length <= bytes - (address - start))
            {
                return _machine.Ram + (address - _machine.RamBase);
            }
        }

        throw new InvalidOperationException($"the device was told to touch {length} bytes at 0x{address:x}");
    }

    public void SetLine(uint source, bool high) => _machine.Plic.SetLine((int)source, high);

    public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
    {
        Check(hart);
        value = Device.Read((uint)offset, size);
        return true;
    }

    public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
    {
        Check(hart);
        Device.Write((uint)offset, size, value);
        return true;
    }

    private static void Check(Hart? hart)
    {
        if (hart is { Mode: PrivilegeLevel.User })
        {
            throw new InvalidOperationException("the guest reached a register of the host");
        }
    }

    private int Fill(uint queue, byte[] readable, List<(ulong Address, uint Length)> writable)
    {
        var written = 0;
        foreach (var (address, length) in writable)
        {
            new Span<byte>(Dma(address, length), (int)length).Fill(0x5a);
            written += (int)length;
        }

        return written;
    }
}
