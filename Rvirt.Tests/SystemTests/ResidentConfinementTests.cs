using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// What keeps resident guests in, as a debugger reads it off two harts that run them: PMP is a list of what is allowed, and all else that could lead out is
/// off or traps. The values are by hand, from Privileged spec 1.13 §3.1 and §3.7.
/// </summary>
[Category("System,Image")]
public sealed class ResidentConfinementTests
{
    private const ulong Page = 4096;

    private const string Registers =
        "pmpcfg0 pmpcfg2 pmpaddr0 pmpaddr1 pmpaddr2 pmpaddr3 medeleg mideleg menvcfg mcounteren mstatus mie hedeleg hideleg";

    private readonly List<Dictionary<string, ulong>> _harts = [];

    private (ulong Start, ulong End)[] _guests = [];

    [OneTimeSetUp]
    public void ReadHarts()
    {
        using var folder = new TemporaryFolder();
        var program = BareProgram.Build(folder, "share-payload.S", 0x80200000, "COUNT=1");
        var blob = GuestMachine.PackBlob(folder, [.. Enumerable.Range(0, 2).Select(i => new GuestSpec($"g{i}", program, null, "", 8 << 20, 1, []))]);
        var socket = folder.File("gdb");
        using var qemu = QemuMachine.Start(
            [.. GuestMachine.Rvirt(Firmware.Resident, blob, memory: 256, harts: 2), "-cpu", "rv64,h=on", "-gdb", $"unix:{socket},server=on,wait=off"], TimeSpan.FromSeconds(120));
        qemu.ExpectAnywhere(@"\[g0\] =[0-9a-f]{16}\r?\n", 60);
        qemu.ExpectAnywhere(@"\[g1\] =[0-9a-f]{16}\r?\n", 60);
        UnixSockets.AwaitListener(socket, qemu.Process);
        var prints = Registers.Split(' ').Select(name => $"printf \"{name}=%lx \", ${name}");
        string[] steps = [$"target remote {socket}", .. Enumerable.Range(1, 2).SelectMany(hart => prints.Prepend($"thread {hart}").Append("echo ;")), "detach"];
        var (_, output) = Commands.Run(
            "gdb-multiarch", ["-q", "-batch", "-nx", Repository.Image(Firmware.Resident), .. steps.SelectMany(step => new[] { "-ex", step })], TimeSpan.FromSeconds(90));
        foreach (var hart in output.Split(';')[..^1])
        {
            _harts.Add(Regex.Matches(hart, @"([a-z0-9]+)=([0-9a-f]+) ").ToDictionary(match => match.Groups[1].Value, match => ulong.Parse(match.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        }

        _guests =
        [
            .. Regex.Matches(qemu.Serial, @"hart \d, (\d+) MiB at 0x([0-9a-f]+)").Select(guest => (
                Start: ulong.Parse(guest.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture), Length: ulong.Parse(guest.Groups[1].Value, CultureInfo.InvariantCulture) << 20))
                .Select(guest => (guest.Start, guest.Start + guest.Length)),
        ];
        Assert.That(_harts.Select(hart => string.Join(' ', hart.Keys)), Is.EqualTo([Registers, Registers]), output);
        Assert.That(_guests, Has.Length.EqualTo(2), qemu.Serial);
    }

    /// <summary>Two entries that hold what the entry below each begins, and no others: one to read, write and execute, one to read.</summary>
    [Test]
    public void PMPAllowsTwoRanges() => Assert.Multiple(() =>
    {
        foreach (var hart in _harts)
        {
            Assert.That((hart["pmpcfg0"], hart["pmpcfg2"]), Is.EqualTo((0x0900_0f00UL, 0UL)));
        }
    });

    /// <summary>A page more than its RAM, which is nobody's.</summary>
    [Test]
    public void TheFirstIsTheGuestsOwnRAM() =>
        Assert.That(_harts.Select(Memory).Order(), Is.EqualTo(_guests.Select(guest => (guest.Start, guest.End + Page)).Order()));

    [Test]
    public void TheSecondHasItsTablesAndNothingOfAnybodyElse() => Assert.Multiple(() =>
    {
        var others = _guests.Concat(Image()).ToList();
        foreach (var hart in _harts)
        {
            var (start, end) = Tables(hart);
            Assert.That(others.Where(other => other.Start < end && start < other.End), Is.Empty, $"{start:x} to {end:x}");
            Assert.That(end, Is.GreaterThan(start));
        }

        var (first, second) = (Tables(_harts[0]), Tables(_harts[1]));
        Assert.That(first.End <= second.Start || second.End <= first.Start, "two guests have no table in common");
        Assert.That(_harts.Select(Memory).Any(memory => memory.Start < first.End && first.Start < memory.End), Is.False);
    });

    /// <summary>S-mode takes misaligned accesses, breakpoints and calls of U-mode by itself, and its own interrupts (with the three of virtual machines, which a hart with H never keeps).</summary>
    [Test]
    public void WhatCouldLeadOutTraps() => Assert.Multiple(() =>
    {
        foreach (var hart in _harts)
        {
            Assert.That(hart["medeleg"], Is.EqualTo((1UL << 0) | (1 << 4) | (1 << 6) | (1 << 8)));
            Assert.That(hart["mideleg"], Is.EqualTo(0x1666UL));
            Assert.That((hart["mstatus"] >> 20) & 3, Is.EqualTo(3UL), "TVM and TW");
            Assert.That((hart["mstatus"] >> 17) & 1, Is.Zero, "MPRV");
            Assert.That(hart["menvcfg"], Is.Zero);
            Assert.That(hart["mcounteren"], Is.EqualTo(7UL));
            Assert.That((hart["hedeleg"], hart["hideleg"]), Is.EqualTo((0UL, 0UL)));
            Assert.That(hart["mie"] & 0x888, Is.EqualTo(0x808UL), "other harts and devices interrupt it whatever the guest does; it has set no timer");
        }
    });

    private static (ulong Start, ulong End) Memory(Dictionary<string, ulong> hart) => (hart["pmpaddr0"] << 2, hart["pmpaddr1"] << 2);

    private static (ulong Start, ulong End) Tables(Dictionary<string, ulong> hart) => (hart["pmpaddr2"] << 2, hart["pmpaddr3"] << 2);

    // Where the image lies, from its program headers (ELF-64 object file format).
    private static IEnumerable<(ulong Start, ulong End)> Image()
    {
        var file = File.ReadAllBytes(Repository.Image(Firmware.Resident));
        var headers = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(32));
        for (var i = 0; i < BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(56)); i++)
        {
            var header = file.AsSpan(headers + (56 * i), 56).ToArray();
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == 1)
            {
                var start = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(24));
                yield return (start, start + BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(40)));
            }
        }
    }
}
