using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Core.Privileged;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Boards;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;
using Rvirt.Tests.Core.DeviceTree;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Hypervisor;

/// <summary>
/// Every error that set-up knows has an input here that brings it up, from the firmware's hand-over on: one line with its text, status 1,
/// no guest runs. The tests go by the errors, so that a new one without an input fails.
/// </summary>
internal sealed class RefusalTests
{
    private const string Plic = "reg = <0 0xc000000 0 0x600000>", Uart = "reg = <0 0x10000000 0 0x100>", TestDevice = "reg = <0 0x100000 0 0x1000>";
    private const string Memory = "reg = <0 0x80000000 0 0x8000000>", Serial = "serial@10000000 {", OutOfReach = "reg = <0x1000 0 0 0x1000>";
    private const uint Magic = 0xd00dfeed;
    private const int SizeAt = 4, StructureAt = 8, StringsAt = 12, ReservationsAt = 16, VersionAt = 20, StringsSizeAt = 32, StructureSizeAt = 36;

    // The text that each error's machine differs in, and how; those out of reach are so on a hart of Sv39.
    private static readonly Dictionary<HostTreeError, (string Text, string Instead)> BadMachines = new()
    {
        [HostTreeError.NoMemory] = ("memory@80000000 { device_type = \"memory\"; " + Memory + "; };", ""),
        [HostTreeError.WrongMemory] = (Memory, "reg = <0xffffffff 0xfffff000 0 0x2000>"),
        [HostTreeError.NoHart] = ("riscv,sv57", "riscv,none"),
        [HostTreeError.NoBootHart] = ("reg = <0>; mmu-type", "reg = <5>; mmu-type"),
        [HostTreeError.NoTimebase] = ("timebase-frequency = <10000000>", "timebase-frequency = <0>"),
        [HostTreeError.NoPlic] = ("compatible = \"sifive,plic-1.0.0\"; ", ""),
        [HostTreeError.UnknownPlic] = ("sifive,plic-1.0.0", "acme,plic"),
        [HostTreeError.NoPlicContext] = ("interrupts-extended = <1 11 1 9 2 11 2 9>", "interrupts-extended = <1 11 1 11 2 11 2 9>"),
        [HostTreeError.InitrdOutsideMemory] = ("linux,initrd-end = <0 ", "linux,initrd-end = <1 "),
        [HostTreeError.MemoryOutOfReach] = (Memory, "reg = <0x1000 0 0 0x8000000>"),
        [HostTreeError.PlicOutOfReach] = (Plic, OutOfReach),
        [HostTreeError.UartOutOfReach] = (Uart, OutOfReach),
        [HostTreeError.ResetOutOfReach] = (TestDevice, OutOfReach),
        [HostTreeError.ClockOutOfReach] = (Serial, "rtc@1000 { compatible = \"google,goldfish-rtc\"; " + OutOfReach + "; };\n" + Serial),
        [HostTreeError.NetworkOutOfReach] = (Serial, "ethernet@1000 { compatible = \"acme,card\"; " + OutOfReach + "; interrupts = <1>; };\n" + Serial),
        [HostTreeError.DiskOutOfReach] = (Serial, "disk@1000 { compatible = \"acme,disk\"; " + OutOfReach + "; };\n" + Serial),
        [HostTreeError.VirtioOutOfReach] = (Serial, "virtio@1000 { compatible = \"virtio,mmio\"; " + OutOfReach + "; interrupts = <1>; };\n" + Serial),
        [HostTreeError.TooManyReservations] = ("firmware@80000000 {", string.Concat(Enumerable.Range(1, 17).Select(i => $"more@{i} {{ reg = <{i} 0 0 1>; }};\n")) + "firmware@80000000 {"),
    };

    // How each error gets into a sound tree of the host.
    private static readonly Dictionary<FdtError, Action<byte[]>> BadTrees = new()
    {
        [FdtError.WrongMagic] = tree => Put(tree, 0, Magic + 1),
        [FdtError.UnsupportedVersion] = tree => Put(tree, VersionAt, 16),
        [FdtError.WrongTotalSize] = tree => Put(tree, SizeAt, 8),
        [FdtError.Truncated] = tree => Put(tree, SizeAt, 0x200001),
        [FdtError.BlockOutside] = tree => Put(tree, StructureAt, (uint)tree.Length),
        [FdtError.Misaligned] = tree => Put(tree, StructureAt, Get(tree, StructureAt) + 1),
        [FdtError.UnterminatedReservations] = Unterminated,
        [FdtError.StructureTruncated] = tree => Put(tree, StructureSizeAt, Get(tree, StructureSizeAt) - 8),
        [FdtError.UnknownToken] = tree => Put(tree, (int)Get(tree, StructureAt), 7),
        [FdtError.MalformedTree] = tree => Put(tree, (int)Get(tree, StructureAt), 2),
        [FdtError.TooDeep] = Nested,
        [FdtError.WrongName] = tree => Put(tree, StringsSizeAt, 1),
    };

    // Descriptions of guests, as source.
    private static readonly Dictionary<GuestBlobError, string> BadDescriptions = new()
    {
        [GuestBlobError.NotGuests] = "/ { compatible = \"acme,board\"; };",
        [GuestBlobError.NoGuest] = Guests(""),
        [GuestBlobError.TooManyGuests] = Guests(string.Concat(Enumerable.Range(0, 17).Select(i => Guest($"g{i}", "")))),
        [GuestBlobError.UnknownProperty] = Guests(Guest("g", "kernal = <1>;")),
        [GuestBlobError.GuestWithoutKernel] = Guests("g { compatible = \"rvirt,guest\"; };"),
        [GuestBlobError.WrongLabel] = Guests(Guest("g", "label = \"a b\";")),
        [GuestBlobError.SameLabel] = Guests(Guest("g", "label = \"same\";") + Guest("h", "label = \"same\";")),
        [GuestBlobError.WrongBootArguments] = Guests(Guest("g", "bootargs = <1>;")),
        [GuestBlobError.LongBootArguments] = Guests(Guest("g", $"bootargs = \"{new string('x', 2048)}\";")),
        [GuestBlobError.WrongHarts] = Guests(Guest("g", "harts = <9>;")),
        [GuestBlobError.WrongMemory] = Guests(Guest("g", "memory = <0x100000>;")),
        [GuestBlobError.WrongShare] = Guests(Guest("g", "share = <10001>;")),
        [GuestBlobError.WrongPinned] = Guests(Guest("g", "pinned = <2>;")),
        [GuestBlobError.WrongAutostart] = Guests(Guest("g", "autostart = <2>;")),
        [GuestBlobError.WrongSnapshot] = Guests(Guest("g", "snapshot = <2>;")),
        [GuestBlobError.WrongRamDisk] = Guests(Guest("g", "ramdisk = [00];")),
        [GuestBlobError.WrongNetwork] = Guests(Guest("g", "network = \"wire\";")),
        [GuestBlobError.WrongMac] = Guests(Guest("g", "network; mac = [53 54 00 72 76 01];")),
        [GuestBlobError.SameMac] = Guests(Guest("g", "network;") + Guest("h", "network = \"private\"; mac = [52 54 00 72 76 01];")),
        [GuestBlobError.WrongDisk] = Guests(Guest("g", "disk = \"a b\";")),
        [GuestBlobError.DiskGivenTwice] = Guests(Guest("g", "disk = \"a\";") + Guest("h", "disk = \"a\"; disk-readonly;")),
        [GuestBlobError.WrongDevices] = Guests(Guest("g", "devices = <8>;")),
        [GuestBlobError.DeviceGivenTwice] = Guests(Guest("g", "devices = <1>;") + Guest("h", "devices = <1>;")),
    };

    // Kernels, in a guest of 4 MiB.
    private static readonly Dictionary<ImageError, byte[]> BadKernels = new()
    {
        [ImageError.TooSmall] = [0x13, 0, 0, 0],
        [ImageError.Text] = Encoding.ASCII.GetBytes("#!/bin/sh\necho no kernel\n"),
        [ImageError.Compressed] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0],
        [ImageError.Archive] = Encoding.ASCII.GetBytes("070701000000000000"),
        [ImageError.ForeignMachine] = Bent(18, 62),
        [ImageError.NotCode] = new byte[64],
        [ImageError.FlatTooLarge] = Nops((2 << 20) + 4),
        [ImageError.ElfHeaderTruncated] = ElfBuilder.Sound().Build()[..63],
        [ImageError.ElfWrongClass] = Bent(4, 1),
        [ImageError.ElfWrongEndianness] = Bent(5, 2),
        [ImageError.ElfWrongVersion] = Bent(6, 0),
        [ImageError.ElfWrongType] = Bent(16, 1),
        [ImageError.ElfWrongProgramHeaders] = Bent(54, 32),
        [ImageError.ElfNeedsInterpreter] = Bent(64, 3),
        [ImageError.ElfSegmentTruncated] = Bent(64 + 8 + 7, 0xff),
        [ImageError.ElfWrongSegment] = Bent(64 + 48, 3),
        [ImageError.ElfSegmentOutside] = Bent(64 + 24 + 4, 1),
        [ImageError.ElfSegmentsOverlap] = Bent(64 + 40 + 1, 0x21),
        [ImageError.ElfNothingToLoad] = new ElfBuilder().Add(new ElfBuilder.Segment(4, 0, 0, new byte[8], 8)).Build(),
        [ImageError.ElfWrongEntry] = Bent(25, 0x10),
        [ImageError.LinuxBigEndian] = Linux(0x20_0000, 0x1_0000, flags: 1),
        [ImageError.LinuxWrongTextOffset] = Linux(0x20_0800, 0x1_0000),
        [ImageError.LinuxTooLarge] = Linux(0x20_0000, 0x20_0001),
        [ImageError.NoRoom] = Linux(0x20_0000, 0x20_0000),
    };

    // What no input can bring up, and why; each of these has a test of its own instead.
    private static readonly Dictionary<Enum, string> Elsewhere = new()
    {
        [HostTreeError.None] = "no error",
        [FdtError.None] = "no error",
        [FdtError.NoHeader] = "there is a header's worth of bytes wherever the window reaches",
        [GuestBlobError.None] = "no error",
        [GuestBlobError.NoKernel] = nameof(NoFileAtAllIsRefused),
        [GuestBlobError.TooLarge] = nameof(AFileOfTwoGigabytesIsRefused),
        [GuestBlobError.WrongTree] = nameof(ADescriptionThatIsCutAnywhereIsRefused),
        [ImageError.None] = "no error",
        [ImageError.Empty] = "a description with an empty kernel names none, which comes first; so does a file without a byte",
    };

    // Refusals that other checks come before.
    private static readonly Dictionary<string, string> Unreachable = new()
    {
        ["its disk takes too few requests at a time for so many guests: spread them over several disks"] = "the reference machine's disks take enough for all: PartitionDiskTests counts with others",
        ["the machine has memory or a device above the addresses that Rvirt can map on this hart"] = "the reading of the machine's tree leaves them out, or refuses them",
    };

    private static IEnumerable<HostTreeError> MachineErrors => BadMachines.Keys;

    private static IEnumerable<FdtError> TreeErrors => BadTrees.Keys;

    private static IEnumerable<GuestBlobError> DescriptionErrors => BadDescriptions.Keys;

    private static IEnumerable<ImageError> KernelErrors => BadKernels.Keys;

    [Test]
    public void EveryErrorHasAnInput() => Assert.Multiple(() =>
    {
        AreAll(BadMachines.Keys);
        AreAll(BadTrees.Keys);
        AreAll(BadDescriptions.Keys);
        AreAll(BadKernels.Keys);
        foreach (var test in Elsewhere.Values.Where(text => text.Contains('_', StringComparison.Ordinal)))
        {
            Assert.That(typeof(RefusalTests).GetMethod(test), Is.Not.Null, test);
        }
    });

    /// <summary>Whatever text is in the code that refuses, a test expects it word for word.</summary>
    [Test]
    public void EveryRefusalIsExpectedByATest()
    {
        // What needs a hart in machine mode is refused under QEMU.
        var tests = string.Concat(
            new[] { "Hypervisor", "SystemTests" }.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Top, "Rvirt.Tests", folder), "*.cs")).Select(File.ReadAllText));
        var seen = 0;
        var missing = new List<string>();
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Top, "Rvirt.Hypervisor", "Setup"), "*.cs"))
        {
            foreach (var call in CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot().DescendantNodes().OfType<InvocationExpressionSyntax>().Where(IsRefusal))
            {
                foreach (var text in call.ArgumentList.Arguments.Select(argument => argument.Expression).OfType<LiteralExpressionSyntax>().Select(literal => literal.Token.ValueText))
                {
                    seen++;
                    if (!Unreachable.ContainsKey(text) && !tests.Contains(text.Trim(), StringComparison.Ordinal))
                    {
                        missing.Add(text);
                    }
                }
            }
        }

        Assert.That(missing, Is.Empty);
        Assert.That(seen, Is.GreaterThan(15));
    }

    [TestCaseSource(nameof(MachineErrors))]
    public void AMachineWithoutWhatItTakesIsRefused(HostTreeError error)
    {
        var (text, instead) = BadMachines[error];
        using var world = new SetupWorld(mode: TranslationMode.Sv39);
        var started = world.Boot(
            [world.Guest("one", "nop\nnop\nnop\nhere: j here\n")],
            source =>
            {
                Assert.That(source, Does.Contain(text));
                return source.Replace(text, instead, StringComparison.Ordinal);
            });
        var advice = error == HostTreeError.NoPlic ? ", by Plic" : error == HostTreeError.UnknownPlic ? ", not acme,plic, by Plic" : "";
        IsRefused(world.Desktop, started, Encoding.ASCII.GetString(HostTreeErrorText.Of(error)) + advice);
    }

    [TestCaseSource(nameof(TreeErrors))]
    public void ADamagedTreeOfTheMachineIsRefused(FdtError error)
    {
        var tree = Tools.Compile(SetupWorld.Board.Replace("INITRD_START", "1", StringComparison.Ordinal).Replace("INITRD_END", "1", StringComparison.Ordinal));
        BadTrees[error](tree);
        using var world = new SetupWorld();
        world.Machine.Load(SetupWorld.Tree, tree);
        var started = world.Desktop.Boot<Boards<AnyBoard>>(SetupWorld.Tree);
        IsRefused(world.Desktop, started, $"the machine's device tree is bad: {Encoding.ASCII.GetString(FdtErrorText.Of(error))}; start with firmware that hands over a sound one");
    }

    [TestCaseSource(nameof(DescriptionErrors))]
    public void AWrongDescriptionOfGuestsIsRefused(GuestBlobError error)
    {
        using var world = new SetupWorld();
        var started = world.Boot(Tools.Compile("/dts-v1/;\n" + BadDescriptions[error]));
        IsRefused(world.Desktop, started, Encoding.ASCII.GetString(GuestBlobErrorText.Of(error)) + (error == GuestBlobError.UnknownProperty ? "kernal" : ""));
    }

    /// <summary>Of one guest alone, and with its name where there are several.</summary>
    [Test]
    public void AKernelThatIsNoneIsRefused([ValueSource(nameof(KernelErrors))] ImageError error, [Values] bool alone)
    {
        var payload = new GuestPayload(BadKernels[error]) { Name = "bad", Memory = 4 << 20 };
        var sound = GuestPayload.Program("here: j here") with { Name = "sound" };
        using var world = new SetupWorld();
        var started = world.Boot(GuestPayload.Pack(alone ? [payload] : [sound, payload]));
        IsRefused(world.Desktop, started, (alone ? "" : "guest bad: ") + Encoding.ASCII.GetString(ImageErrorText.Of(error)));
    }

    [TestCase(1 << 20, true)]
    [TestCase((2 << 20) - (32 << 10) - 4096, true, Description = "to the last page between kernel and tree")]
    [TestCase((2 << 20) - (32 << 10), false)]
    [TestCase(4 << 20, false, Description = "as large as the guest's RAM")]
    [TestCase(9 << 20, false)]
    public void ARAMDiskThatDoesNotFitIsRefused(int length, bool fits)
    {
        // The kernel takes the first page of the upper half of 4 MiB.
        var payload = GuestPayload.Program("here: j here", 0x8020_0000) with { Initrd = new byte[length], Memory = 4 << 20 };
        using var world = new SetupWorld();
        var started = world.Boot(GuestPayload.Pack([payload]));
        if (fits)
        {
            Assert.That(started, world.Desktop.Emergency);
        }
        else
        {
            IsRefused(world.Desktop, started, Encoding.ASCII.GetString(ImageErrorText.Of(ImageError.NoRoom)));
        }
    }

    [Test]
    public void ANetworkWithAWireIsRefusedWhereTheMachineHasNoCard()
    {
        using var world = new SetupWorld();
        var started = world.Boot([world.Guest("one", "nop\nnop\nnop\nhere: j here\n") with { Network = "wire" }]);
        IsRefused(
            world.Desktop, started, "guest one: it asks for a network with a wire, and the machine has no card for it that works and that no guest has: add one, or make its network private");
    }

    [Test]
    public void ANetworkCardBehindTheLastSlotIsRefused()
    {
        using var world = new SetupWorld();
        var slots = string.Concat(Enumerable.Range(1, 8).Select(i => $"virtio@1000{i}000 {{ compatible = \"virtio,mmio\"; reg = <0 0x1000{i}000 0 0x1000>; interrupts = <{i}>; }};\n"));
        var started = world.Boot(
            [world.Guest("one", "nop\nnop\nnop\nhere: j here\n", devices: [0, 1, 2, 3, 4, 5, 6, 7]) with { Network = "private" }],
            source => source.Replace(Serial, slots + Serial, StringComparison.Ordinal));
        IsRefused(world.Desktop, started, "guest one: it asks for more devices than a guest has virtio slots: name fewer");
    }

    [Test]
    public void NoFileAtAllIsRefused()
    {
        using var world = new SetupWorld();
        IsRefused(world.Desktop, world.Boot(Array.Empty<byte>()), "no kernel given: hand one over as the initial RAM disk, by Kernel");
    }

    /// <summary>It lies where it need not be moved, so that nothing touches it.</summary>
    [Test]
    public void AFileOfTwoGigabytesIsRefused()
    {
        const ulong Gigabytes = 2UL << 30, Start = SetupWorld.Ram + (4 << 20), MiB = 1 << 20;
        using var machine = new Machine(Gigabytes + (8 * MiB));
        var desktop = new DesktopMachine(machine);
        var tree = SetupWorld.Board
            .Replace("INITRD_START", $"0x{Start:x}", StringComparison.Ordinal)
            .Replace("<0 INITRD_END>", $"<{(Start + Gigabytes) >> 32} 0x{(Start + Gigabytes) & uint.MaxValue:x}>", StringComparison.Ordinal)
            .Replace(Memory, $"reg = <0 0x80000000 0 0x{Gigabytes + (8 * MiB):x}>", StringComparison.Ordinal)
            .Replace("reg = <0 0x80000000 0 0x40000>", $"reg = <0 0x80000000 0 0x{4 * MiB:x}>", StringComparison.Ordinal);
        machine.Load(Start + Gigabytes, Tools.Compile(tree));
        var started = desktop.Boot<Boards<AnyBoard>>(Start + Gigabytes);
        IsRefused(desktop, started, "the initrd is 2 GiB or more: make it smaller");
    }

    [Test]
    public void ADescriptionThatIsCutAnywhereIsRefused()
    {
        var blob = TwoGuests();
        for (var length = 1; length < blob.Length; length++)
        {
            using var machine = new Machine(32 << 20, 2);
            var desktop = Boot(machine, blob[..length], out var started);
            // What is too short for a device tree's first word counts as a kernel.
            IsRefused(desktop, started, Encoding.ASCII.GetString(length < 4
                ? ImageErrorText.Of(ImageError.TooSmall)
                : GuestBlobErrorText.Of(GuestBlobError.WrongTree)));
        }
    }

    [Test]
    public void AKernelThatIsCutAnywhereIsRefused()
    {
        var elf = ElfBuilder.Sound().Build();
        for (var length = 1; length < elf.Length; length++)
        {
            using var machine = new Machine(32 << 20);
            IsRefused(Boot(machine, elf[..length], out var started), started, null);
        }
    }

    /// <summary>Each byte of it wrong: the guests start, or one line says what is wrong.</summary>
    [TestCase(0xff)]
    [TestCase(0x01)]
    public void ADescriptionWithAWrongByteIsRefusedOrHarmless(int flip)
    {
        var blob = TwoGuests();
        var refused = 0;
        for (var at = 0; at < blob.Length; at++)
        {
            var bent = blob.ToArray();
            bent[at] ^= (byte)flip;
            using var machine = new Machine(32 << 20, 2);
            var desktop = Boot(machine, bent, out var started);
            if (!started)
            {
                IsRefused(desktop, started, null);
                refused++;
            }
        }

        Assert.That(refused, Is.InRange(blob.Length / 4, blob.Length - 1));
    }

    private static byte[] TwoGuests() => GuestPayload.Pack(
    [
        GuestPayload.Program("here: j here") with { Name = "one", Arguments = "a", Initrd = [1, 2, 3], Memory = 4 << 20, Slots = [] },
        GuestPayload.Program("here: j here") with { Name = "two", Memory = 4 << 20 },
    ]);

    private static DesktopMachine Boot(Machine machine, byte[] file, out bool started)
    {
        var end = machine.RamBase + machine.RamSize;
        var tree = end - (1 << 20);
        var initrd = end - (4 << 20);
        machine.Load(initrd, file);
        MachineTree.Write(machine, tree, initrd, file.Length, "");
        var desktop = new DesktopMachine(machine);
        started = desktop.Boot<Boards<AnyBoard>>(tree);
        return desktop;
    }

    private static void IsRefused(DesktopMachine desktop, bool started, string? text)
    {
        Assert.That(started, Is.False, text);
        Assert.That(desktop.Emergency, text is null ? Does.Match("^rvirt: error: [^\r\n]+\r\n$") : Is.EqualTo($"rvirt: error: {text}\r\n"));
        Assert.That(desktop.Status, Is.EqualTo(1));
    }

    private static void AreAll<T>(IEnumerable<T> inputs)
        where T : struct, Enum
    {
        foreach (var error in Enum.GetValues<T>().Except(inputs))
        {
            Assert.That(Elsewhere.ContainsKey(error), $"{typeof(T).Name}.{error} has no input");
        }
    }

    private static bool IsRefusal(InvocationExpressionSyntax call)
    {
        var text = call.Expression.ToString();
        return text is "StartupFailure.End" or "StartupFailure.EndOfGuest" or "Fail"
            || (text.EndsWith(".Text", StringComparison.Ordinal) && text.StartsWith("StartupFailure.Begin", StringComparison.Ordinal));
    }

    private static string Guests(string nodes) => "/ { compatible = \"rvirt,guests\"; " + nodes + " };";

    private static string Guest(string name, string more) => $"{name} {{ compatible = \"rvirt,guest\"; kernel = [6f 00 00 00 6f 00 00 00 6f 00 00 00 6f 00 00 00]; {more} }}; ";

    private static byte[] Bent(int at, byte value)
    {
        var file = ElfBuilder.Sound().Build();
        file[at] = value;
        return file;
    }

    private static byte[] Nops(int length)
    {
        var code = new byte[length];
        for (var at = 0; at < length; at += 4)
        {
            code[at] = 0x13;
        }

        return code;
    }

    // Documentation/arch/riscv/boot-image-header.rst.
    private static byte[] Linux(ulong offset, ulong size, ulong flags = 0)
    {
        var file = new byte[0x100];
        "MZ"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(8), offset);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(16), size);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(24), flags);
        "RSC\x05"u8.CopyTo(file.AsSpan(56));
        return file;
    }

    private static void Put(byte[] tree, int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(tree.AsSpan(at), value);

    private static uint Get(byte[] tree, int at) => BinaryPrimitives.ReadUInt32BigEndian(tree.AsSpan(at));

    // The block of reservations begins where the file ends but for one that is none.
    private static void Unterminated(byte[] tree)
    {
        var at = (tree.Length & ~7) - 16;
        Put(tree, ReservationsAt, (uint)at);
        tree.AsSpan(at, 16).Fill(1);
    }

    // Nodes without names, one in the other, as many as there is room for.
    private static void Nested(byte[] tree)
    {
        for (var at = (int)Get(tree, StructureAt); at + 8 <= (int)Get(tree, StringsAt); at += 8)
        {
            Put(tree, at, 1);
            Put(tree, at + 4, 0);
        }
    }

    private readonly struct AnyBoard : IPlatform
    {
        public ReadOnlySpan<byte> Name => "any"u8;

        public bool Matches(in FdtReader tree) => true;

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList =>
            default(ReferenceBoard).Drivers(ref drivers);

        public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
    }
}
