using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

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
    /// <summary>Reads the text form. <c>append=</c> takes the rest of the text, commas included, so it comes last.</summary>
    /// <exception cref="FormatException">The text is not of that form; the message says where.</exception>
    public static GuestSpec Parse(string text)
    {
        string? name = null, kernel = null, initrd = null;
        var append = "";
        ulong? memory = null;
        uint harts = 1;
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
            var end = key == "append" ? rest.Length : rest.IndexOf(',', StringComparison.Ordinal);
            var value = end < 0 ? rest : rest[..end];
            rest = end < 0 || end == rest.Length ? "" : rest[(end + 1)..];
            switch (key)
            {
                case "name": name = value; break;
                case "kernel": kernel = value; break;
                case "initrd": initrd = value; break;
                case "append": append = value; break;
                case "memory": memory = ParseSize(value); break;
                case "harts": harts = ParseNumber(key, value); break;
                case "devices":
                    devices = [];
                    foreach (var slot in value.Split('+', StringSplitOptions.RemoveEmptyEntries))
                    {
                        devices.Add(ParseNumber(key, slot));
                    }

                    break;
                default:
                    throw new FormatException($"unknown key '{key}': the keys are name, kernel, initrd, memory, harts, devices, append");
            }
        }

        return new GuestSpec(
            name ?? throw new FormatException("a guest needs name="),
            kernel ?? throw new FormatException("a guest needs kernel="),
            string.IsNullOrEmpty(initrd) ? null : initrd,
            append,
            memory,
            harts,
            devices);
    }

    /// <summary>Says which file is missing, or null when all are there.</summary>
    public string? MissingFile() =>
        !File.Exists(Kernel) ? Kernel : Initrd is not null && !File.Exists(Initrd) ? Initrd : null;

    /// <summary>Reads a size in bytes with an optional K, M or G.</summary>
    /// <exception cref="FormatException">It is not a size.</exception>
    public static ulong ParseSize(string text)
    {
        var shift = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        var digits = shift == 0 ? text : text[..^1];
        if (!ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            || value == 0 || value > ulong.MaxValue >> shift)
        {
            throw new FormatException($"'{text}' is no size: write bytes, or a number with K, M or G");
        }

        return value << shift;
    }

    private static uint ParseNumber(string key, string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"{key}: '{text}' is no number");
}
