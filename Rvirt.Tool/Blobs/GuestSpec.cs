using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Blobs;

/// <summary>One guest as a person describes it: <c>name=a,kernel=Image,initrd=initrd,memory=512M,devices=7+6,append=console=ttyS0</c>.</summary>
/// <param name="Name">The label that its console lines carry.</param>
/// <param name="Kernel">Path of an ELF or a flat Image.</param>
/// <param name="Initrd">Path of its initial RAM disk, if it has one.</param>
/// <param name="Append">Its command line.</param>
/// <param name="Memory">Its RAM in bytes; null is an equal share of what is left.</param>
/// <param name="Harts">How many virtual harts it has.</param>
/// <param name="Devices">Host virtio-mmio slots handed to it; in the order of its own slots; null or empty is none.</param>
public sealed record GuestSpec(
    string Name,
    string Kernel,
    string? Initrd,
    string Append,
    ulong? Memory,
    uint Harts,
    IReadOnlyList<uint>? Devices)
{
    /// <summary>What it gets of the host's harts compared with others, where guests share them.</summary>
    public uint Share { get; init; } = 100;

    /// <summary>Whether each of its harts has one of the host's to itself.</summary>
    public bool Pinned { get; init; }

    /// <summary>Whether it starts with the machine.</summary>
    public bool Autostart { get; init; } = true;

    /// <summary>Path of a file of whole sectors that its disk in memory begins with at each start; null: it has no such disk.</summary>
    public string? RamDisk { get; init; }

    /// <summary>Where its network card leads: "wire", "private", or null for no card.</summary>
    public string? Network { get; init; }

    /// <summary>The address of its network card, six bytes as 52:54:00:72:76:01; null for one of its own.</summary>
    public string? Mac { get; init; }

    /// <summary>Label of a partition of the host's disk that is its disk; null: it has no such disk.</summary>
    public string? Disk { get; init; }

    /// <summary>Whether it may only read that disk.</summary>
    public bool DiskReadOnly { get; init; }

    /// <summary>Whether RAM is kept for a snapshot of it.</summary>
    public bool Snapshot { get; init; }

    /// <summary>Reads the text form. <c>append=</c> takes the rest of the text, commas included, so it comes last; in other values two commas are one.</summary>
    /// <exception cref="FormatException">The text is not of that form; the message says where.</exception>
    public static GuestSpec Parse(string text)
    {
        string? name = null, kernel = null, initrd = null, ramDisk = null, network = null, mac = null, disk = null;
        var append = "";
        ulong? memory = null;
        uint harts = 1, share = 100;
        bool pinned = false, diskReadOnly = false, autostart = true, snapshot = false;
        List<uint>? devices = null;
        var rest = text;
        while (rest.Length > 0)
        {
            var equals = rest.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? rest : rest[..equals];
            if (equals < 0)
            {
                throw new FormatException($"'{key}' has no value: a guest is KEY=VALUE,KEY=VALUE,...");
            }

            rest = rest[(equals + 1)..];
            var end = key == "append" ? rest.Length : EndOfValue(rest);
            var value = key == "append" ? rest : rest[..end].Replace(",,", ",", StringComparison.Ordinal);
            rest = end == rest.Length ? "" : rest[(end + 1)..];
            switch (key)
            {
                case "name": name = value; break;
                case "kernel": kernel = value; break;
                case "initrd": initrd = value; break;
                case "ramdisk": ramDisk = value; break;
                case "disk": disk = value; break;
                case "disk-readonly": diskReadOnly = ParseFlag(key, value); break;
                case "append": append = value; break;
                case "memory": memory = Sizes.ParseMemory(key, value); break;
                case "harts": harts = ParseNumber(key, value); break;
                case "share": share = ParseNumber(key, value); break;
                case "pinned": pinned = ParseFlag(key, value); break;
                case "autostart": autostart = ParseFlag(key, value); break;
                case "snapshot": snapshot = ParseFlag(key, value); break;
                case "network": network = value is "wire" or "private" ? value : throw new FormatException($"network: '{value}' is neither wire nor private"); break;
                case "mac": mac = ParseMac(value); break;
                case "devices":
                    devices = [];
                    foreach (var slot in value.Split('+', StringSplitOptions.RemoveEmptyEntries))
                    {
                        devices.Add(ParseNumber(key, slot));
                    }

                    break;
                default:
                    throw new FormatException($"unknown key '{key}': the keys are name, kernel, initrd, memory, harts, share, pinned, autostart, snapshot, devices, ramdisk, network, mac, disk, disk-readonly, append");
            }
        }

        return new GuestSpec(
            name ?? throw new FormatException("a guest needs name="),
            kernel ?? throw new FormatException("a guest needs kernel="),
            string.IsNullOrEmpty(initrd) ? null : initrd,
            append,
            memory,
            harts,
            devices)
        {
            Share = share,
            Pinned = pinned,
            Autostart = autostart,
            Snapshot = snapshot,
            Disk = disk,
            DiskReadOnly = diskReadOnly,
            RamDisk = string.IsNullOrEmpty(ramDisk) ? null : ramDisk,
            Network = network,
            Mac = mac,
        };
    }

    /// <summary>Says which file is missing, or null when all are there.</summary>
    public string? MissingFile() =>
        !File.Exists(Kernel) ? Kernel
        : Initrd is not null && !File.Exists(Initrd) ? Initrd
        : RamDisk is not null && !File.Exists(RamDisk) ? RamDisk
        : null;

    /// <summary>The next comma that stands alone; two are one comma of the value.</summary>
    private static int EndOfValue(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != ',')
            {
                continue;
            }

            if (i + 1 == text.Length || text[i + 1] != ',')
            {
                return i;
            }

            i++;
        }

        return text.Length;
    }

    private static string ParseMac(string text) =>
        text.Split(':') is { Length: 6 } bytes && Array.TrueForAll(bytes, part => part.Length == 2 && char.IsAsciiHexDigit(part[0]) && char.IsAsciiHexDigit(part[1]))
            ? text
            : throw new FormatException($"mac: '{text}' is not six bytes like 52:54:00:72:76:01");

    private static bool ParseFlag(string key, string text) => text switch
    {
        "0" => false,
        "1" => true,
        _ => throw new FormatException($"{key}: '{text}' is not 0 or 1"),
    };

    private static uint ParseNumber(string key, string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"{key}: '{text}' is no number");
}
