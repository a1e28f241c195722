using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference.Devices.Virtio;
using Rvirt.Testing.DeviceTree;
using Rvirt.Tests.Core.Disks;

namespace Rvirt.Tests.Hypervisor;

/// <summary>The hypervisor from the firmware's hand-over to the end of its guests, as it ships, on the reference machine.</summary>
internal sealed unsafe class SetupTests
{
    private const string PowerOff = "li t0, 0x100000\nli t1, 0x5555\nsw t1, 0(t0)\nhere: j here\n";

    private const string Clock = "rtc@101000 { compatible = \"google,goldfish-rtc\"; reg = <0 0x101000 0 0x1000>; interrupts = <11>; };\n";

    private const int HartStateManagement = 0x48534d;

    private const string FailWithSeven = "li t0, 0x100000\nli t1, 0x73333\nsw t1, 0(t0)\nhere: j here\n";

    // Spoils its own code, and restarts; the second life sees whole code, and what else was in RAM.
    private const string RestartOnce = """
        la t2, word
        lw t3, 0(t2)
        li t4, 0x1234
        bne t3, t4, wrong
        li t5, 0x80400000
        ld t6, 0(t5)
        bnez t6, second
        sw zero, 0(t2)
        li t6, 1
        sd t6, 0(t5)
        li t1, 0x7777
        j finish
        second: li t1, 0x5555
        j finish
        wrong: li t1, 0x93333
        finish: li t0, 0x100000
        sw t1, 0(t0)
        here: j here
        word: .word 0x1234
        """;

    // A driver of a modern disk: each request is a chain of three, header, sector, status, and is waited for. EXPECTED says what becomes of t1, what the file has there.
    private const string DiskProgram = """
        li s2, 0x10001000
        li s3, 0x80500000
        li s4, 0x80503000
        li s5, 0x80504000
        li s6, 0x80400000
        ld s7, 0(s6)
        addi s7, s7, 1
        sd s7, 0(s6)
        li s8, 0
        lw t0, 8(s2)
        li t1, 2
        bne t0, t1, wrong
        sw zero, 0x70(s2)
        li t0, 3
        sw t0, 0x70(s2)
        li t0, 1
        sw t0, 0x24(s2)
        sw t0, 0x20(s2)
        sw zero, 0x24(s2)
        sw zero, 0x20(s2)
        li t0, 11
        sw t0, 0x70(s2)
        sw zero, 0x30(s2)
        li t0, 8
        sw t0, 0x38(s2)
        sw s3, 0x80(s2)
        sw zero, 0x84(s2)
        li t0, 0x80501000
        sw t0, 0x90(s2)
        sw zero, 0x94(s2)
        sd zero, 0(t0)
        li t1, 0x80502000
        sw t1, 0xa0(s2)
        sw zero, 0xa4(s2)
        sd zero, 0(t1)
        li t0, 1
        sw t0, 0x44(s2)
        li t0, 15
        sw t0, 0x70(s2)

        # The second sector, as the file has it, then another, then as that is.
        li a0, 0
        jal request
        ld t0, 0(s5)
        li t1, 0x1111111111111111
        EXPECTED
        bne t0, t1, wrong
        not t0, t0
        sd t0, 0(s5)
        sd t0, 504(s5)
        li a0, 1
        jal request
        sd zero, 0(s5)
        sd zero, 504(s5)
        li a0, 0
        jal request
        ld t0, 0(s5)
        ld t1, 504(s5)
        bne t0, t1, wrong
        beqz t0, wrong
        li t0, 3
        li t1, 0x5555
        beq s7, t0, finish
        li t1, 0x7777
        j finish

        # a0: 0 reads, 1 writes.
        request: sd a0, 0(s4)
        li t0, 1
        sd t0, 8(s4)
        sb t0, 16(s4)
        sd s4, 0(s3)
        li t1, 0x0001000100000010
        sd t1, 8(s3)
        sd s5, 16(s3)
        li t1, 0x0002000100000200
        bnez a0, direction
        li t1, 0x0002000300000200
        direction: sd t1, 24(s3)
        addi t1, s4, 16
        sd t1, 32(s3)
        li t1, 0x0000000200000001
        sd t1, 40(s3)
        addi s8, s8, 1
        li t0, 0x80501000
        sh s8, 2(t0)
        sw zero, 0x50(s2)
        li t0, 0x80502000
        wait: lhu t1, 2(t0)
        bne t1, s8, wait
        lbu t1, 16(s4)
        bnez t1, wrong
        ret
        wrong: li t1, 0x93333
        finish: li t0, 0x100000
        sw t1, 0(t0)
        here: j here
        """;

    [Test]
    public void AGuestGetsAPlaceOfItsOwnAndWhatItWasPromised()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", PowerOff)]), world.Desktop.Emergency);
        var guest = world.Desktop.Record->Guests;
        var places = new List<(ulong Start, ulong End)>
        {
            (SetupWorld.Ram, SetupWorld.Ram + SetupWorld.Firmware),
            (DesktopMachine.ImageStart, DesktopMachine.ImageStart + DesktopMachine.ImageLength),
            (guest->Memory.HostAddress, guest->Memory.HostAddress + guest->Memory.Length),
        };
        AreApart(places);
        Assert.That(guest->Memory.Length, Is.GreaterThan(64UL << 20));
        Assert.That(guest->Memory.HostAddress + guest->Memory.Length, Is.LessThanOrEqualTo(SetupWorld.Ram + SetupWorld.RamLength));
        var hart = guest->Harts[0];
        Assert.That((hart->X[10], hart->Pc), Is.EqualTo((0UL, 0x8020_0000UL)), "the boot protocol");
        var tree = new Span<byte>(guest->Memory.Pointer + (hart->X[11] - 0x8000_0000), 64 << 10);
        fixed (byte* blob = tree)
        {
            Assert.That(FdtReader.Open(blob, (ulong)tree.Length, out var reader), Is.EqualTo(FdtError.None));
            Assert.That(HostTree.Read(reader, 0, ulong.MaxValue, default(UsualDrivers), out var seen), Is.EqualTo(HostTreeError.None));
            Assert.That((seen.MemoryBanks[0].Base, seen.MemoryBanks[0].Size), Is.EqualTo((0x8000_0000UL, guest->Memory.Length)));
            Assert.That(seen.HartCount, Is.EqualTo(1));
            Assert.That(seen.CommandLine.SequenceEqual("a b"u8));
        }

        world.Desktop.Run(100_000);
        Assert.That(world.Machine.Outcome, Is.EqualTo(0x5555), "by the machine's own device");
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
        Assert.That(world.Console, Does.Contain("rvirt: made-up, Sv57, own timers, 2 harts").And.Contain("rvirt: guest one powered off"));
    }

    [Test]
    public void GuestsHaveNothingInCommonAndTheLastTakesTheMachineWithIt()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", PowerOff, 16 << 20), world.Guest("two", FailWithSeven)]), world.Desktop.Emergency);
        var record = world.Desktop.Record;
        AreApart([.. Enumerable.Range(0, 2).SelectMany(i => new[]
        {
            (record->Guests[i].Memory.HostAddress, record->Guests[i].Memory.HostAddress + record->Guests[i].Memory.Length),
            (record->Guests[i].TablesAddress, record->Guests[i].TablesAddress + ((ulong)record->Guests[i].TableCount * 4096)),
        })]);
        Assert.That(record->Guests[0].Memory.Length, Is.EqualTo(16 << 20));
        Assert.That(record->Guests[0].Harts[0]->HostHartId, Is.Not.EqualTo(record->Guests[1].Harts[0]->HostHartId));
        world.Desktop.Run(1_000_000);
        Assert.That(world.Desktop.Status, Is.EqualTo(7), world.Console);
        Assert.That(world.Console, Does.Contain("rvirt: guest one powered off").And.Contain("rvirt: guest two reported a failure, code 7"));
    }

    [Test]
    public void AGuestThatRestartsFindsItsKernelWhole()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", RestartOnce)]), world.Desktop.Emergency);
        world.Desktop.Run(1_000_000);
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
        Assert.That(world.Console, Does.Match("guest one reboots[^$]*guest one powered off"));
    }

    [Test]
    public void NothingOfTheInitialRAMDiskIsLeftInAGuestsRAM()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", PowerOff + ".ascii \"only the guest has this\"\n"), world.Guest("two", PowerOff)]), world.Desktop.Emergency);
        var memory = world.Desktop.Record->Guests[1].Memory;
        Assert.That(new Span<byte>(memory.Pointer, (int)memory.Length).IndexOf("only the guest has this"u8), Is.EqualTo(-1));
    }

    [TestCase("compatible = \"rvirt-made-up\"", "compatible = \"rvirt-unknown\"", "this machine is not one that the image was built for: it knows another, made-up")]
    [TestCase("sifive,plic-1.0.0", "sifive,nothing", "the board has no driver for the machine's PLIC: use a machine with one that it drives, not sifive,nothing, by Plic")]
    [TestCase("ns16550a", "acme,uart-9000", "the console's UART is acme,uart-9000, for which the board has no driver: name one that it drives in stdout-path")]
    [TestCase("sifive,plic-1.0.0", "sifive,nothing\", \"riscv,none", "the board has no driver for the machine's PLIC: use a machine with one that it drives, not sifive,nothing, by Plic")]
    [TestCase("ns16550a", "acme,uart-9000\", \"acme,uart", "the console's UART is acme,uart-9000, for which the board has no driver: name one that it drives in stdout-path")]
    [TestCase("timebase-frequency", "time", "the machine's device tree has no timebase-frequency: start with firmware that says how fast time runs")]
    [TestCase("linux,initrd-start", "linux,nothing", "no kernel given: hand one over as the initial RAM disk, by Kernel")]
    [TestCase("ns16550a", "sifive,uart0", "the console's UART is sifive,uart0, for which the board has no driver: name one that it drives in stdout-path")]
    [TestCase("interrupts = <10>", "interrupts = <128>", "the console's UART has no interrupt that Rvirt can route, 1 to 127: name another one in stdout-path")]
    [TestCase("chosen {", "chosen { bootargs = \"quiet rvirt.escape=x\";", "rvirt.escape on the command line is no control character: write none, or ^ and a character from @ to _ but J and M")]
    [TestCase("reg = <0 0x80000000 0 0x40000>", "reg = <0 0x80000000 0 0x7800000>", "too little memory for the guests: give the machine more, by MoreMemory")]
    [TestCase("reg = <0 0x80000000 0 0x40000>", "reg = <0 0x80000000 0 0x7ffd000>", "too little memory: give the machine more, by MoreMemory")]
    public void AMachineThatCannotWorkIsRefusedByName(string text, string instead, string expected)
    {
        using var world = new SetupWorld();
        Assert.That(text, Is.Not.Empty.And.Matches<string>(part => SetupWorld.Board.Contains(part!, StringComparison.Ordinal)));
        var refused = !world.Boot([world.Guest("one", PowerOff)], source => source.Replace(text, instead, StringComparison.Ordinal));
        Refused(world, refused, expected);
    }

    [TestCase("timer", "the firmware cannot set a timer (SBI TIME, or the legacy call): use OpenSBI, or Rvirt's image with its own machine-mode part")]
    [TestCase("ipi", "the firmware cannot interrupt other harts (SBI IPI, or the legacy call): use OpenSBI, or Rvirt's image with its own machine-mode part")]
    [TestCase("time", "this hart has no time CSR and the firmware does not emulate it: use firmware that does, such as OpenSBI")]
    public void FirmwareThatLacksSomethingIsRefusedByName(string missing, string expected)
    {
        using var world = new SetupWorld();
        world.Desktop.Abilities = new HostAbilities { HasStimecmp = missing != "timer", HasInterprocessor = missing != "ipi", HasTime = missing != "time" };
        Refused(world, !world.Boot([world.Guest("one", PowerOff)]), expected);
    }

    [TestCase(0UL, "the firmware handed over no device tree in a1: use firmware that does")]
    [TestCase(0x8600_0000UL, "the machine's device tree is bad: ")]
    [TestCase(1UL << 48, "the firmware handed over a device tree above the addresses that Rvirt can map on this hart: load it lower")]
    public void ATreeThatIsNoneIsRefused(ulong address, string expected)
    {
        using var world = new SetupWorld();
        Refused(world, !world.Desktop.Boot<Boards<SetupWorld.MadeUpBoard>>(address), expected, exactly: false);
    }

    /// <summary>Each life reads a sector, changes it, reads that back, and restarts: each finds what the file has, however the one before left the disk.</summary>
    [Test]
    public void ADiskInMemoryIsWhatItsFileSaysAtEachStart()
    {
        using var world = new SetupWorld();
        var sectors = new byte[3 * 512];
        Array.Fill(sectors, (byte)0x11, 512, 512);
        var guests = new[] { "one", "two" }.Select(name => world.Guest(name, DiskProgram.Replace("EXPECTED", "", StringComparison.Ordinal), 16 << 20) with { RamDisk = world.File(name + ".disk", sectors) }).ToArray();
        Assert.That(world.Boot(guests), world.Desktop.Emergency);
        world.Desktop.Run(1_000_000);
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
        foreach (var name in (string[])["one", "two"])
        {
            Assert.That(world.Console.Split($"guest {name} reboots"), Has.Length.EqualTo(3), world.Console);
            Assert.That(world.Console, Does.Contain($"guest {name} powered off"));
        }
    }

    /// <summary>One disk of the host, a partition for each guest and one between each two that none has: what one life writes the next one finds, and nothing else changes.</summary>
    [Test]
    public void GuestsKeepWhatTheyWriteToTheirPartitionsOfOneDisk([Values] HostDiskKind kind, [Values(2, 8)] int count)
    {
        string[] names = [.. Enumerable.Range(0, count).Select(i => $"g{i}")];
        var image = new DiskImage(
            300, [.. names.SelectMany((name, i) => new[] { ("rvirt." + name, (ulong)(40 + (20 * i)), (ulong)(49 + (20 * i))), ("rvirt.none", (ulong)(50 + (20 * i)), (ulong)(59 + (20 * i))) })]);
        for (var i = 0; i < count; i++)
        {
            image.Bytes.AsSpan((41 + (20 * i)) * 512, 512).Fill(0x11);
        }

        var before = image.Bytes.ToArray();
        using var world = new SetupWorld();
        if (kind == HostDiskKind.Polled)
        {
            AcmeDisk.Attach(world.Machine, image.Bytes);
        }
        else
        {
            world.Machine.AttachVirtio(0, new VirtioBlock(new MemoryDisk(image.Bytes), kind == HostDiskKind.Legacy));
        }

        // Each life finds the complement of what the one before has found.
        var program = DiskProgram.Replace("EXPECTED", "andi t2, s7, 1\nbnez t2, odd\nnot t1, t1\nodd:", StringComparison.Ordinal);
        var guests = names.Select(name => world.Guest(name, program, 8 << 20) with { Disk = "rvirt." + name, Network = "private" }).ToArray();
        Assert.That(world.Boot(guests, kind == HostDiskKind.Polled ? WithPolledDisk : OneSlot), world.Desktop.Emergency);
        world.Desktop.Run((ulong)count * 2_500_000);
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
        Assert.That(world.Console, Does.Not.Contain("warning"));
        foreach (var name in names)
        {
            Assert.That(world.Console, Does.Contain($"guest {name} powered off"));
        }

        for (var at = 0; at < image.Bytes.Length; at++)
        {
            var isChanged = at / 512 is var sector && sector >= 41 && sector < 40 + (20 * count) && sector % 20 == 1 && at % 512 is < 8 or >= 504;
            Assert.That(image.Bytes[at], Is.EqualTo(isChanged ? (byte)~before[at] : before[at]), $"byte {at}");
        }
    }

    /// <summary>The disk of one guest answers nothing once its table was read: the guest gets errors, once and again, and its neighbour knows nothing of it.</summary>
    [Test]
    public void ADiskThatFallsSilentGivesItsGuestErrorsAndNobodyElse()
    {
        using var world = new SetupWorld();
        world.Machine.AttachVirtio(0, new SilentDisk(new DiskImage(300, [("rvirt.one", 40, 49)]).Bytes));
        var fails = DiskProgram[..DiskProgram.IndexOf("ld t0, 0(s5)", StringComparison.Ordinal)] + "li a0, 1\njal request\nli t1, 0x5555\nj finish\n"
            + DiskProgram[DiskProgram.IndexOf("# a0: 0 reads", StringComparison.Ordinal)..].Replace("bnez t1, wrong", "li t2, 1\nbne t1, t2, wrong", StringComparison.Ordinal);
        var sectors = new byte[3 * 512];
        Array.Fill(sectors, (byte)0x11, 512, 512);
        var booted = world.Boot(
            [
                world.Guest("one", fails, 16 << 20) with { Disk = "rvirt.one" },
                world.Guest("two", DiskProgram.Replace("EXPECTED", "", StringComparison.Ordinal), 16 << 20) with { RamDisk = world.File("disk", sectors) },
            ],
            source => OneSlot(source).Replace("timebase-frequency = <10000000>", "timebase-frequency = <1000>", StringComparison.Ordinal));
        Assert.That(booted, world.Desktop.Emergency);
        world.Desktop.Run(3_000_000);
        Assert.That(world.Console.Split("guest 0's disk does not answer: all that is asked of it fails until it does"), Has.Length.EqualTo(2), world.Console);
        Assert.That(world.Console, Does.Contain("guest one powered off").And.Contain("guest two powered off"));
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
    }

    /// <summary>Guests could have more devices on another machine: a line says which the board lacks.</summary>
    [TestCase("", "the board drives no clock, no network card, no disk, and guests do without")]
    [TestCase(Clock, "the board drives no network card, no disk, and guests do without")]
    [TestCase(Clock + AcmeCard.Node, "the board drives no disk, and guests do without")]
    [TestCase(AcmeDisk.Node + AcmeCard.Node, "the board drives no clock, and guests do without")]
    [TestCase(Clock + AcmeDisk.Node + AcmeCard.Node, null)]
    [TestCase("virtio@10001000 { compatible = \"virtio,mmio\"; reg = <0 0x10001000 0 0x1000>; interrupts = <1>; };\n", null, Description = "whatever is there")]
    public void WhatTheBoardLacksIsSaid(string devices, string? line)
    {
        using var world = new SetupWorld();
        AcmeDisk.Attach(world.Machine, new byte[512]);
        AcmeCard.Attach(world.Machine);
        world.Machine.AttachVirtio(0, new VirtioBlock(new MemoryDisk(new byte[512])));
        Assert.That(world.Boot([world.Guest("one", PowerOff)], source => source.Replace("serial@10000000 {", devices + "serial@10000000 {", StringComparison.Ordinal)), world.Desktop.Emergency);
        Assert.That(world.Console, line is null ? Does.Not.Contain("the board drives") : Does.Contain($"rvirt: {line}\r\n"));
    }

    /// <summary>The virtual hart that told a polled disk of a request has it go on; where that one stops first, another does.</summary>
    [TestCase(1u, false)]
    [TestCase(2u, false)]
    [TestCase(3u, false, Description = "by turns on one hart")]
    [TestCase(2u, true)]
    [TestCase(3u, true)]
    public void APolledDiskGoesOnWhereTheHartThatToldItHasStopped(uint harts, bool stops)
    {
        var image = new DiskImage(100, [("rvirt.one", 40, 49)]);
        image.Bytes.AsSpan(41 * 512, 512).Fill(0x11);
        using var world = new SetupWorld();
        AcmeDisk.Attach(world.Machine, image.Bytes);
        var program = DiskProgram.Replace("EXPECTED", "andi t2, s7, 1\nbnez t2, odd\nnot t1, t1\nodd:", StringComparison.Ordinal);
        const string Tell = "sw zero, 0x50(s2)\n";
        Assert.That(program, Does.Contain(Tell));
        if (stops)
        {
            program = program.Replace(Tell, $"start: li a7, {HartStateManagement}\nli a6, 0\nli a0, 1\nla a1, tell\necall\nbnez a0, start\n", StringComparison.Ordinal)
                + $"\ntell: li s2, 0x10001000\n{Tell}li a7, {HartStateManagement}\nli a6, 1\necall\n";
        }

        // Idles, for longer than a disk has for an answer, before it ends.
        const string Finish = "finish: li t0, 0x100000\n";
        Assert.That(program, Does.Contain(Finish));
        program = program.Replace(Finish, "finish: li t0, 0x5555\nbne t0, t1, end\nj idle\nend: li t0, 0x100000\n", StringComparison.Ordinal)
            + "\nidle: la t0, over\ncsrw stvec, t0\ncsrr t2, time\nli t0, 1000000000\nadd a0, t2, t0\nli a7, 0x54494d45\nli a6, 0\necall\nli t0, 0x20\ncsrw sie, t0\nwfi\ncsrr t0, sip\nandi t0, t0, 0x20\nbeqz t0, idle\nli t1, 0x5555\nj end\nover: j over\n";
        Assert.That(world.Boot([world.Guest("one", program, 8 << 20, harts) with { Disk = "rvirt.one" }], WithPolledDisk), world.Desktop.Emergency);
        world.Desktop.Run(5_000_000);
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
        Assert.That(image.Bytes[41 * 512], Is.EqualTo(0xee));
        Assert.That(world.Desktop.Record->Guests->Harts[0]->HasAlarm, Is.False, "nobody looks after a disk that has nothing to do");
    }

    [Test]
    public void AClocksAlarmRingsWhereTheHartThatSetItHasStopped([Values] bool stops)
    {
        using var world = new SetupWorld();
        var set = "li t2, 0x101000\nlw t0, 0(t2)\nlw t1, 4(t2)\nli t3, 100000\nadd t0, t0, t3\nsw t1, 12(t2)\nsw t0, 8(t2)\nli t0, 1\nsw t0, 16(t2)\n";
        var program = $"""
            li t0, 0xc00002c
            li t1, 1
            sw t1, 0(t0)
            li t0, 0xc002080
            li t1, 0x800
            sw t1, 0(t0)
            li t0, 0xc201000
            sw zero, 0(t0)
            li t0, 0x200
            csrw sie, t0
            {(stops ? $"li a7, {HartStateManagement}\nli a6, 0\nli a0, 1\nla a1, other\necall" : set)}
            wait: wfi
            csrr t0, sip
            andi t0, t0, 0x200
            beqz t0, wait
            li t0, 0x100000
            li t1, 0x5555
            sw t1, 0(t0)
            j .
            other: {set}
            li a7, {HartStateManagement}
            li a6, 1
            ecall
            """;
        Assert.That(
            world.Boot([world.Guest("one", program, 8 << 20, 2)], source => source.Replace("serial@10000000 {", Clock + "serial@10000000 {", StringComparison.Ordinal)),
            world.Desktop.Emergency);
        world.Desktop.Run(2_000_000);
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
    }

    private static IEnumerable<TestCaseData> BadDisks()
    {
        const string None = "guest one: no disk of the machine has a partition with the label rvirt.one: name one that there is";
        (string Label, ulong First, ulong Last) one = ("rvirt.one", 40, 49);
        yield return new TestCaseData(new DiskImage(300, [("rvirt.on", 40, 49)]), None, null).SetArgDisplayNames("no such label");
        yield return new TestCaseData(new DiskImage(300, [one, ("rvirt.one", 50, 59)]), "guest one: more than one partition has the label rvirt.one: give each a label of its own", null).SetArgDisplayNames("the label twice");
        var bare = new DiskImage(300, [one]);
        bare.Bytes[510] = 0;
        yield return new TestCaseData(bare, None, "warning: disk in virtio slot 0 of the machine: it has no GUID partition table: make one, with a label for each guest's partition").SetArgDisplayNames("no table");
    }

    [TestCaseSource(nameof(BadDisks))]
    public void APartitionThatIsNotThereIsRefusedByName(object disk, string expected, string? warning)
    {
        using var world = new SetupWorld();
        world.Machine.AttachVirtio(0, new VirtioBlock(new MemoryDisk(((DiskImage)disk).Bytes)));
        Refused(world, !world.Boot([world.Guest("one", PowerOff) with { Disk = "rvirt.one" }], OneSlot), expected);
        Assert.That(world.Console, warning is null ? Does.Not.Contain("warning") : Does.Contain(warning));
    }

    [Test]
    public void ADiskWhoseTableIsDamagedIsUsedByTheOtherCopyAndSaidToBeSo()
    {
        var image = new DiskImage(300, [("rvirt.one", 40, 49)]);
        image.Header(1)[0]++;
        using var world = new SetupWorld();
        world.Machine.AttachVirtio(0, new VirtioBlock(new MemoryDisk(image.Bytes)));
        Assert.That(world.Boot([world.Guest("one", PowerOff) with { Disk = "rvirt.one", DiskReadOnly = true }], OneSlot), world.Desktop.Emergency);
        world.Desktop.Run(100_000);
        Assert.That(world.Console, Does.Contain("warning: disk in virtio slot 0 of the machine: one copy of its partition table is damaged, and the other is used: repair the table"));
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
    }

    [Test]
    public void TwoDisksWithOneLabelAreRefusedAndADiskThatAGuestHasForItselfIsLeftAlone()
    {
        var image = new DiskImage(300, [("rvirt.one", 40, 49)]);
        using var world = new SetupWorld();
        world.Machine.AttachVirtio(0, new VirtioBlock(new MemoryDisk(image.Bytes)));
        world.Machine.AttachVirtio(1, new VirtioBlock(new MemoryDisk(image.Bytes.ToArray())));
        var spec = world.Guest("one", PowerOff) with { Disk = "rvirt.one" };
        Refused(world, !world.Boot([spec], TwoSlots), "guest one: more than one partition has the label rvirt.one: give each a label of its own");

        using var other = new SetupWorld();
        other.Machine.AttachVirtio(0, new VirtioBlock(new MemoryDisk(image.Bytes)));
        other.Machine.AttachVirtio(1, new VirtioBlock(new MemoryDisk(image.Bytes.ToArray())));
        Assert.That(other.Boot([other.Guest("one", PowerOff, devices: [1]) with { Disk = "rvirt.one" }], TwoSlots), other.Desktop.Emergency);
        Assert.That((other.Desktop.Record->Guests->Bus.SlotKind(0), other.Desktop.Record->Guests->Bus.SlotKind(1)), Is.EqualTo((2u, 2u)));
        var view = new MachineView<FakeHost>(other.Desktop.Record->Cores);
        Assert.That((view.Slot(0, 0).HostAddress, view.Slot(0, 1).HostAddress, view.Slot(0, 2).HostAddress), Is.EqualTo((0x1000_2000UL, 0x1000_1000UL, 0UL)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void ADiskThatCannotBeWrittenIsForThoseThatOnlyRead(bool onlyReads)
    {
        using var world = new SetupWorld();
        world.Machine.AttachVirtio(0, new ReadOnlyDisk(new DiskImage(300, [("rvirt.one", 40, 49)]).Bytes));
        var booted = world.Boot([world.Guest("one", PowerOff) with { Disk = "rvirt.one", DiskReadOnly = onlyReads }], OneSlot);
        if (onlyReads)
        {
            Assert.That(booted, world.Desktop.Emergency);
        }
        else
        {
            Refused(world, !booted, "guest one: its disk cannot be written: give it disk-readonly;");
        }
    }

    [Test]
    public void ADiskWhoseInterruptCannotBeRoutedIsNotUsed()
    {
        using var world = new SetupWorld();
        world.Machine.AttachVirtio(0, new VirtioBlock(new MemoryDisk(new DiskImage(300, [("rvirt.one", 40, 49)]).Bytes)));
        Refused(
            world, !world.Boot([world.Guest("one", PowerOff) with { Disk = "rvirt.one" }], source => OneSlot(source).Replace("interrupts = <1>", "interrupts = <128>", StringComparison.Ordinal)),
            "guest one: no disk of the machine has a partition with the label rvirt.one: name one that there is");
        Assert.That(world.Console, Does.Contain("warning: disk in virtio slot 0 of the machine: it has no interrupt that Rvirt can route, 1 to 127"));
    }

    private static string WithPolledDisk(string source) => source.Replace("serial@10000000 {", AcmeDisk.Node + "serial@10000000 {", StringComparison.Ordinal);

    private static string OneSlot(string source) => Slots(source, 1);

    private static string TwoSlots(string source) => Slots(source, 2);

    private static string Slots(string source, int count) => source.Replace(
        "serial@10000000 {",
        string.Concat(Enumerable.Range(0, count).Select(i => $"virtio@{0x10001000 + (i << 12):x} {{ compatible = \"virtio,mmio\"; reg = <0 {0x10001000 + (i << 12)} 0 0x1000>; interrupts = <{i + 1}>; }};\n")) + "serial@10000000 {",
        StringComparison.Ordinal);

    [Test]
    public void ADiskInMemoryThatTheMachineHasNoRoomForIsRefusedByName()
    {
        using var world = new SetupWorld();
        var spec = world.Guest("one", PowerOff, 16 << 20) with { RamDisk = world.File("disk", new byte[40 << 20]) };
        var refused = !world.Boot([spec], source => source.Replace("reg = <0 0x80000000 0 0x40000>", "reg = <0 0x80000000 0 0x3000000>", StringComparison.Ordinal));
        Refused(world, refused, "guest one: too little memory for its ramdisk of 40 MiB: make the file smaller, or give the machine more, by MoreMemory");
    }

    [Test]
    public void ADiskInMemoryBehindEightDevicesIsRefusedByName()
    {
        using var world = new SetupWorld();
        var slots = string.Concat(Enumerable.Range(0, 8).Select(i => $"virtio@{0x10001000 + (i << 12):x} {{ compatible = \"virtio,mmio\"; reg = <0 {0x10001000 + (i << 12)} 0 0x1000>; interrupts = <1>; }};\n"));
        var spec = world.Guest("one", PowerOff, devices: [0, 1, 2, 3, 4, 5, 6, 7]) with { RamDisk = world.File("disk", new byte[512]) };
        Refused(
            world, !world.Boot([spec], source => source.Replace("serial@10000000 {", slots + "serial@10000000 {", StringComparison.Ordinal)),
            "guest one: it asks for more devices than a guest has virtio slots: name fewer");
    }

    private static IEnumerable<TestCaseData> BadGuests()
    {
        yield return new TestCaseData(((ulong, uint, uint[])[])[(1024UL << 20, 1, [])], "guest g0: too little memory for the 1024 MiB it asks for: give the guest less, or the machine more, by MoreMemory");
        yield return new TestCaseData(((ulong, uint, uint[])[])[(0, 1, [3])], "guest g0: it asks for a virtio slot that the machine does not have: name those it has");
        yield return new TestCaseData(((ulong, uint, uint[])[])[(60UL << 20, 1, []), (60UL << 20, 1, [])], "guest g1: too little memory for the 60 MiB it asks for: give the guest less, or the machine more, by MoreMemory");
    }

    [TestCaseSource(nameof(BadGuests))]
    public void GuestsThatAskForTooMuchAreRefusedByName((ulong Memory, uint Harts, uint[] Devices)[] guests, string expected)
    {
        using var world = new SetupWorld();
        var specs = guests.Select((guest, i) => world.Guest($"g{i}", PowerOff, guest.Memory == 0 ? null : guest.Memory, guest.Harts, guest.Devices)).ToArray();
        Refused(world, !world.Boot(specs), expected);
    }

    [TestCase("yyy", "guest g2: it is pinned, and there are too few harts for it: pin fewer, or give the machine more, by MoreHarts")]
    [TestCase("ynyn", "guest g1: pinned guests leave no hart for it: pin fewer, or give the machine more, by MoreHarts")]
    public void MorePinnedGuestsThanHartsAreRefusedByName(string pinned, string expected)
    {
        using var world = new SetupWorld();
        Refused(world, !world.Boot([.. pinned.Select((pin, i) => world.Guest($"g{i}", PowerOff) with { Pinned = pin == 'y' })]), expected);
    }

    [TestCase("start", "no hart is left for the guests that share one: hart 1 is not started by the firmware")]
    [TestCase("timer", "no hart is left for the guests that share one: hart 1 has no timer of its own (Sstc), which the hart that booted has: Rvirt needs harts that are alike")]
    public void TheLastHartForThoseThatShareOneHasToBeUsable(string what, string expected)
    {
        using var world = new SetupWorld(unstartable: what == "start" ? [1] : []);
        if (what == "timer")
        {
            world.Desktop.WithoutStimecmp.Add(1);
        }

        var booted = world.Boot([world.Guest("a", "here: j here\n.zero 64\n") with { Pinned = true }, world.Guest("b", PowerOff), world.Guest("c", PowerOff)]);
        if (booted)
        {
            world.Desktop.Run(1_000_000);
        }

        Assert.That((world.Desktop.Emergency, world.Desktop.Status), Is.EqualTo(($"rvirt: error: {expected}\r\n", (uint?)1)));
    }

    [Test]
    public void AHartThatTheFirmwareDoesNotStartIsNamed()
    {
        using var world = new SetupWorld(unstartable: [1]);
        Refused(world, !world.Boot([world.Guest("one", PowerOff), world.Guest("two", PowerOff)]), "guest two: hart 1 is not started by the firmware");
    }

    [Test]
    public void AVirtioSlotWhoseInterruptCannotBeRoutedIsNamed()
    {
        using var world = new SetupWorld();
        var refused = !world.Boot([world.Guest("one", PowerOff, devices: [0])], source => source.Replace(
            "serial@10000000 {", "virtio@10001000 { compatible = \"virtio,mmio\"; reg = <0 0x10001000 0 0x1000>; interrupts = <200>; };\nserial@10000000 {", StringComparison.Ordinal));
        Refused(world, refused, "guest one: virtio slot 0 of the machine has no interrupt that Rvirt can route, 1 to 127: name other slots");
    }

    [Test]
    public void WhatTheListsHaveNoRoomForIsSaid()
    {
        using var world = new SetupWorld();
        var more = string.Concat(Enumerable.Range(0, 9).Select(i => $"virtio@{0x10001000 + (i << 12):x} {{ compatible = \"virtio,mmio\"; reg = <0 {0x10001000 + (i << 12)} 0 0x1000>; interrupts = <1>; }};\n"));
        var banks = string.Concat(Enumerable.Range(1, 9).Select(i => $"memory@{i}00000000 {{ device_type = \"memory\"; reg = <{i} 0 0 0x100000>; }};\n"));
        Assert.That(
            world.Boot([world.Guest("one", PowerOff), world.Guest("two", PowerOff)], source => source
                .Replace("serial@10000000 {", more + "serial@10000000 {", StringComparison.Ordinal)
                .Replace("reserved-memory {", banks + "reserved-memory {", StringComparison.Ordinal)),
            world.Desktop.Emergency);
        Assert.That(world.Console, Does.Contain("rvirt: warning: 1 virtio slots are more than Rvirt keeps, and stay unused"));
        Assert.That(world.Console, Does.Contain("rvirt: warning: 2 MiB of memory lie in more banks than Rvirt keeps, and stay unused"));
        Assert.That(world.Console, Does.Not.Contain("harts are more"));
    }

    private static void Refused(SetupWorld world, bool refused, string expected, bool exactly = true)
    {
        Assert.That(refused, world.Console);
        var line = "rvirt: error: " + expected;
        Assert.That(world.Desktop.Emergency, exactly ? Is.EqualTo(line + "\r\n") : Does.StartWith(line));
        Assert.That(world.Desktop.Status, Is.EqualTo(1));
        Assert.That(world.Console, Does.Not.Contain("powered off"), "no guest ran");
    }

    private static void AreApart(List<(ulong Start, ulong End)> places)
    {
        places.Sort();
        foreach (var (low, high) in places.Zip(places.Skip(1)))
        {
            Assert.That(high.Start, Is.GreaterThanOrEqualTo(low.End), $"{low.Start:x}-{low.End:x} and {high.Start:x}-{high.End:x}");
        }
    }

    // Virtio 1.2 §5.2: feature 5, and requests to read.
    /// <summary>A disk that answers what lies before the first partition, and nothing else ever.</summary>
    private sealed class SilentDisk(byte[] content) : VirtioMmio(2, 1, 0)
    {
        protected override ReadOnlySpan<byte> Configuration => BitConverter.GetBytes((ulong)content.Length / 512);

        protected override bool TryServe(int queue, VirtioChain chain, out uint written)
        {
            var header = new byte[16];
            chain.Read(0, header);
            var sector = BitConverter.ToUInt64(header, 8);
            written = 0;
            if (sector is >= 40 and < 50)
            {
                return false;
            }

            written = (uint)chain.Write(0, content.AsSpan((int)sector * 512, chain.WritableLength - 1)) + 1;
            chain.Write(chain.WritableLength - 1, [0]);
            return true;
        }
    }

    private sealed class ReadOnlyDisk(byte[] content) : VirtioMmio(2, 1, 1UL << 5)
    {
        protected override ReadOnlySpan<byte> Configuration => BitConverter.GetBytes((ulong)content.Length / 512);

        protected override bool TryServe(int queue, VirtioChain chain, out uint written)
        {
            var header = new byte[16];
            chain.Read(0, header);
            written = (uint)chain.Write(0, content.AsSpan((int)BitConverter.ToUInt64(header, 8) * 512, chain.WritableLength - 1)) + 1;
            chain.Write(chain.WritableLength - 1, [0]);
            return true;
        }
    }

    /// <summary>A disk of the host.</summary>
    internal enum HostDiskKind
    {
        Modern,
        Legacy,
        Polled,
    }
}
