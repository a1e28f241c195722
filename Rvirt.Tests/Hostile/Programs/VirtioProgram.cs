using System;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Mediated;

namespace Rvirt.Tests.Hostile.Programs;

/// <summary>Virtio queues as no driver has them. After each the device is reset and must serve an honest request.</summary>
internal sealed class VirtioProgram
{
    private const ulong Slot = GuestMap.Virtio;
    private const uint Size = 8;
    private const ulong Descriptors = 0x8060_0000;
    private const ulong Available = Descriptors + (16 * Size);
    private const ulong Used = Descriptors + 0x1000;
    private const ulong Table = 0x8068_0000;
    private const ulong Buffer = 0x8070_0000;
    private const ulong End = GuestProgram.RamEnd;
    private const uint Next = 1;
    private const uint Write = 2;
    private const uint Indirect = 4;
    private const uint NeedsReset = 0x40;

    private readonly Script _script = new();
    private readonly uint _version;

    private VirtioProgram(uint version) => _version = version;

    public static GuestProgram Build(uint version)
    {
        var program = new VirtioProgram(version);
        program.Chains();
        program.Tables();
        program.Rings();
        program.Moments();
        return program._script.Build("virtio-" + (version == 1 ? "legacy" : "modern"), version);
    }

    /// <summary>Two honest requests, of three buffers in a row and in an indirect table, and what <see cref="Finish"/> adds to each.</summary>
    public static GuestProgram BuildHonest(uint version)
    {
        var program = new VirtioProgram(version);
        Descriptor[] buffers = [new(0, Buffer, 16, Next | Write, 1), new(1, Buffer + 64, 16, Next | Write, 2), new(2, Buffer + 128, 16, Write, 0)];
        program.Chain("a chain", false, buffers);
        program.Indirection("a table", false, (Table, 48, Indirect), buffers);
        return program._script.Build("virtio-honest", version);
    }

    /// <summary>Descriptors that the requests of <see cref="BuildHonest"/> make the device read.</summary>
    public const int HonestDescriptors = 3 + 1 + 1 + 3 + 1;

    /// <summary>Chains that they make available.</summary>
    public const int HonestChains = 4;

    /// <summary>Whether a guest physical address lies in one of the descriptor tables.</summary>
    public static bool IsDescriptor(ulong address) => address - Descriptors < 16 * Size || address - Table < 16 * Size;

    /// <summary>Whether it lies in the entries of the available ring.</summary>
    public static bool IsHead(ulong address) => address - (Available + 4) < 2 * Size;

    private void Chains()
    {
        Chain("two that loop", true, new Descriptor(0, Buffer, 16, Next | Write, 1), new Descriptor(1, Buffer, 16, Next | Write, 0));
        Chain("one that loops", true, new Descriptor(0, Buffer, 16, Next | Write, 0));
        Chain("next out of range", true, new Descriptor(0, Buffer, 16, Next | Write, Size));
        Chain("next far out of range", true, new Descriptor(0, Buffer, 16, Next | Write, 0xffff));
        Chain("empty", true, new Descriptor(0, Buffer, 0, Write, 0));
        Chain("read after write", true, new Descriptor(0, Buffer, 16, Next | Write, 1), new Descriptor(1, Buffer + 64, 16, 0, 0));
        foreach (var address in new ulong[]
        {
            0, 0x1000, GuestMap.Plic, GuestMap.Uart, Slot, GuestProgram.RamBase - 64, GuestProgram.RamBase - 1, End - 63, End, End + 0x1000, 0x8200_0000, 0x8300_0000,
            1UL << 32, 1UL << 56, ulong.MaxValue - 63, ulong.MaxValue - 31, ulong.MaxValue,
        })
        {
            Chain($"buffer at {address:x}", true, new Descriptor(0, address, 64, Write, 0));
        }

        foreach (var length in new uint[] { (uint)(End - Buffer) + 1, int.MaxValue, 0x8000_0000, uint.MaxValue })
        {
            Chain($"{length:x} bytes", true, new Descriptor(0, Buffer, length, Write, 0));
        }

        Chain("second out of range", true, new Descriptor(0, Buffer, 64, Next | Write, 1), new Descriptor(1, End, 64, Write, 0));
        Chain("up to the last byte", false, new Descriptor(0, End - 64, 64, Write, 0));
        Chain("the same buffer twice", false, new Descriptor(0, Buffer, 64, Next | Write, 1), new Descriptor(1, Buffer, 64, Write, 0));
        Chain("the descriptors themselves", false, new Descriptor(0, Descriptors, 16 * Size, Write, 0));
    }

    private void Tables()
    {
        Indirection("table", false, (Table, 32, Indirect), new Descriptor(0, Buffer, 16, Next | Write, 1), new Descriptor(1, Buffer, 16, Write, 0));
        Indirection("table in a table", true, (Table, 32, Indirect), new Descriptor(0, Table + 64, 16, Indirect, 0));
        Indirection("table that loops", true, (Table, 32, Indirect), new Descriptor(0, Buffer, 16, Next | Write, 1), new Descriptor(1, Buffer, 16, Next | Write, 0));
        Indirection("table left", true, (Table, 32, Indirect), new Descriptor(0, Buffer, 16, Next | Write, 2), new Descriptor(2, Buffer, 16, Write, 0));
        Indirection("table with a next", true, (Table, 32, Indirect | Next), new Descriptor(0, Buffer, 16, Write, 0));
        Indirection("no table", true, (Table, 0, Indirect), new Descriptor(0, Buffer, 16, Write, 0));
        Indirection("half an entry", true, (Table, 24, Indirect), new Descriptor(0, Buffer, 16, Write, 0));
        Indirection("misaligned table", true, (Table + 4, 32, Indirect));
        Indirection("table larger than the host's queue", true, (Table, 16 * (MediatedQueue.HostSizeMax + 1), Indirect), new Descriptor(0, Buffer, 16, Write, 0));
        Indirection("table of all bytes", true, (Table, uint.MaxValue & ~15u, Indirect), new Descriptor(0, Buffer, 16, Write, 0));
        foreach (var address in new ulong[] { 0, GuestMap.Plic, GuestProgram.RamBase - 16, End - 16, End, 0x8200_0000, ulong.MaxValue - 15 })
        {
            Indirection($"table at {address:x}", true, (address, 32, Indirect));
        }

        Begin("table not agreed on", indirect: false);
        Describe(Descriptors, 0, Table, 16, Indirect, 0);
        Describe(Table, 0, Buffer, 16, Write, 0);
        Publish(0);
        Finish(true);
    }

    private void Rings()
    {
        foreach (var head in new ushort[] { (ushort)Size, 0x7fff, 0xffff })
        {
            Begin($"head {head:x}");
            Describe(Descriptors, 0, Buffer, 16, Write, 0);
            Publish(head);
            Finish(true);
        }

        foreach (var jump in new ushort[] { (ushort)(Size + 1), 0x8000, 0xffff })
        {
            Begin($"available index {jump:x}");
            _script.Store(Available + 2, jump, 2);
            Notify(0);
            Finish(true);
        }

        foreach (var size in new uint[] { 0, 3, 2 * MediatedQueue.GuestSizeMax, 0x1_0000, 0x1_0008, 0x8000_0000, uint.MaxValue })
        {
            Begin($"size {size:x}", size: size);
            Finish(true);
        }

        if (_version == 1)
        {
            LegacyPlaces();
            return;
        }

        foreach (var register in new[] { VirtioRegister.QueueDescriptorsLow, VirtioRegister.QueueAvailableLow, VirtioRegister.QueueUsedLow })
        {
            foreach (var address in new ulong[] { 0, GuestMap.Plic, Descriptors + 1, GuestProgram.RamBase - 16, End - 4, End, 0x8200_0000, 1UL << 63, ulong.MaxValue - 15 })
            {
                Begin($"ring {register:x} at {address:x}", spoilt: (register, address));
                Finish(true);
            }
        }
    }

    private void LegacyPlaces()
    {
        foreach (var (name, pageSize, align, page, broken) in new (string, uint, uint, uint, bool)[]
        {
            ("page 1", 4096, 4096, 1, true), ("page behind RAM", 4096, 4096, (uint)(End >> 12), true), ("last page", 4096, 4096, (uint)(End >> 12) - 1, true),
            ("largest page", 4096, 4096, uint.MaxValue, true), ("pages of 0 bytes", 0, 4096, 1, true), ("pages of 2 GiB", 0x8000_0000, 4096, uint.MaxValue, true),
            ("pages of 3 bytes", 3, 4096, (uint)(Descriptors >> 12), true), ("no alignment", 4096, 0, (uint)(Descriptors >> 12), true),
            ("alignment 3", 4096, 3, (uint)(Descriptors >> 12), true), ("alignment of 2 GiB", 4096, 0x8000_0000, (uint)(Descriptors >> 12), true),
        })
        {
            _script.Text(name + " ");
            Negotiate(true);
            Register(VirtioRegister.GuestPageSize, pageSize);
            Register(VirtioRegister.QueueSelect, 0);
            Register(VirtioRegister.QueueSize, Size);
            Register(VirtioRegister.QueueAlign, align);
            Register(VirtioRegister.QueuePageNumber, page);
            Register(VirtioRegister.Status, 7);
            Notify(0);
            Finish(broken);
        }
    }

    // Notifications before anything is set up, after it is gone, of queues that are not there; registers in the wrong order.
    private void Moments()
    {
        foreach (var queue in new uint[] { 0, 1, 7, 8, 0xffff, 0x8000_0000, uint.MaxValue })
        {
            _script.Text($"notify {queue:x} ");
            Register(VirtioRegister.Status, 0);
            Notify(queue);
            Negotiate(true);
            Notify(queue);
            Finish(false);
        }

        _script.Text("notify before DRIVER_OK ");
        Negotiate(true);
        Place(Size);
        Describe(Descriptors, 0, Buffer, 16, Write, 0);
        Publish(0);
        Finish(false);

        Begin("notify after a reset");
        Describe(Descriptors, 0, Buffer, 16, Write, 0);
        Register(VirtioRegister.Status, 0);
        Publish(0);
        _script.Text("used ").Load(Used + 2, 2, 0);
        Finish(false);

        Begin("notify a broken queue");
        _script.Store(Available + 2, 0x8000, 2);
        Notify(0);
        Notify(0);
        Register(VirtioRegister.Status, 15);
        Describe(Descriptors, 0, Buffer, 16, Write, 0);
        _script.Store(Available + 2, 1, 2);
        Notify(0);
        _script.Text("used ").Load(Used + 2, 2, 0);
        Finish(true);

        Begin("queues that are not there");
        foreach (var queue in new uint[] { 1, 7, 8, 0x1_0000, uint.MaxValue })
        {
            Register(VirtioRegister.QueueSelect, queue);
            foreach (var register in new uint[] { 0x38, 0x3c, 0x40, 0x44, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4 })
            {
                Register(register, uint.MaxValue);
            }

            _script.Load(Slot + VirtioRegister.QueueSizeMax, 4, 0);
        }

        Finish(false);

        if (_version == 2)
        {
            _script.Text("features that were not offered ");
            Register(VirtioRegister.Status, 0);
            Register(VirtioRegister.Status, 3);
            foreach (var half in new uint[] { 0, 1, 2, uint.MaxValue })
            {
                Register(VirtioRegister.DriverFeaturesSelect, half);
                Register(VirtioRegister.DriverFeatures, uint.MaxValue);
            }

            Register(VirtioRegister.Status, 11);
            _script.Load(Slot + VirtioRegister.Status, 4, 3);
            Finish(false);
        }
    }

    private void Chain(string name, bool broken, params ReadOnlySpan<Descriptor> chain)
    {
        Begin(name);
        foreach (var (index, address, length, flags, next) in chain)
        {
            Describe(Descriptors, index, address, length, flags, next);
        }

        Publish(0);
        Served(broken);
        Finish(broken);
    }

    private void Indirection(
        string name, bool broken, (ulong Address, uint Length, uint Flags) head, params ReadOnlySpan<Descriptor> table)
    {
        Begin(name);
        Describe(Descriptors, 0, head.Address, head.Length, head.Flags, 0);
        foreach (var (index, address, length, flags, next) in table)
        {
            Describe(Table, index, address, length, flags, next);
        }

        Publish(0);
        Served(broken);
        Finish(broken);
    }

    private void Served(bool broken)
    {
        if (!broken)
        {
            _script.Await(Used + 2, 1);
        }

        _script.Text("used ").Load(Used + 2, 2, broken ? 0UL : 1);
    }

    private void Begin(string name, bool indirect = true, uint size = Size, (uint Register, ulong Address)? spoilt = null)
    {
        _script.Text(name + " ").Fill(Descriptors, 0, 0x400).Fill(Table, 0, 64);
        Negotiate(indirect);
        Place(size, spoilt);
        Register(VirtioRegister.Status, _version == 2 ? 15u : 7);
    }

    private void Negotiate(bool indirect)
    {
        Register(VirtioRegister.Status, 0);
        Register(VirtioRegister.Status, 1);
        Register(VirtioRegister.Status, 3);
        Register(VirtioRegister.DriverFeaturesSelect, 1);
        Register(VirtioRegister.DriverFeatures, _version == 2 ? 1u : 0);
        Register(VirtioRegister.DriverFeaturesSelect, 0);
        Register(VirtioRegister.DriverFeatures, indirect ? 1u << 28 : 0);
        if (_version == 2)
        {
            Register(VirtioRegister.Status, 11);
        }
        else
        {
            Register(VirtioRegister.GuestPageSize, 4096);
        }
    }

    private void Place(uint size, (uint Register, ulong Address)? spoilt = null)
    {
        Register(VirtioRegister.QueueSelect, 0);
        Register(VirtioRegister.QueueSize, size);
        if (_version == 1)
        {
            Register(VirtioRegister.QueueAlign, 4096);
            Register(VirtioRegister.QueuePageNumber, (uint)(Descriptors >> 12));
            return;
        }

        foreach (var (register, place) in new[]
        {
            (VirtioRegister.QueueDescriptorsLow, Descriptors), (VirtioRegister.QueueAvailableLow, Available), (VirtioRegister.QueueUsedLow, Used),
        })
        {
            var address = spoilt?.Register == register ? spoilt.Value.Address : place;
            Register(register, (uint)address);
            Register(register + 4, (uint)(address >> 32));
        }

        Register(VirtioRegister.QueueReady, 1);
    }

    // What came of it, then a reset and an honest request.
    private void Finish(bool broken)
    {
        _script.Text(" reset ").Load(Slot + VirtioRegister.Status, 4, broken ? NeedsReset : 0, NeedsReset);
        _script.Text(" told ").Load(Slot + VirtioRegister.InterruptStatus, 4, broken ? 2UL : 0, 2);
        _script.Fill(Descriptors, 0, 0x400);
        Negotiate(true);
        Place(Size);
        Register(VirtioRegister.Status, _version == 2 ? 15u : 7);
        Describe(Descriptors, 3, Buffer, 64, Write, 0);
        Publish(3);
        _script.Await(Used + 2, 1).Text(" served ").Load(Used + 2, 2, 1).Load(Used + 4, 4, 3);
        Register(VirtioRegister.InterruptAcknowledge, 3);
        Register(VirtioRegister.Status, 0);
        _script.Send();
    }

    private void Describe(ulong table, uint index, ulong address, uint length, uint flags, uint next) => _script
        .Store(table + (16 * index), address)
        .Store(table + (16 * index) + 8, length | ((ulong)flags << 32) | ((ulong)next << 48));

    private void Publish(ushort head)
    {
        _script.Store(Available + 4, head, 2).Store(Available + 2, 1, 2);
        Notify(0);
    }

    private void Notify(uint queue) => Register(VirtioRegister.QueueNotify, queue);

    private void Register(uint register, uint value) => _script.Store(Slot + register, value, 4);
}
