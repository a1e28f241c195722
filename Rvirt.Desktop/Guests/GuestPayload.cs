using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Core.Memory;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;
using Rvirt.Reference.Firmware;

namespace Rvirt.Desktop.Guests;

/// <summary>
/// What a guest is made of, the same on a bare machine, where firmware starts it, and under the hypervisor, which is handed it in a
/// description of guests.
/// </summary>
/// <param name="Kernel">An ELF, a flat Image or flat code.</param>
public sealed record GuestPayload(byte[] Kernel)
{
    /// <summary>Where RAM starts, and programs that say nothing else.</summary>
    public const ulong RamBase = Machine.DefaultRamBase;

    /// <summary>The label that its console lines carry; null: guest and its number.</summary>
    public string? Name { get; init; }

    /// <summary>Initial RAM disk; empty for none.</summary>
    public byte[] Initrd { get; init; } = [];

    /// <summary>Kernel command line.</summary>
    public string Arguments { get; init; } = "";

    /// <summary>Bytes of its RAM under the hypervisor, a multiple of 2 MiB.</summary>
    public ulong Memory { get; init; } = 16 << 20;

    /// <summary>The host's virtio devices that are its, counted by address; null: all of them where it is the only guest, else none.</summary>
    public IReadOnlyList<uint>? Slots { get; init; }

    /// <summary>Where its network card leads, as a description has it: "private", or "" for the wire; null: it has none.</summary>
    public string? Network { get; init; }

    /// <summary>What it gets of the host's harts compared with others, where guests share them.</summary>
    public uint Share { get; init; } = 100;

    /// <summary>How many virtual harts it has.</summary>
    public uint Harts { get; init; } = 1;

    /// <summary>Whether it has a hart of the host to itself.</summary>
    public bool Pinned { get; init; }

    /// <summary>Whether it starts with the machine.</summary>
    public bool Autostart { get; init; } = true;

    /// <summary>Whether RAM is kept for a snapshot of it.</summary>
    public bool Snapshot { get; init; }

    /// <summary>A program of assembly.</summary>
    /// <param name="source">Its text.</param>
    /// <param name="address">Where it is loaded and entered.</param>
    public static GuestPayload Program(string source, ulong address = RamBase) => new(ElfBuilder.Program(Assembler.Assemble(source, address), address));

    /// <summary>The description of guests in which the hypervisor is handed them (docs/guests.md).</summary>
    public static byte[] Pack(IReadOnlyList<GuestPayload> guests)
    {
        const int RoomForNames = 4096;
        var blob = new byte[guests.Sum(guest => guest.Kernel.Length + guest.Initrd.Length + guest.Arguments.Length + RoomForNames) + RoomForNames];
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        writer.StringProperty("compatible"u8, "rvirt,guests"u8);
        writer.Property("#address-cells"u8, 1u);
        writer.Property("#size-cells"u8, 0u);
        for (var i = 0; i < guests.Count; i++)
        {
            var guest = guests[i];
            writer.BeginNode("guest"u8, (ulong)i);
            writer.StringProperty("compatible"u8, "rvirt,guest"u8);
            writer.Property("reg"u8, (uint)i);
            writer.StringProperty("label"u8, Encoding.ASCII.GetBytes(guest.Name ?? string.Create(CultureInfo.InvariantCulture, $"guest{i}")));
            writer.Property("kernel"u8, guest.Kernel);
            if (guest.Initrd.Length != 0)
            {
                writer.Property("initrd"u8, guest.Initrd);
            }

            writer.StringProperty("bootargs"u8, Encoding.ASCII.GetBytes(guest.Arguments));
            writer.Property("memory"u8, guest.Memory);
            writer.Property("harts"u8, guest.Harts);
            writer.Property("share"u8, guest.Share);
            writer.Property("pinned"u8, guest.Pinned ? 1u : 0);
            writer.Property("autostart"u8, guest.Autostart ? 1u : 0);
            writer.Property("snapshot"u8, guest.Snapshot ? 1u : 0);
            if (guest.Slots is { } slots)
            {
                writer.Property("devices"u8, slots.ToArray());
            }

            if (guest.Network is { } network)
            {
                writer.Property("network"u8, network.Length == 0 ? [] : Encoding.ASCII.GetBytes(network + "\0"));
            }

            writer.EndNode();
        }

        writer.EndNode();
        var error = writer.Finish(out var length);
        return error == FdtWriteError.None ? blob[..length] : throw new InvalidOperationException($"the guests cannot be described: {error}");
    }

    /// <summary>Loads the payload into a bare machine as a boot loader does, and starts it in S-mode.</summary>
    /// <param name="machine">The machine, its virtio devices attached; all its RAM is the payload's.</param>
    /// <returns>The firmware it runs above.</returns>
    public unsafe MinimalSbi StartOn(Machine machine)
    {
        // SAFETY: the file stays in place for as long as it is read, which is in here.
        fixed (byte* file = Kernel)
        {
            var memory = new GuestMemory(machine.RamBase, machine.RamSize, machine.RamBase, machine.Ram);
            Check(KernelImage.Check(file, (ulong)Kernel.Length, machine.RamBase, machine.RamSize, out var kernel));
            Check(GuestLayout.Place(kernel, machine.RamBase, machine.RamSize, (ulong)Initrd.Length, MachineTree.MaximumLength, out var layout));
            if (!kernel.Load(memory))
            {
                throw new InvalidOperationException("a checked payload does not load");
            }

            if (Initrd.Length != 0)
            {
                machine.Load(layout.Initrd, Initrd);
            }

            MachineTree.Write(machine, layout.DeviceTree, layout.Initrd, Initrd.Length, Arguments);
            return MinimalSbi.Start(machine, kernel.Entry, layout.DeviceTree);
        }
    }

    private static void Check(ImageError error)
    {
        if (error != ImageError.None)
        {
            throw new InvalidOperationException(Encoding.ASCII.GetString(ImageErrorText.Of(error)));
        }
    }
}
