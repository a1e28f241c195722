using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;
using Rvirt.Reference.Devices;

namespace Rvirt.Tests.Hypervisor;

/// <summary>A board brings its drivers: the library's and its own, of every kind, and the device tree says which are used.</summary>
internal sealed unsafe class DriverTests
{
    private const uint AcmeEnd = 0xacce0000;

    private const string PowerOff = "nop\nnop\nli a7, 8\necall\nj .\n";

    // Waits for a letter on the console, and powers off.
    private const string Wait = "li a7, 2\npoll: ecall\nli t0, 'q'\nbne a0, t0, poll\n" + PowerOff;

    private const string Uart = "serial@10000000 { compatible = \"ns16550a\"; reg = <0 0x10000000 0 0x100>;";
    private const string AcmeUart = "serial@10000000 { compatible = \"acme,uart\"; acme,mark = <94>; reg = <0 0x11000000 0 0x10>;";
    private const string Plic = "compatible = \"sifive,plic-1.0.0\"; reg = <0 0xc000000 0 0x600000>;";
    private const string AcmePlic = "compatible = \"acme,plic\"; reg = <0 0xd000000 0 0x4000>;";
    private const string Reset = "test@100000 { compatible = \"sifive,test0\"; reg = <0 0x100000 0 0x1000>; };";
    private const string AcmeReset = "power { compatible = \"acme,power\"; acme,switch = <77 4>; }; switches@13000000 { reg = <0 0x13000000 0 8>; phandle = <77>; };";
    private const string AcmeClock = "clock@12000000 { compatible = \"acme,clock\"; reg = <0 0x12000000 0 8>; };\n";

    // Sends the station a frame, and waits for the complement of its last word.
    private const string Ask = """
        li s2, 0x10001000
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
        li s3, 0x80500000
        li s4, 0x80510000
        li a0, 0
        mv a1, s3
        jal queue
        li a0, 1
        mv a1, s4
        jal queue
        li t0, 15
        sw t0, 0x70(s2)

        # A buffer to receive.
        li s5, 0x80520000
        sd s5, 0(s3)
        li t0, 0x0000000200000800
        sd t0, 8(s3)
        li t0, 0x80501000
        li t1, 1
        sh t1, 2(t0)
        sw zero, 0x50(s2)

        # A frame of sixty bytes behind a header of twelve: to the station, from here.
        li s6, 0x80530000
        li t0, 0x0000090000000002
        sd t0, 12(s6)
        lw t0, 0x100(s2)
        sw t0, 18(s6)
        lhu t0, 0x104(s2)
        sh t0, 22(s6)
        li s7, 0x123456789abcdef0
        sd s7, 64(s6)
        sd s6, 0(s4)
        li t0, 72
        sd t0, 8(s4)
        li t0, 0x80511000
        li t1, 1
        sh t1, 2(t0)
        sw t1, 0x50(s2)
        li t0, 0x80502000
        wait: lhu t1, 2(t0)
        beqz t1, wait
        ld t0, 64(s5)
        not t0, t0
        li t1, 0x93333
        bne t0, s7, finish
        lhu t0, 12(s5)
        lhu t2, 0x100(s2)
        bne t0, t2, finish
        li t1, 0x5555
        finish: li t0, 0x100000
        sw t1, 0(t0)
        j .

        # a0: which; a1: its descriptors, with the two rings a page further each.
        queue: sw a0, 0x30(s2)
        li t0, 8
        sw t0, 0x38(s2)
        sw a1, 0x80(s2)
        sw zero, 0x84(s2)
        li t1, 0x1000
        add a1, a1, t1
        sw a1, 0x90(s2)
        sw zero, 0x94(s2)
        add a1, a1, t1
        sw a1, 0xa0(s2)
        sw zero, 0xa4(s2)
        li t0, 1
        sw t0, 0x44(s2)
        ret
        """;

    private static readonly (string Old, string New)[] s_changes = [(Uart, AcmeUart), (Plic, AcmePlic), (Reset, AcmeReset + AcmeClock)];

    [Test]
    public void ABoardMayBringEveryDriverItself()
    {
        using var world = New();
        Assert.That(world.Boot<Boards<Acme>>([world.Guest("one", Wait)], source => Change(source, s_changes)), world.Desktop.Emergency);
        Assert.That(Time(world), Is.EqualTo(1_234_567_890_000_000_000));
        world.Desktop.Run(10_000);
        Assert.That(world.Desktop.Status, Is.Null, "it waits");
        world.Machine.Uart.Type("q");
        world.Desktop.Run(1_000_000);
        Assert.That(world.Machine.Outcome, Is.EqualTo(AcmeEnd));
        Assert.That(world.Console, Does.Contain("rvirt: Acme, Sv57").And.Contain("rvirt: guest one powered off^\r\n"), "with the mark that its driver makes");
    }

    /// <summary>Each is replaced alone, and the others stay the library's.</summary>
    [Test]
    public void ABoardMayBringOneDriverItself([Range(0, 2)] int change)
    {
        using var world = New();
        Assert.That(world.Boot<Boards<Mixed>>([world.Guest("one", Wait)], source => Change(source, s_changes[change])), world.Desktop.Emergency);
        world.Machine.Uart.Type("q");
        world.Desktop.Run(1_000_000);
        Assert.That(world.Machine.Outcome, Is.EqualTo(change == 2 ? AcmeEnd : TestFinisher.Pass), world.Console);
        Assert.That(world.Console, Does.Contain(change == 0 ? "powered off^\r\n" : "powered off\r\n"));
        Assert.That(world.Desktop.Record->Clock.Exists, Is.EqualTo(change == 2));
    }

    /// <summary>An APLIC in the PLIC's place. What firmware has not delegated, since there is none, is delegated here; else nobody touches the domain of M-mode.</summary>
    [Test]
    public void AnAplicInterruptsInsteadOfThePlic([Values] bool firmware, [Values(1u, 2u)] uint harts)
    {
        using var world = New();
        _ = new AplicModel(world.Machine, firmware);
        world.Desktop.Abilities = world.Desktop.Abilities with { IsOwnMachineMode = !firmware };
        const string Node = "plic@c000000 { compatible = \"sifive,plic-1.0.0\"; reg = <0 0xc000000 0 0x600000>; riscv,ndev = <95>; interrupts-extended = <1 11 1 9 2 11 2 9>; };";
        Assert.That(world.Boot([world.Guest("one", Wait, 8 << 20, harts)], source => Change(source, (Node, AplicModel.Nodes))), world.Desktop.Emergency);
        for (var i = 0; i < 3; i++)
        {
            world.Desktop.Run(20_000);
            Assert.That(world.Desktop.Status, Is.Null, "it waits");
            world.Machine.Uart.Type("abc");
        }

        world.Machine.Uart.Type("q");
        world.Desktop.Run(1_000_000);
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
    }

    [TestCase(1)]
    [TestCase(3, Description = "each gets the answer to its own alone")]
    public void AWireMayBeTheBoardsOwnCard(int guests)
    {
        using var world = New();
        var card = AcmeCard.Attach(world.Machine);
        var specs = Enumerable.Range(0, guests).Select(i => world.Guest($"g{i}", Ask, 8 << 20) with { Network = "wire" }).ToArray();
        Assert.That(world.Boot(specs, source => Change(source, (Uart, AcmeCard.Node + Uart))), world.Desktop.Emergency);
        world.Desktop.Run(3_000_000);
        Assert.That(world.Desktop.Status, Is.Zero, world.Console);
        Assert.That(card.Sent.Select(frame => frame[11]), Is.EquivalentTo(Enumerable.Range(1, guests)), "the last byte of each one's address");
        Assert.That(card.Sent, Has.All.Length.EqualTo(60));
    }

    [TestCase("interrupts = <3>;", "interrupts = <128>;")]
    [TestCase("interrupts = <3>;", "interrupts = <3>; acme,broken = <1>;")]
    [TestCase("acme,card", "acme,other")]
    public void AWireOverACardThatDoesNotWorkIsRefused(string text, string instead)
    {
        using var world = New();
        var card = AcmeCard.Attach(world.Machine);
        var started = world.Boot([world.Guest("one", PowerOff) with { Network = "wire" }], source => Change(source, (Uart, AcmeCard.Node + Uart), (text, instead)));
        IsRefused(world, started, "guest one: it asks for a network with a wire, and the machine has no card for it that works and that no guest has: add one, or make its network private");
        Assert.That(card.Sent, Is.Empty);
    }

    [Test]
    public void BoardsOfOneImageHaveTheirOwnDrivers([Values] bool acme)
    {
        using var world = New();
        var renamed = ("rvirt-made-up", "acme,board");
        Assert.That(
            world.Boot<Boards<SetupWorld.MadeUpBoard, Boards<OnlyAcme>>>(
                [world.Guest("one", PowerOff)], source => acme ? Change(source, [.. s_changes, renamed]) : source),
            world.Desktop.Emergency);
        world.Desktop.Run(1_000_000);
        Assert.That(world.Machine.Outcome, Is.EqualTo(acme ? AcmeEnd : TestFinisher.Pass));
        Assert.That(world.Console, Does.Contain(acme ? "rvirt: only Acme, " : "rvirt: made-up, "));
    }

    [Test]
    public void ABoardHasNoDriversOfTheOthersOfItsImage([Values] bool acme)
    {
        using var world = New();
        var started = acme
            ? world.Boot<Boards<SetupWorld.MadeUpBoard, Boards<OnlyAcme>>>([world.Guest("one", PowerOff)], source => Change(source, (Plic, AcmePlic), (Reset, AcmeReset), ("rvirt-made-up", "acme,board")))
            : world.Boot<Boards<OnlyAcme, Boards<SetupWorld.MadeUpBoard>>>([world.Guest("one", PowerOff)], source => Change(source, (Uart, AcmeUart)));
        IsRefused(world, started, $"the console's UART is {(acme ? "ns16550a" : "acme,uart")}, for which the board has no driver: name one that it drives in stdout-path");
        Assert.That(world.Machine.Outcome, Is.EqualTo(acme ? AcmeEnd | 1 : 0x13333), "by the board's own device");
    }

    /// <summary>By a driver of any of them, or of the library's own, which none of them names here.</summary>
    [Test]
    public void AMachineThatIsNoneOfTheBoardsIsEndedAllTheSame([Values] bool acme)
    {
        using var world = New();
        var started = world.Boot<Boards<Bare, Boards<OnlyAcme>>>([world.Guest("one", PowerOff)], source => acme ? Change(source, (Reset, AcmeReset)) : source);
        IsRefused(world, started, "this machine is not one that the image was built for: it knows bare, only Acme");
        Assert.That(world.Machine.Outcome, Is.EqualTo(acme ? AcmeEnd | 1 : 0x13333));
    }

    /// <summary>What a board names no driver for, it does not drive, though the library has one.</summary>
    [Test]
    public void ABoardWithoutDriversDrivesNothing()
    {
        using var world = New();
        IsRefused(world, world.Boot<Boards<Bare>>([world.Guest("one", PowerOff)], source => Change(source, ("rvirt-made-up", "bare"))), "the board has no driver for the machine's PLIC: use a machine with one that it drives, not sifive,plic-1.0.0");
        Assert.That(world.Machine.Outcome, Is.EqualTo(DesktopMachine.FirmwareEnd), "no driver for the device that ends the machine");
    }

    [Test]
    public void ABoardWithoutDriversButOfThePLICLeavesClockAndEndToOthers([Values] bool serial)
    {
        using var world = New();
        var started = world.Boot<Boards<PlicOnly>>([world.Guest("one", PowerOff)], source => serial ? source : Change(source, ("serial@10000000 {", "port@10000000 {"), ("stdout-path", "other")));
        if (serial)
        {
            IsRefused(world, started, "the console's UART is ns16550a, for which the board has no driver: name one that it drives in stdout-path");
            return;
        }

        Assert.That(started, world.Desktop.Emergency);
        Assert.That(world.Desktop.Record->Clock.Exists, Is.False);
        world.Desktop.Run(1_000_000);
        Assert.That((world.Desktop.Status, world.Machine.Outcome), Is.EqualTo((0u, DesktopMachine.FirmwareEnd)));
        Assert.That(world.Console, Is.Empty, "no console");
    }

    [TestCase("ns16550a", "acme,uart-3", "acme,uart-3")]
    [TestCase("compatible = \"ns16550a\"; ", "", "of no kind that its node names")]
    [TestCase("\"ns16550a\"", "[61]", "of no kind that its node names", Description = "a string without its end")]
    [TestCase("ns16550a", "", "")]
    [TestCase("ns16550a", "virtio,mmio", "virtio,mmio", Description = "another kind of device")]
    [TestCase("stdout-path = \"/soc/serial@10000000\"; linux,initrd-start", "linux,initrd-start", null)]
    public void AConsoleThatNoDriverDrivesIsRefusedByName(string text, string instead, string? name)
    {
        using var world = New();
        var started = world.Boot<Boards<Mixed>>([world.Guest("one", PowerOff)], source => Change(source, (text, instead)));
        if (name is null)
        {
            Assert.That(started, world.Desktop.Emergency);
            return;
        }

        IsRefused(world, started, $"the console's UART is {name}, for which the board has no driver: name one that it drives in stdout-path");
    }

    /// <summary>Without a name in stdout-path: a serial port that none drives is not passed over in silence, unless another is driven.</summary>
    [Test]
    public void ASerialPortIsTheConsoleWhereNoneIsNamed([Values] bool first, [Values] bool another)
    {
        using var world = New();
        const string Unknown = "serial@9000 { compatible = \"acme,uart-3\"; reg = <0 0x9000 0 0x10>; };";
        var started = world.Boot<Boards<Mixed>>([world.Guest("one", PowerOff)], source => Change(
            source, ("stdout-path", "other"), (Uart, (first ? Unknown : "") + (another ? Uart : "other@10000000 {")), ("interrupts = <10>; };", "interrupts = <10>; };" + (first ? "" : Unknown))));
        if (another)
        {
            Assert.That(started, world.Desktop.Emergency);
            Assert.That(world.Desktop.Record->Host.Uart.Base, Is.EqualTo(0x1000_0000));
        }
        else
        {
            IsRefused(world, started, "the console's UART is acme,uart-3, for which the board has no driver: name one that it drives in stdout-path");
        }
    }

    /// <summary>A node's names go from the most specific to the most general.</summary>
    [TestCase("acme,uart\", \"ns16550a", true)]
    [TestCase("acme,uart-3\", \"acme,uart-2\", \"ns16550a", true)]
    [TestCase("ns16550a\", \"acme,uart", false)]
    public void TheFirstNameThatIsDrivenCounts(string names, bool acme)
    {
        using var world = New();
        var (at, mark) = acme ? ("0x11000000", "powered off^\r\n") : ("0x10000000", "powered off\r\n");
        Assert.That(
            world.Boot<Boards<Mixed>>([world.Guest("one", PowerOff)], source => Change(source, (AcmeUartFor("ns16550a", "0x10000000", source), AcmeUartFor(names, at, source)))),
            world.Desktop.Emergency);
        world.Desktop.Run(1_000_000);
        Assert.That(world.Console, Does.Contain(mark));
    }

    [Test]
    public void TwoDriversForOneNameAreRefusedByIt()
    {
        IsContested<Driven<Twice>>("ns16550a");
        IsContested<Driven<Rival>>("acme,uart-2");
        IsContested<Driven<OtherKind>>("acme,plic");
    }

    [Test]
    public void ADriverWithoutANameDrivesNothing()
    {
        Assert.That(HostDriver.Drives<Nameless>(""u8), Is.False);
        Assert.That(HostDriver.Drives<Nameless>("a"u8), Is.False);
        Assert.That(HostDriver.Drives<EmptyNames>(""u8), Is.False);
        Assert.That(HostDriver.Drives<EmptyNames>("b"u8), Is.True);
        Assert.That(HostDriver.Drives<AcmeDrivers.Uart>("acme,uart\0acme,uart-2"u8), Is.False);
        Assert.That(HostDriver.Drives<AcmeDrivers.Uart>("acme,uart-"u8), Is.False);
    }

    [TestCase("acme,switch = <77 4>", "acme,switch = <78 4>", Description = "of no node")]
    [TestCase("acme,switch = <77 4>", "other", Description = "of none at all")]
    [TestCase("reg = <0 0x13000000 0 8>", "reg = <0 0x13000000>", Description = "of a node without registers")]
    public void ADeviceWhoseDriverFindsNoRegistersIsPassedOver(string text, string instead)
    {
        using var world = New();
        Assert.That(world.Boot<Boards<Acme>>([world.Guest("one", PowerOff)], source => Change(source, [.. s_changes, (text, instead)])), world.Desktop.Emergency);
        world.Desktop.Run(1_000_000);
        Assert.That(world.Machine.Outcome, Is.EqualTo(DesktopMachine.FirmwareEnd));
    }

    /// <summary>Nothing is written to a device that the window does not reach, though an error is to be ended by it.</summary>
    [Test]
    public void ADeviceOutOfReachDoesNotEndTheMachine()
    {
        using var world = new SetupWorld(mode: Rvirt.Core.Privileged.TranslationMode.Sv39);
        AcmeDrivers.Attach(world.Machine);
        var started = world.Boot<Boards<Acme>>([world.Guest("one", PowerOff)], source => Change(source, [.. s_changes, ("reg = <0 0x13000000 0 8>", "reg = <0x1000 0 0 8>")]));
        IsRefused(world, started, "the device that ends the machine lies above the addresses that Rvirt can map on this hart: use a hart with Sv48 or Sv57");
        Assert.That(world.Machine.Outcome, Is.EqualTo(DesktopMachine.FirmwareEnd));
    }

    private static void IsContested<TBoard>(string name)
        where TBoard : struct, IPlatform
    {
        using var world = New();
        var started = world.Boot<Boards<TBoard>>([world.Guest("one", PowerOff)]);
        IsRefused(world, started, $"contested has two drivers for {name}: build its image with one of them");
        Assert.That(world.Machine.Outcome, Is.EqualTo(0x13333));
    }

    private static SetupWorld New()
    {
        var world = new SetupWorld();
        AcmeDrivers.Attach(world.Machine);
        return world;
    }

    private static string AcmeUartFor(string names, string at, string source)
    {
        Assert.That(source, Does.Contain(Uart));
        return Uart.Replace("ns16550a", names, StringComparison.Ordinal).Replace("0x10000000 0 0x100>;", at + " 0 0x100>;" + (names == "ns16550a" ? "" : " acme,mark = <94>;"), StringComparison.Ordinal);
    }

    private static string Change(string source, params ReadOnlySpan<(string Old, string New)> changes)
    {
        foreach (var (old, replacement) in changes)
        {
            Assert.That(source, Does.Contain(old));
            source = source.Replace(old, replacement, StringComparison.Ordinal);
        }

        return source;
    }

    private static ulong Time(SetupWorld world)
    {
        var cores = world.Desktop.Record->Cores;
        return world.Desktop.Record->Clock.Read(ref cores->Host);
    }

    private static void IsRefused(SetupWorld world, bool started, string expected)
    {
        Assert.That(started, Is.False, world.Console);
        Assert.That(world.Desktop.Emergency, Is.EqualTo($"rvirt: error: {expected}\r\n"));
        Assert.That(world.Desktop.Status, Is.EqualTo(1));
    }

    private readonly struct Acme : IPlatform
    {
        public ReadOnlySpan<byte> Name => "Acme"u8;

        public bool Matches(in FdtReader tree) => tree.IsCompatible(tree.Root, "rvirt-made-up"u8);

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList
        {
            drivers.Uart<AcmeDrivers.Uart>();
            drivers.Plic<AcmeDrivers.Plic>();
            drivers.Clock<AcmeDrivers.Clock>();
            drivers.Reset<AcmeDrivers.Power>();
        }

        public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
    }

    /// <summary>The same under a name of its own.</summary>
    private readonly struct OnlyAcme : IPlatform
    {
        public ReadOnlySpan<byte> Name => "only Acme"u8;

        public bool Matches(in FdtReader tree) => tree.IsCompatible(tree.Root, "acme,board"u8);

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList =>
            default(Acme).Drivers(ref drivers);

        public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
    }

    /// <summary>Several drivers of each kind.</summary>
    private readonly struct Mixed : IPlatform
    {
        public ReadOnlySpan<byte> Name => "mixed"u8;

        public bool Matches(in FdtReader tree) => true;

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList
        {
            default(ReferenceBoard).Drivers(ref drivers);
            default(Acme).Drivers(ref drivers);
        }

        public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
    }

    private readonly struct Bare : IPlatform
    {
        public ReadOnlySpan<byte> Name => "bare"u8;

        public bool Matches(in FdtReader tree) => tree.IsCompatible(tree.Root, "bare"u8);

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList
        {
        }

        public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
    }

    private readonly struct PlicOnly : IPlatform
    {
        public ReadOnlySpan<byte> Name => "PLIC only"u8;

        public bool Matches(in FdtReader tree) => true;

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList =>
            drivers.Plic<HostSiFivePlic>();

        public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
    }

    /// <summary>The usual drivers, and one more.</summary>
    private readonly struct Driven<TMore> : IPlatform
        where TMore : struct, IMore
    {
        public ReadOnlySpan<byte> Name => "contested"u8;

        public bool Matches(in FdtReader tree) => true;

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList
        {
            default(Mixed).Drivers(ref drivers);
            default(TMore).Add(ref drivers);
        }

        public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
    }

    private interface IMore
    {
        void Add<TList>(ref TList drivers)
            where TList : struct, IDriverList;
    }

    private readonly struct Twice : IMore
    {
        public void Add<TList>(ref TList drivers)
            where TList : struct, IDriverList =>
            drivers.Uart<HostUart16550>();
    }

    private readonly struct Rival : IMore
    {
        public void Add<TList>(ref TList drivers)
            where TList : struct, IDriverList =>
            drivers.Uart<RivalUart>();
    }

    private readonly struct OtherKind : IMore
    {
        public void Add<TList>(ref TList drivers)
            where TList : struct, IDriverList =>
            drivers.Reset<PlicThatEnds>();
    }

    private readonly struct RivalUart : IHostUart
    {
        public static ReadOnlySpan<byte> Compatible => "rival,uart\0acme,uart-2"u8;

        public void Initialize<THost>(ref THost host, in HostDevice uart)
            where THost : struct, IMmio
        {
        }

        public void Write<THost>(ref THost host, byte value)
            where THost : struct, IMmio
        {
        }

        public bool TryRead<THost>(ref THost host, out byte value, out byte errors)
            where THost : struct, IMmio
        {
            value = 0;
            errors = 0;
            return false;
        }

        public bool TryWrite<THost>(ref THost host, byte value)
            where THost : struct, IMmio =>
            true;

        public void EnableInterrupts<THost>(ref THost host, bool receive, bool transmit)
            where THost : struct, IMmio
        {
        }
    }

    private readonly struct PlicThatEnds : IHostReset
    {
        public static ReadOnlySpan<byte> Compatible => "acme,plic"u8;

        public void Initialize(in HostDevice reset)
        {
        }

        public void End<THost>(ref THost host, uint status)
            where THost : struct, IMmio
        {
        }
    }

    private readonly struct Nameless : IHostDriver
    {
        public static ReadOnlySpan<byte> Compatible => default;
    }

    private readonly struct EmptyNames : IHostDriver
    {
        public static ReadOnlySpan<byte> Compatible => "\0\0b\0"u8;
    }
}
