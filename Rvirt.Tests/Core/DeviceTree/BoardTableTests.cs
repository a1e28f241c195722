using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Reference.Devices.Virtio;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Core.DeviceTree;

/// <summary>
/// Nothing of the board is missing unnoticed: each node of QEMU's own tree has its row in docs/guests.md, guests have what the rows say, and a
/// node that both have has the same properties.
/// </summary>
internal sealed class BoardTableTests
{
    private static readonly byte[] s_boardTree = Tools.DumpQemu("-smp 2");
    private static readonly List<string> s_board = BoardTable.Nodes(s_boardTree);
    private static readonly List<string> s_guest = BoardTable.Nodes(GuestDeviceTreeTests.Generate(GuestDeviceTreeTests.Describe(2)));

    // What newer versions of QEMU have, and the one here may not.
    private static readonly string[] s_newer = ["/aliases"];

    // QEMU 7.2 has no property that guests miss; these come with what newer versions offer by themselves.
    private static readonly Dictionary<string, string> s_boardsAlone = new()
    {
        ["riscv,cbom-block-size"] = "of Zicbom, which is hidden from guests",
        ["riscv,cbop-block-size"] = "of Zicbop, which guests have where their host has it, and the reference machine has not",
        ["riscv,cboz-block-size"] = "of Zicboz, which is hidden from guests",
    };

    private static readonly Dictionary<string, string> s_guestsAlone = new()
    {
        ["#address-cells"] = "of the harts' interrupt controllers: a tree without is one to warn of (dtc)",
        ["bootargs"] = "the board has it where QEMU is given a command line",
        ["linux,initrd-end"] = "the board has it where QEMU is given an initial RAM disk",
        ["linux,initrd-start"] = "the board has it where QEMU is given an initial RAM disk",
        ["riscv,isa-base"] = "newer versions of QEMU have it, and new kernels look for it",
        ["riscv,isa-extensions"] = "newer versions of QEMU have it, and new kernels look for it",
    };

    private static IEnumerable<string> Rows(bool offered) => BoardTable.Rows.Where(row => row.Value == offered).Select(row => row.Key);

    [Test]
    public void EachNodeOfTheBoardHasARow()
    {
        Assert.That(s_board, Does.Contain("/soc/rtc@101000").And.Contain("/cpus/cpu-map/cluster0/core1"));
        Assert.That(s_board.Where(node => BoardTable.Offers(node) is null), Is.Empty);
    }

    [Test]
    public void EachRowIsANodeOfTheBoard() => Assert.That(BoardTable.Rows.Keys.Except(s_newer).Where(row => !BoardTable.IsAmong(row, s_board)), Is.Empty);

    [Test]
    public void AGuestHasWhatIsOffered() => Assert.That(Rows(true).Where(row => !BoardTable.IsAmong(row, s_guest)), Is.Empty);

    [Test]
    public void AGuestHasNothingOfWhatIsNot() => Assert.That(Rows(false).Where(row => BoardTable.IsAmong(row, s_guest)), Is.Empty);

    [Test]
    public void AGuestHasNothingElse() => Assert.That(s_guest.Where(node => BoardTable.Offers(node) is not true), Is.Empty);

    /// <summary>In the tree that set-up hands over, not in one that a test asks for: what can be written may be written by nobody.</summary>
    [Test]
    public void AGuestHasThePropertiesOfTheBoardsNodes()
    {
        var board = Properties(s_boardTree);
        var guest = Properties(HandedOver());
        Assert.That(Rows(true).Where(row => !BoardTable.IsAmong(row, guest.Keys.Intersect(board.Keys))), Is.Empty, "nodes to compare");
        Assert.That(Beyond(board, guest).Where(name => !s_boardsAlone.ContainsKey(name.Split(' ')[^1])), Is.Empty, "what guests miss");
        Assert.That(Beyond(guest, board).Where(name => !s_guestsAlone.ContainsKey(name.Split(' ')[^1])), Is.Empty, "what guests have beside it");
    }

    [Test]
    public void APropertyThatGuestsMissIsSeen()
    {
        var all = Properties(GuestDeviceTreeTests.Generate(GuestDeviceTreeTests.Describe(2)));
        var without = Properties(GuestDeviceTreeTests.Generate(GuestDeviceTreeTests.Describe(2) with { RandomSeed = default }));
        Assert.That(Beyond(all, without), Is.EqualTo(["/chosen rng-seed"]));
        Assert.That(Beyond(without, all), Is.Empty);
    }

    // Of nodes that both have: path and name of each property that only the first has.
    private static IEnumerable<string> Beyond(Dictionary<string, HashSet<string>> one, Dictionary<string, HashSet<string>> other) =>
        one.Where(node => other.ContainsKey(node.Key)).SelectMany(node => node.Value.Except(other[node.Key]).Select(name => $"{node.Key} {name}"));

    private static byte[] HandedOver()
    {
        using var world = new GuestWorld(
            new WorldOptions { MoreHarts = 1, Attach = machine => machine.AttachVirtio(0, new VirtioEntropy(1)) },
            GuestPayload.Program("here: j here\n") with { Harts = 2, Initrd = [1], Arguments = "some words" });
        var blob = world.Guest.Ram(world.Guest.VCpu.X[11], GuestDeviceTree.SuggestedBufferLength);
        return blob[..(int)BinaryPrimitives.ReadUInt32BigEndian(blob[4..])].ToArray();
    }

    private static unsafe Dictionary<string, HashSet<string>> Properties(byte[] blob)
    {
        using var buffer = new GuardedBuffer(blob);
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out var tree), Is.EqualTo(FdtError.None));
        var nodes = new List<FdtNode> { tree.Root };
        foreach (var node in tree.Descendants(tree.Root))
        {
            nodes.Add(node);
        }

        var all = new Dictionary<string, HashSet<string>>();
        foreach (var (path, node) in BoardTable.Nodes(blob).Zip(nodes))
        {
            var names = new HashSet<string>();
            foreach (var property in tree.Properties(node))
            {
                names.Add(Encoding.ASCII.GetString(property.Name));
            }

            all.Add(path, names);
        }

        return all;
    }
}
