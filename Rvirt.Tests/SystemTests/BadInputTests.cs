using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Reference.Assembly;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Input that cannot work: one line on the serial console says what is wrong, and QEMU ends with another status than 0.</summary>
[TestFixture(Firmware.Stub, Category = "System,Image")]
[TestFixture(Firmware.Sbi, Category = "System,Image")]
public sealed class BadInputTests(Firmware firmware)
{
    private const ulong Base = 0x80200000;
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void NoKernel() => Refuses("no kernel given.*-initrd", null);

    [Test]
    public void Text() => Refuses("text file", _folder.Write("kernel", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("not a kernel\n", 99)))));

    [Test]
    public void CompressedKernel()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(File.ReadAllBytes(Repository.UBootBinary));
        }

        Refuses("compressed.*unpack", _folder.Write("kernel.gz", packed.ToArray()));
    }

    [Test]
    public void Zeros() => Refuses("no ELF, no Linux Image", _folder.Write("kernel", new byte[1 << 20]));

    [Test]
    public void RandomBytes()
    {
        var bytes = new byte[1 << 20];
        new Random(7).NextBytes(bytes);
        Refuses("no ELF, no Linux Image", _folder.Write("kernel", bytes));
    }

    [Test]
    public void ElfOfAnotherMachine() => Refuses("another machine.*riscv64", Elf(Base, machine: 62, (Base, 0x1000)));

    [Test]
    public void TruncatedElf() => Refuses("cut short", _folder.Write("kernel", File.ReadAllBytes(Repository.UBootElf).AsSpan(0, 100000)));

    [Test]
    public void OverlappingSegments() => Refuses(
        "overlap", Elf(Base, 243, (Base, 0x2000), (Base + 0x1800, 0x1000)));

    [TestCase(0x10000000UL)]
    [TestCase(0xfffffffffffff000UL)]
    [TestCase(0x7ffff800UL)]
    [TestCase(0x100000000000UL)]
    public void SegmentOutsideMemory(ulong address) => Refuses(
        "outside of the guest's memory|impossible sizes",
        Elf(Base, 243, (Base, 0x1000), (address, 0x1000)));

    [Test]
    public void SegmentThatWrapsAround() => Refuses(
        "outside of the guest's memory|impossible sizes|does not fit",
        Elf(Base, 243, (Base, 0x1000), (Base + 0x10000, ulong.MaxValue - 0x1000)));

    [TestCase(0UL)]
    [TestCase(0x80201000UL)]
    [TestCase(0xfffffffffffffffcUL)]
    public void EntryOutsideWhatIsLoaded(ulong entry) => Refuses("entry point", Elf(entry, 243, (Base, 0x1000)));

    [Test]
    public void DamagedBlob()
    {
        var blob = File.ReadAllBytes(Blob(Guest("a")));

        // The first token of the structure block (its offset is the third word of the header) becomes one that does not exist.
        blob[(blob[10] << 8) | blob[11]] = 0xff;
        Refuses("damaged device tree", _folder.Write("blob", blob));
    }

    [Test]
    public void BlobCutShort() => Refuses("damaged device tree", _folder.Write("blob", File.ReadAllBytes(Blob(Guest("a"))).AsSpan(0, 70000)));

    [Test]
    public void DeviceTreeWithoutGuests() => Refuses("not compatible with \"rvirt,guests\"", Tree("/ { compatible = \"acme,board\"; };"));

    [Test]
    public void GuestWithoutAKernel() =>
        Refuses("no kernel", Tree("/ { compatible = \"rvirt,guests\"; guest { compatible = \"rvirt,guest\"; bootargs = \"x\"; }; };"));

    [Test]
    public void DeviceGivenToTwoGuests() => Refuses("device is given twice", Blob(Guest("a", devices: [7]), Guest("b", devices: [7])), harts: 2);

    [Test]
    public void MoreMemoryThanThereIs() => Refuses("guest a: too little memory for the 65536 MiB it asks for: give", Blob(Guest("a", memory: 64UL << 30)));

    /// <summary>Debian's kernel takes 32 MiB behind its first 2 MiB: there is less left beside the file itself.</summary>
    [Test]
    public void TooLittleMemoryForTheKernel() => Refuses("Image does not fit the guest's memory: give", Repository.Kernel, memory: 67);

    [Test]
    public void TooLittleMemoryForWhatAnElfClears() => Refuses(
        "outside of the guest's memory.*give more memory", Elf(Base, 243, (Base, 80 << 20)), memory: 64);

    [Test]
    public void TooLittleMemoryForAnyGuest() => Refuses("too little memory.*-m", Elf(Base, 243, (Base, 0x1000)), memory: 10);

    [Test]
    public void TooLongACommandLine() => Refuses("command line is longer than 2047 bytes: shorten", Repository.UBootElf, further: ["-append", new string('x', 2048)]);

    [Test]
    public void MorePinnedGuestsThanHarts() =>
        Refuses("guest b: it is pinned, and there are too few harts for it.*-smp", Blob(Guest("a") with { Pinned = true }, Guest("b") with { Pinned = true }), harts: 1);

    [Test]
    public void MoreHartsForAGuestThanItCanHave() =>
        Refuses("a guest's harts are not one number from 1 to 8: give one cell", Blob(Guest("a") with { Harts = 9 }), harts: 2);

    [Test]
    public void GuestTooSmallForItsKernel() => Refuses("Image does not fit the guest's memory: give", Blob(Guest("a", memory: 16 << 20) with { Kernel = Repository.Kernel }));

    [Test]
    public void AMachineWithoutAPlic() => Refuses("no PLIC, and no APLIC that interrupts harts directly: .*leave out aia=aplic-imsic", Repository.UBootElf, further: ["-machine", "aia=aplic-imsic"]);

    [Test]
    public void NoMmu() => Refuses("MMU", Repository.UBootElf, further: ["-cpu", "rv64,mmu=off"]);

    private static GuestSpec Guest(string name, ulong? memory = 64 << 20, uint[]? devices = null) =>
        new(name, Repository.UBootBinary, null, "", memory, 1, devices ?? []);

    // Each segment has a page of zeros in the file, and is as long as it says in memory.
    private string Elf(ulong entry, ushort machine, params (ulong Address, ulong Memory)[] segments)
    {
        var elf = new ElfBuilder { Entry = entry, Machine = machine };
        foreach (var (address, memory) in segments)
        {
            elf.Load(address, new byte[0x1000], memory);
        }

        return _folder.Write("kernel.elf", elf.Build());
    }

    private string Blob(params GuestSpec[] guests) => GuestMachine.PackBlob(_folder, guests);

    private string Tree(string source)
    {
        var blob = _folder.File("tree.dtb");
        DeviceTreeCompiler.Compile(_folder.Write("tree.dts", Encoding.ASCII.GetBytes("/dts-v1/;\n" + source)), blob);
        return blob;
    }

    private void Refuses(string pattern, string? initrd, int memory = 768, int harts = 1, IEnumerable<string>? further = null) =>
        Refusal.Expect(firmware, pattern, initrd, memory, harts, further);
}
