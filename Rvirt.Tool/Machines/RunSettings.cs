using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Machines;

/// <summary>The settings of <c>make qemu</c> and <c>make qemu-gdb</c>, judged.</summary>
public sealed record RunSettings
{
    /// <summary>The settings of <c>make qemu</c>, with what they mean.</summary>
    public static readonly IReadOnlyList<(string Name, string Help)> All =
    [
        (HostBoard.Setting, "virt or unleashed: the board that QEMU is (default virt)."),
        ("FIRMWARE", "stub or sbi: Rvirt with its own machine-mode part (default), or above OpenSBI."),
        ("GUESTS", "1 to 4: that many guests, each with a disk, a network."),
        ("VCPUS", "1 to 8: harts of each guest, each with one of the machine (default 1)."),
        (Machines.Suite.Setting, "trixie, forky or sid: the suite of Debian that the guest is made of (default trixie)."),
        ("KERNEL", "Your own kernel or other S-mode payload: an ELF, a flat Image, or a blob of guests."),
        ("INITRD", "Its initial RAM disk."),
        ("APPEND", "Its command line (default console=ttyS0)."),
        ("DISK", "A raw disk for the first guest (default: a copy of the built root disk); with BOARD=unleashed the SD card, with partitions rvirt.g0, rvirt.g1, ..."),
        ("MEMORY", "RAM of each guest (default 512M)."),
        ("NATIVE", "1: the same guest straight on QEMU, without Rvirt."),
        ("SSH_PORT", "Port of the first guest on 127.0.0.1 (default 10001)."),
        ("QEMU_EXTRA", "Further options of QEMU."),
    ];

    /// <summary>Those of <c>make debian</c>: what a distribution with a disk of its own leaves open.</summary>
    public static readonly IReadOnlyList<string> NamesOfDistribution = ["FIRMWARE", "GUESTS", "VCPUS", "APPEND", "MEMORY", "NATIVE", "SSH_PORT", "QEMU_EXTRA"];

    /// <summary>Those of <c>make fit</c> and <c>make sdcard</c>: what is for the HiFive Unleashed itself leaves open.</summary>
    public static readonly IReadOnlyList<string> NamesOfCard = ["GUESTS", "VCPUS", Machines.Suite.Setting, "KERNEL", "INITRD", "APPEND", "MEMORY"];

    /// <summary>Their names.</summary>
    public static readonly IReadOnlyList<string> Names = [.. All.Select(setting => setting.Name)];

    /// <summary>The setting that <c>make qemu-gdb</c> has besides.</summary>
    public const string DebuggerPort = "GDB_PORT";

    /// <summary>The board that QEMU is.</summary>
    public HostBoard Board { get; private init; } = HostBoard.Virt;

    /// <summary>Above OpenSBI instead of our own machine-mode part.</summary>
    public bool OverFirmware { get; private init; }

    /// <summary>How many guests.</summary>
    public int Guests { get; private init; }

    /// <summary>How many harts each guest has.</summary>
    public int Harts { get; private init; }

    /// <summary>The suite of Debian that guests are made of.</summary>
    public string Suite { get; private init; } = Machines.Suite.Pinned;

    /// <summary>The user's own kernel, or null for Debian's.</summary>
    public string? Kernel { get; private init; }

    /// <summary>The user's own initial RAM disk.</summary>
    public string? Initrd { get; private init; }

    /// <summary>The command line.</summary>
    public string Append { get; private init; } = "";

    /// <summary>Guests have the disk of <c>make debian</c> and keep what they write.</summary>
    public bool IsDistribution { get; private init; }

    /// <summary>The guests are for the board itself, whose network gives them addresses as it likes.</summary>
    public bool IsForBoard { get; private init; }

    /// <summary>The user's own disk for the first guest.</summary>
    public string? Disk { get; private init; }

    /// <summary>RAM of each guest in bytes.</summary>
    public ulong Memory { get; private init; }

    /// <summary>Without Rvirt.</summary>
    public bool Native { get; private init; }

    /// <summary>The SSH port of the first guest.</summary>
    public int Port { get; private init; }

    /// <summary>QEMU's further arguments.</summary>
    public IReadOnlyList<string> Extra { get; private init; } = [];

    /// <summary>The port on which QEMU waits for a debugger, or 0.</summary>
    public int Debugger { get; private init; }

    /// <summary>Whether the kernel is a blob that describes its guests itself.</summary>
    public bool IsBlob { get; private init; }

    /// <summary>Reads and judges them; looks at the files they name.</summary>
    /// <exception cref="FormatException">One is wrong; the message names it.</exception>
    public static RunSettings Read(Setting settings, bool debug) => Read(settings, debug, isDistribution: false);

    /// <summary>Reads and judges the settings of <c>make debian</c>, and no others.</summary>
    /// <exception cref="FormatException">One is wrong; the message names it.</exception>
    public static RunSettings ReadDistribution(Setting settings) => Read(
        new Setting(NamesOfDistribution.Where(name => settings.TextOrEmpty(name) is not null).ToDictionary(name => name, name => settings.TextOrEmpty(name)!)),
        debug: false, isDistribution: true);

    /// <summary>Reads and judges the settings of <c>make fit</c> and <c>make sdcard</c>, and no others.</summary>
    /// <exception cref="FormatException">One is wrong; the message names it.</exception>
    public static RunSettings ReadCard(Setting settings)
    {
        var values = NamesOfCard.Where(name => settings.TextOrEmpty(name) is not null).ToDictionary(name => name, name => settings.TextOrEmpty(name)!);
        values.Add(HostBoard.Setting, "unleashed");
        return Read(new Setting(values), debug: false, isDistribution: false) with { IsForBoard = true };
    }

    private static RunSettings Read(Setting settings, bool debug, bool isDistribution)
    {
        var board = HostBoard.Read(settings);
        var guests = settings.Number("GUESTS", 1, 1, 4, board.HasVirtio ? "QEMU's virt board has eight virtio slots" : "the board has four harts for guests");
        var harts = settings.Number("VCPUS", 1, 1, GuestBlob.MaximumHarts, "harts of each guest");
        var usable = board.HasVirtio ? HostDescription.MaximumHarts : 4;
        if (guests * harts > usable)
        {
            throw new FormatException($"VCPUS: {guests} guests of {harts} harts need more than the {usable} harts that Rvirt uses there");
        }

        var native = settings.Switch("NATIVE");
        if (native && !board.HasVirtio)
        {
            throw new FormatException($"NATIVE is for {HostBoard.Setting}=virt: the guest has no drivers for the devices of QEMU's {board.Machine}");
        }

        if (native && guests != 1)
        {
            throw new FormatException("NATIVE=1 runs one guest");
        }

        var kernel = ReadableFile(settings, "KERNEL");
        var initrd = ReadableFile(settings, "INITRD");
        var isBlob = kernel is not null && !native && StartsAsTree(kernel);
        if (isBlob && initrd is not null)
        {
            throw new FormatException("INITRD: the blob that KERNEL names brings its own");
        }

        return new RunSettings
        {
            Board = board,
            OverFirmware = settings.Choice("FIRMWARE", "stub", "sbi") == "sbi",
            Guests = guests,
            Harts = harts,
            IsDistribution = isDistribution,
            Suite = Machines.Suite.Read(settings),
            Kernel = kernel,
            Initrd = initrd,
            Append = settings.TextOrEmpty("APPEND") ?? "console=ttyS0",
            Disk = ReadableFile(settings, "DISK"),
            Memory = Sizes.ParseMemory("MEMORY", settings.Text("MEMORY") ?? (isDistribution ? "1G" : "512M")),
            Native = native,
            Port = settings.Number("SSH_PORT", 10001, 1, 65536 - guests, "a port of this machine for the first guest"),
            Extra = Words.Split("QEMU_EXTRA", settings.Text("QEMU_EXTRA") ?? ""),
            Debugger = debug ? settings.Number(DebuggerPort, 1234, 1, 65535, "a port of this machine") : 0,
            IsBlob = isBlob,
        };
    }

    private static string? ReadableFile(Setting settings, string name)
    {
        if (settings.Text(name) is not { } path)
        {
            return null;
        }

        if (Directory.Exists(path))
        {
            throw new FormatException($"{name}: {path} is a folder, not a file");
        }

        try
        {
            using var file = File.OpenRead(path);
            return Path.GetFullPath(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{name}: cannot read {path}");
        }
    }

    /// <summary>Whether a file starts with the magic number of a flattened device tree (Devicetree Specification 0.4 §5.2).</summary>
    private static bool StartsAsTree(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[4];
        return file.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual<byte>([0xd0, 0x0d, 0xfe, 0xed]);
    }
}
