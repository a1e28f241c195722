using System;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.Disks;
using Rvirt.Tests.Core.Disks;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Disks;
using Rvirt.Tool.Files;

namespace Rvirt.Tests.Tool;

/// <summary>Cards are read back by what finds partitions on them; images for boot loaders by fdtget.</summary>
[Category("System")]
internal sealed class CardImageTests
{
    private static readonly Guid s_loader = new("5b193300-fc78-40cd-8002-e86c45580b47");

    [Test]
    public void EveryPartitionIsFoundByItsLabelWithWhatIsOnIt()
    {
        using var folder = new TemporaryFolder();
        var contents = new[] { 700, 1_100_000, 3 << 20, 512 }.Select((length, i) => Enumerable.Range(0, length).Select(at => (byte)((at * 7) + i)).ToArray()).ToArray();
        var files = contents.Select((content, i) => folder.Write($"part{i}", content)).ToArray();
        var card = folder.File("card");
        CardImage.Make(
            card,
            [
                new CardPartition("spl", s_loader, files[0]) { Sector = 34 },
                new CardPartition("fit", s_loader, files[1]) { Sector = 2082 },
                CardPartition.OfGuest(0, files[2]),
                CardPartition.OfGuest(1, files[3]),
            ],
            WholeFile.OnDisk,
            new Programs());
        var bytes = File.ReadAllBytes(card);
        Assert.That(BitOperations.IsPow2(bytes.Length), $"{bytes.Length}");
        var reader = new ImageReader(bytes, (ulong)bytes.Length / 512, -1);
        Assert.That(PartitionTable.Read(ref reader, new byte[PartitionTable.BytesNeeded], out var table), Is.EqualTo(PartitionTableError.None));
        Assert.That(table.Damage, Is.EqualTo(PartitionTableError.None));
        string[] labels = ["spl", "fit", "rvirt.g0", "rvirt.g1"];
        for (var i = 0; i < labels.Length; i++)
        {
            Assert.That(table.Find(Encoding.ASCII.GetBytes(labels[i]), out var partition), Is.EqualTo(1), labels[i]);
            Assert.That(partition.Count * 512, Is.GreaterThanOrEqualTo((ulong)contents[i].Length), labels[i]);
            Assert.That(bytes.AsSpan((int)partition.First * 512, contents[i].Length).SequenceEqual(contents[i]), labels[i]);
            Assert.That(partition.First, i < 2 ? Is.EqualTo(i == 0 ? 34 : 2082) : Is.Not.Zero.And.Matches<ulong>(sector => sector % 2048 == 0), labels[i]);
        }
    }

    [Test]
    public void APartitionWhoseNeighbourReachesIntoItsPlaceIsRefusedAndTheCardThatWasThereStays()
    {
        using var folder = new TemporaryFolder();
        var (card, large) = (folder.Write("card", "old"u8.ToArray()), folder.Write("large", new byte[2049 * 512]));
        var error = Assert.Throws<IOException>(() => CardImage.Make(
            card,
            [new CardPartition("spl", s_loader, large) { Sector = 34 }, new CardPartition("fit", s_loader, large) { Sector = 2082 }],
            WholeFile.OnDisk,
            new Programs()));
        Assert.That(error!.Message, Is.EqualTo("partition fit of the card lies where the one before it does not end"));
        Assert.That(File.ReadAllText(card), Is.EqualTo("old"));
        Assert.That(Directory.GetFiles(Path.GetDirectoryName(folder.File("x"))!).Select(Path.GetFileName), Is.EquivalentTo(["card", "large"]), "nothing unfinished");
    }

    /// <summary>In place of the firmware: the tree says where the guests are, to their last byte.</summary>
    [Test]
    public void TheImageForTheFirstStageSaysWhereItsPartsGoAndWhereTheGuestsEnd()
    {
        using var folder = new TemporaryFolder();
        var (image, guests) = (folder.Write("it's rvirt.bin", new byte[5000]), folder.Write("guests", new byte[12345]));
        var fit = folder.File("a fit");
        FitImage.MakeForSpl(fit, image, guests, Repository.OfUBoot("unleashed.dtb"), WholeFile.OnDisk, new Programs());
        Assert.That(Property(fit, "/images/opensbi", "load"), Is.EqualTo("80000000"));
        Assert.That(Property(fit, "/images/uboot", "load"), Is.EqualTo("90000000"));
        Assert.That((Property(fit, "/images/opensbi", "data-size"), Property(fit, "/images/uboot", "data-size")), Is.EqualTo(("1388", "3039")));
        var tree = folder.File("tree");
        var (status, output) = Commands.Run("dumpimage", ["-T", "flat_dt", "-p", "2", "-o", tree, fit]);
        Assert.That(status, Is.Zero, output);
        Assert.That((Property(tree, "/chosen", "linux,initrd-start"), Property(tree, "/chosen", "linux,initrd-end")), Is.EqualTo(("0 90000000", "0 90003039")));
        Assert.That(Directory.GetFiles(Path.GetDirectoryName(folder.File("x"))!).Select(Path.GetFileName), Is.EquivalentTo(["it's rvirt.bin", "guests", "a fit", "tree"]), "nothing unfinished");
    }

    private static string Property(string file, string node, string name)
    {
        var (status, output) = Commands.Run("fdtget", ["-t", "x", file, node, name]);
        Assert.That(status, Is.Zero, output);
        return output.Trim();
    }
}
