using Moq;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Devices.HostDrivers;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>Which registers a driver touches, in which width and order: these, and no others.</summary>
internal sealed class RegisterTests
{
    private const ulong Base = 0x1234_5000;

    private MockSequence _order = null!;
    private Mock<IMmio> _registers = null!;
    private MockedRegisters _host;

    [SetUp]
    public void Begin()
    {
        _order = new MockSequence();
        _registers = new Mock<IMmio>(MockBehavior.Strict);
        _host = new MockedRegisters(_registers);
    }

    [TearDown]
    public void AllAndNoMore()
    {
        _registers.VerifyAll();
        _registers.VerifyNoOtherCalls();
    }

    /// <summary>A read of TIME_LOW latches TIME_HIGH (Goldfish device documentation).</summary>
    [Test]
    public void AClockIsReadOnceLowHalfFirst()
    {
        _registers.InSequence(_order).Setup(registers => registers.Read32(Base)).Returns(0x89ab_cdef);
        _registers.InSequence(_order).Setup(registers => registers.Read32(Base + 4)).Returns(0x0123_4567);
        var clock = default(HostGoldfishRtc);
        clock.Initialize(new HostDevice { Base = Base });
        Assert.That(clock.Read(ref _host), Is.EqualTo(0x0123_4567_89ab_cdef));
    }

    /// <summary>The finisher takes 0x5555 for success, and 0x3333 with the status above it for failure.</summary>
    [TestCase(0u, 0x5555u)]
    [TestCase(1u, 0x0001_3333u)]
    [TestCase(0xbeefu, 0xbeef_3333u)]
    public void AMachineEndsByOneWord(uint status, uint word)
    {
        _registers.Setup(registers => registers.Write32(Base, word));
        var reset = default(HostSiFiveTest);
        reset.Initialize(new HostDevice { Base = Base });
        reset.End(ref _host, status);
    }

    /// <summary>Interrupts are off before anything else changes; then eight bits, once all is sent, FIFOs that are empty, and the pins on which terminals and interrupts hang (16550 data sheet).</summary>
    [Test]
    public void AUARTIsQuietBeforeItIsSetUp() => SetUpUart();

    /// <summary>As trees have DesignWare's: registers of four bytes, four apart. It refuses another format while it sends.</summary>
    [Test]
    public unsafe void AUARTOfWordsIsSetUpOnceItHasSentWhatFirmwareSaid()
    {
        const ulong Registers = Base + 0x100;
        _registers.InSequence(_order).Setup(registers => registers.Read32(Registers + 4)).Returns(0x41);
        _registers.InSequence(_order).Setup(registers => registers.Write32(Registers + 4, 0x40));
        _registers.InSequence(_order).Setup(registers => registers.Read32(Registers + 12)).Returns(0x13);
        _registers.InSequence(_order).Setup(registers => registers.Read32(Registers + 20)).Returns(0x20);
        _registers.InSequence(_order).Setup(registers => registers.Read32(Registers + 12)).Returns(0x13);
        _registers.InSequence(_order).Setup(registers => registers.Read32(Registers + 20)).Returns(0x60);
        _registers.InSequence(_order).Setup(registers => registers.Write32(Registers + 12, 3));
        _registers.InSequence(_order).Setup(registers => registers.Read32(Registers + 12)).Returns(3);
        _registers.InSequence(_order).Setup(registers => registers.Write32(Registers + 8, 7));
        _registers.InSequence(_order).Setup(registers => registers.Write32(Registers + 16, 0x0b));
        _registers.InSequence(_order).Setup(registers => registers.Write32(Registers + 4, 0x43));
        _registers.InSequence(_order).Setup(registers => registers.Read32(Registers + 20)).Returns(0x60);
        _registers.InSequence(_order).Setup(registers => registers.Write32(Registers, 'x'));
        var compiled = Tools.Compile("/dts-v1/;\n/ { serial { reg-offset = <0x100>; reg-shift = <2>; reg-io-width = <4>; }; };");
        fixed (byte* blob = compiled)
        {
            Assert.That(FdtReader.Open(blob, (ulong)compiled.Length, out var tree), Is.EqualTo(FdtError.None));
            Assert.That(tree.TryFind("/serial"u8, out var node));
            var uart = default(HostUart16550);
            uart.Initialize(ref _host, new HostDevice { Base = Base, Tree = tree, Node = node });
            uart.EnableInterrupts(ref _host, receive: true, transmit: true);
            Assert.That(uart.TryWrite(ref _host, (byte)'x'));
        }
    }

    [Test]
    public void AUARTWithoutAByteIsAskedForItsStatusAlone()
    {
        var uart = SetUpUart();
        _registers.InSequence(_order).Setup(registers => registers.Read8(Base + 5)).Returns(0x60);
        Assert.That(uart.TryRead(ref _host, out _, out _), Is.False);
    }

    [Test]
    public void AByteIsReadAfterTheStatusThatTellsOfIt()
    {
        var uart = SetUpUart();
        _registers.InSequence(_order).Setup(registers => registers.Read8(Base + 5)).Returns(0x63);
        _registers.InSequence(_order).Setup(registers => registers.Read8(Base)).Returns((byte)'k');
        Assert.That((uart.TryRead(ref _host, out var value, out var errors), value, errors), Is.EqualTo((true, (byte)'k', (byte)2)), "one that was lost before it, too");
    }

    [Test]
    public void AFullTransmitterGetsNoByte()
    {
        var uart = SetUpUart();
        _registers.InSequence(_order).Setup(registers => registers.Read8(Base + 5)).Returns(0);
        Assert.That(uart.TryWrite(ref _host, (byte)'x'), Is.False);
    }

    private HostUart16550 SetUpUart()
    {
        _registers.InSequence(_order).Setup(registers => registers.Read8(Base + 1)).Returns(5);
        _registers.InSequence(_order).Setup(registers => registers.Write8(Base + 1, 0));
        _registers.InSequence(_order).Setup(registers => registers.Read8(Base + 3)).Returns(0x80);
        _registers.InSequence(_order).Setup(registers => registers.Read8(Base + 5)).Returns(0x60);
        _registers.InSequence(_order).Setup(registers => registers.Write8(Base + 3, 3));
        _registers.InSequence(_order).Setup(registers => registers.Read8(Base + 3)).Returns(3);
        _registers.InSequence(_order).Setup(registers => registers.Write8(Base + 2, 7));
        _registers.InSequence(_order).Setup(registers => registers.Write8(Base + 4, 0x0b));
        var uart = default(HostUart16550);
        uart.Initialize(ref _host, new HostDevice { Base = Base });
        return uart;
    }
}
