using System;
using System.IO;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.Images;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.Tool;

/// <summary>What our command packs is what the hypervisor's parser finds.</summary>
public sealed class BlobTests
{
    [Test]
    public unsafe void ComesBackFromTheHypervisorsParserAsItWentIn()
    {
        using var folder = new TemporaryFolder();
        var kernel = folder.Write("ker\"nel", [.. "kernel bytes"u8]);
        var initrd = folder.Write("initrd", [.. "initrd"u8]);
        var disk = folder.Write("disk", Enumerable.Repeat((byte)7, 1024).ToArray());
        var bytes = File.ReadAllBytes(GuestMachine.PackBlob(
            folder,
            [
                new GuestSpec("one", kernel, initrd, "a=\"b\\c\" d", 0x1_2000_0000, 2, [7, 6]) { Share = 9999, Pinned = true, Autostart = false, Snapshot = true, RamDisk = disk, Network = "private", Mac = "12:34:56:78:9a:bc", Disk = "rvirt.one", DiskReadOnly = true },
                new GuestSpec("two", kernel, null, "", null, 1, []) { Network = "wire" },
            ]));

        // SAFETY: the array stays pinned while the parser uses the pointer, and its length goes along.
        fixed (byte* start = bytes)
        {
            Assert.That(GuestBlob.Read(start, (ulong)bytes.Length, default, out var blob), Is.EqualTo(GuestBlobError.None));
            Assert.That(blob.Count, Is.EqualTo(2));
            Assert.That(Encoding.UTF8.GetString(blob.Guests[0].Label), Is.EqualTo("one"));
            Assert.That(Encoding.UTF8.GetString(blob.Guests[0].Kernel.Bytes), Is.EqualTo("kernel bytes"));
            Assert.That(Encoding.UTF8.GetString(blob.Guests[0].Initrd.Bytes), Is.EqualTo("initrd"));
            Assert.That(Encoding.UTF8.GetString(blob.Guests[0].BootArguments), Is.EqualTo("a=\"b\\c\" d"));
            Assert.That(blob.Guests[0].MemorySize, Is.EqualTo(0x1_2000_0000));
            Assert.That(blob.Guests[0].HartCount, Is.EqualTo(2));
            Assert.That((blob.Guests[0].Share, blob.Guests[0].Pinned, blob.Guests[0].Autostart, blob.Guests[0].Snapshot), Is.EqualTo((9999u, true, false, true)));
            Assert.That((blob.Guests[1].Share, blob.Guests[1].Pinned, blob.Guests[1].Autostart, blob.Guests[1].Snapshot), Is.EqualTo((100u, false, true, false)));
            Assert.That(blob.Guests[0].Devices, Is.EqualTo(0b1100_0000));
            Assert.That(blob.Guests[0].RamDisk.Bytes.ToArray(), Is.EqualTo(File.ReadAllBytes(disk)));
            Assert.That((Encoding.UTF8.GetString(blob.Guests[0].Disk), blob.Guests[0].DiskIsReadOnly), Is.EqualTo(("rvirt.one", true)));
            Assert.That((blob.Guests[1].Disk.Length, blob.Guests[1].DiskIsReadOnly), Is.EqualTo((0, false)));
            Assert.That((blob.Guests[1].Initrd.Length, blob.Guests[1].RamDisk.Length), Is.EqualTo((0, 0)));
            Assert.That((blob.Guests[0].Network, blob.Guests[0].Mac), Is.EqualTo((GuestNetworkKind.Private, 0xbc9a_7856_3412UL)));
            Assert.That((blob.Guests[1].Network, blob.Guests[1].Mac), Is.EqualTo((GuestNetworkKind.Wire, 0x0276_7200_5452UL)));
            Assert.That((blob.Guests[1].HasDevices, blob.Guests[1].Devices, blob.Guests[1].MemorySize), Is.EqualTo((true, (byte)0, 0UL)));
        }
    }

    [TestCase("kernel = \"text, not code\"; memory = <0x20000000>;", 1)]
    [TestCase("kernel = [13 00 00 00 13 00 00 00 13 00 00 00 6f 00 00 00]; memory = <0x20000000>;", 0)]
    [TestCase("kernel = [13 00 00 00 13 00 00 00 13 00 00 00 6f 00 00 00]; memory = <0x20000001>;", 1)]
    [TestCase("kernel = [13 00 00 00 13 00 00 00 13 00 00 00 6f 00 00 00]; memroy = <0x20000000>;", 1)]
    [TestCase("", 1)]
    public void ChecksWithTheHypervisorsEyes(string properties, int status)
    {
        using var folder = new TemporaryFolder();
        var text = $"/dts-v1/;\n/ {{ compatible = \"rvirt,guests\"; guest {{ compatible = \"rvirt,guest\"; {properties} }}; }};";
        var blob = folder.File("guests.dtb");
        DeviceTreeCompiler.Compile(folder.Write("guests.dts", Encoding.UTF8.GetBytes(text)), blob);
        Assert.That(BlobCheck.Run(new FileInfo(blob), quiet: true), Is.EqualTo(status));
    }

    [Test]
    public void PassesOnWhatDtcRefuses()
    {
        using var folder = new TemporaryFolder();
        var source = folder.Write("bad.dts", [.. "/dts-v1/; / { oops"u8]);
        Assert.That(
            () => DeviceTreeCompiler.Compile(source, folder.File("out.dtb")),
            Throws.TypeOf<InvalidOperationException>().With.Message.Contains("bad.dts"));
    }
}
