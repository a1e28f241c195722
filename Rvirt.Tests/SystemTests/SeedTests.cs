using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.Core.DeviceTree;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Seeds for random numbers (<c>/chosen/rng-seed</c>): each start of each guest has its own, and the host's own bytes are no guest's to find.</summary>
[Category("System,Image")]
public sealed class SeedTests
{
    private const ulong RamBase = 0x8000_0000;

    // QEMU puts its tree below 3 GiB, which is then in the middle of the second guest's RAM, where nothing else comes to lie.
    private const int Megabytes = 1152;
    private const ulong TreeSearched = 0xbfc0_0000, BytesSearched = 4 << 20;
    private const ulong Piece = 64 << 20;
    private static readonly string[] _names = ["first", "second"];

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void TwoStartsOfTwoGuestsHaveFourSeedsAndNowhereTheHosts(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var socket = folder.File("monitor");
        using var qemu = QemuMachine.Start([.. Machine(folder, firmware, _names), "-S", .. QemuMonitor.Arguments(socket)], TimeSpan.FromSeconds(120));
        using var monitor = new QemuMonitor(socket, qemu);
        var host = HostSeed(monitor.Memory(TreeSearched, BytesSearched, folder.File("before")), out var offset);
        Assert.That(host, Has.Length.EqualTo(32));
        monitor.Human("cont");
        ExpectTree(qemu, _names);
        qemu.Send("r");
        ExpectTree(qemu, _names[0]);
        var ranges = GuestRanges(qemu.Serial);
        Assert.That(ranges, Has.Count.EqualTo(2));
        Assert.That(ranges.Any(range => TreeSearched + offset - range.Start < range.Length), "the host's tree lay in what became a guest's RAM");
        foreach (var (start, length) in ranges)
        {
            for (var done = 0UL; done < length; done += Piece)
            {
                var memory = monitor.Memory(start + done, Math.Min(Piece, length - done), folder.File("after"));
                Assert.That(memory.AsSpan().IndexOf(host.AsSpan(0, 8)), Is.EqualTo(-1), "the host's seed in a guest's memory");
            }
        }

        qemu.Send("q");
        qemu.Expect("guest first powered off", 60);
        qemu.Send("r");
        ExpectTree(qemu, _names[1]);
        qemu.Send("q");
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);

        var seeds = _names.SelectMany(name => Trees(qemu.Serial, name)).Select(Seed).ToList();
        Assert.That(seeds, Has.Count.EqualTo(4), qemu.Describe);
        Assert.That(seeds.Select(seed => seed!.Length), Is.All.EqualTo(32));
        Assert.That(seeds.Append(host).Select(seed => Convert.ToHexString(seed!)), Is.Unique);
    }

    /// <summary>QEMU's board always has a seed: firmware between it and Rvirt takes it away.</summary>
    [TestCase("STIMECMP", 32)]
    [TestCase("STIMECMP NO_SEED", 0)]
    public void AHostWithoutASeedGivesItsGuestNone(string defines, int length)
    {
        using var folder = new TemporaryFolder();
        var bios = BareProgram.Build(folder, "bare-firmware.S", RamBase, defines.Split(' '));
        using var qemu = QemuMachine.Start([.. Machine(folder, Firmware.Sbi, _names[0]), "-bios", bios], TimeSpan.FromSeconds(120));
        qemu.Expect(@"end\r?\n", 60);
        qemu.Send("q");
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        Assert.That(Seed(Trees(qemu.Serial, null).Single())?.Length ?? 0, Is.EqualTo(length));
    }

    // The last guest has all memory that the others leave.
    private static IEnumerable<string> Machine(TemporaryFolder folder, Firmware firmware, params string[] names)
    {
        var payload = BareProgram.Build(folder, "tree-payload.S", 0x80200000);
        return GuestMachine.Rvirt(
            firmware, GuestMachine.PackBlob(folder, [.. names.Select(name => new GuestSpec(name, payload, null, "", name == names[^1] ? null : 64UL << 20, 1, []))]), Megabytes, names.Length);
    }

    private static void ExpectTree(QemuMachine qemu, params string[] names)
    {
        // One behind the other, whichever comes first.
        var order = string.Join('|', names.Select(name => $@"\[{name}\] end\r?\n"));
        foreach (var _ in names)
        {
            qemu.Expect(order, 60);
        }
    }

    // From Rvirt's own lines: "hart 0, 64 MiB at 0x80800000".
    private static List<(ulong Start, ulong Length)> GuestRanges(string serial) =>
        [.. Regex.Matches(serial, @"hart \d, (\d+) MiB at 0x([0-9a-f]+)").Select(guest => (
            ulong.Parse(guest.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            ulong.Parse(guest.Groups[1].Value, CultureInfo.InvariantCulture) << 20))];

    private static byte[] HostSeed(byte[] ram, out ulong offset)
    {
        for (var at = 0; at + 40 < ram.Length; at += 8)
        {
            var length = ram.AsSpan(at, 4).SequenceEqual<byte>([0xd0, 0x0d, 0xfe, 0xed]) ? ram[at + 7] | (ram[at + 6] << 8) | (ram[at + 5] << 16) : 0;
            if (length > 40 && length < ram.Length - at && ram.AsSpan(at, length).IndexOf("rng-seed\0"u8) >= 0)
            {
                offset = (ulong)at;
                return Seed(ram[at..(at + length)])!;
            }
        }

        throw new AssertionException("the boot loader has put no tree with a seed into memory");
    }

    // The trees that a guest printed, one for each start. A sole guest's lines bear no name.
    private static IEnumerable<byte[]> Trees(string serial, string? name)
    {
        var label = name is null ? "" : $@"\[{name}\] ";
        var tree = new SortedDictionary<int, byte[]>();
        foreach (Match line in Regex.Matches(serial, $@"^{label}(?:([0-9a-f]{{4}}) ([0-9a-f]{{64}})|end)\r?$", RegexOptions.Multiline))
        {
            if (line.Groups[1].Success)
            {
                tree[int.Parse(line.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)] = Convert.FromHexString(line.Groups[2].Value);
            }
            else
            {
                yield return [.. tree.Values.SelectMany(bytes => bytes)];
                tree.Clear();
            }
        }
    }

    private static byte[]? Seed(byte[] tree)
    {
        var seed = Regex.Match(Tools.Decompile(tree, warnings: false), @"rng-seed = <([^>]*)>");
        return seed.Success
            ? [.. seed.Groups[1].Value.Split(' ').SelectMany(cell => Convert.FromHexString(cell[2..].PadLeft(8, '0')))]
            : null;
    }
}
