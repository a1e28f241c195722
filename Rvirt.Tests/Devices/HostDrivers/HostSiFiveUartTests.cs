using System;
using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>The driver of SiFive's UART, on a model of its registers.</summary>
internal sealed class HostSiFiveUartTests
{
    private const ulong At = 0x1001_0000;

    private SiFiveUartModel _model = null!;
    private SiFiveUartModel.Host _host;
    private HostUartDriver<SiFiveUartModel.Host> _uart;

    [SetUp]
    public void Make() => Take(new SiFiveUartModel());

    private void Take(SiFiveUartModel model)
    {
        _model = model;
        _host = new SiFiveUartModel.Host(model, At);
        _uart = default;
        _uart.Take<HostSiFiveUart>(ref _host, new HostDevice { Base = At });
    }

    [Test]
    public void SendsAndReceivesOnceItWasTaken()
    {
        Assert.That(_model.Interrupts, Is.False, "until they are turned on");
        foreach (var value in "sent\r\n"u8)
        {
            _uart.Write(ref _host, value);
        }

        _model.Receive("got");
        Assert.That((_model.Line.ToString(), Read(), _model.Lost), Is.EqualTo(("sent\r\n", "got", 0)));
        Assert.That((_uart.TryRead(ref _host, out var none, out var errors), none, errors), Is.EqualTo((false, (byte)0, (byte)0)));
    }

    /// <summary>As firmware may leave it: on, interrupting, with bytes that were typed at it, another speed.</summary>
    [Test]
    public void TakesOverWhatFirmwareUsedAndLeavesTheSpeed()
    {
        var model = new SiFiveUartModel();
        var firmware = new SiFiveUartModel.Host(model, At);
        firmware.Write32(At + 0x08, 0x5_0003);
        firmware.Write32(At + 0x0c, 0x7_0001);
        firmware.Write32(At + 0x10, 3);
        firmware.Write32(At + 0x18, 1085);
        model.Receive("old");
        Take(model);
        Assert.That((Read(), model.Interrupts, _host.Read32(At + 0x18)), Is.EqualTo(("", false, 1085u)));
        _uart.EnableInterrupts(ref _host, receive: true, transmit: false);
        model.Receive("n");
        Assert.That(model.Interrupts, Is.True, "by the first byte");
        Assert.That(Read(), Is.EqualTo("n"));
    }

    [Test]
    public void SendsAsMuchAsTheTransmitterTakesAndLosesNothing()
    {
        _model.Fast = false;
        for (var i = 0; i < SiFiveUartModel.Depth; i++)
        {
            Assert.That(_uart.TryWrite(ref _host, (byte)('a' + i)), Is.True);
        }

        var before = _model.Accesses;
        Assert.That(_uart.TryWrite(ref _host, (byte)'!'), Is.False);
        Assert.That(_model.Accesses - before, Is.EqualTo(1), "it asks once, and does not wait");
        _model.Send(1);
        Assert.That(_uart.TryWrite(ref _host, (byte)'i'), Is.True);
        _model.Send(SiFiveUartModel.Depth);
        Assert.That((_model.Line.ToString(), _model.Lost), Is.EqualTo(("abcdefghi", 0)));
    }

    [TestCase(false, false, false, false)]
    [TestCase(true, false, true, false)]
    [TestCase(false, true, false, true)]
    [TestCase(true, true, true, true)]
    public void IsInterruptedByWhatWasTurnedOn(bool receive, bool transmit, bool byInput, bool byRoom)
    {
        _model.Fast = false;
        Assert.That(_uart.TryWrite(ref _host, 1));
        _uart.EnableInterrupts(ref _host, receive, transmit);
        Assert.That(_model.Interrupts, Is.False);
        _model.Send(1);
        Assert.That(_model.Interrupts, Is.EqualTo(byRoom));
        Assert.That(_uart.TryWrite(ref _host, 1));
        Assert.That(_model.Interrupts, Is.False, "a byte that is sent ends it");
        _model.Receive("x");
        Assert.That(_model.Interrupts, Is.EqualTo(byInput));
        Read();
        Assert.That(_model.Interrupts, Is.False, "a byte that is read ends it");
        _uart.EnableInterrupts(ref _host, receive: false, transmit: false);
        _model.Send(1);
        _model.Receive("x");
        Assert.That(_model.Interrupts, Is.False);
    }

    /// <summary>The first byte is waited for in vain; the next find that out at once, until there is room again.</summary>
    [Test]
    public void ALineThatIsStoppedDoesNotStopTheMachine()
    {
        _model.Fast = false;
        for (var i = 0; i <= SiFiveUartModel.Depth; i++)
        {
            _uart.Write(ref _host, (byte)'a');
        }

        var before = _model.Accesses;
        _uart.Write(ref _host, (byte)'b');
        Assert.That(_model.Accesses - before, Is.EqualTo(1));
        _model.Send(SiFiveUartModel.Depth);
        _uart.Write(ref _host, (byte)'c');
        _model.Send(1);
        Assert.That((_model.Line.ToString(), _model.Lost), Is.EqualTo(("aaaaaaaac", 0)));
    }

    /// <summary>Whatever comes in what order: bytes arrive once, in their order, and the driver never asks for more than it is told to.</summary>
    [Test]
    public void AnyOrderOfThingsLosesNothing([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        _model.Fast = random.Next(2) == 0;
        var sent = "";
        var (typed, read) = ("", "");
        var waiting = 0;
        for (var i = 0; i < 2000; i++)
        {
            switch (random.Next(5))
            {
                case 0:
                    var value = (char)random.Next(256);
                    sent += _uart.TryWrite(ref _host, (byte)value) ? value : "";
                    break;
                case 1:
                    _model.Send(random.Next(4));
                    break;
                case 2 when waiting < SiFiveUartModel.Depth:
                    var key = (char)random.Next(256);
                    _model.Receive(key.ToString());
                    typed += key;
                    waiting++;
                    break;
                case 3 when _uart.TryRead(ref _host, out var got, out var errors):
                    Assert.That(errors, Is.Zero);
                    read += (char)got;
                    waiting--;
                    break;
                case 4:
                    _uart.EnableInterrupts(ref _host, random.Next(2) == 0, random.Next(2) == 0);
                    break;
            }
        }

        read += Read();
        _model.Send(SiFiveUartModel.Depth);
        Assert.That((_model.Line.ToString(), read, _model.Lost), Is.EqualTo((sent, typed, 0)));
    }

    /// <summary>Registers that answer anything: each operation ends, and touches the UART alone, by words.</summary>
    [Test]
    public void RegistersFullOfNonsenseHoldNobodyUp([Range(1, 20)] int seed)
    {
        var host = new Noise(new Random(seed));
        var uart = default(HostUartDriver<Noise>);
        uart.Take<HostSiFiveUart>(ref host, new HostDevice { Base = At });
        for (var i = 0; i < 1000; i++)
        {
            uart.Write(ref host, (byte)i);
            uart.TryWrite(ref host, (byte)i);
            uart.TryRead(ref host, out _, out _);
            uart.EnableInterrupts(ref host, i % 2 == 0, i % 3 == 0);
        }

        Assert.That(host.Touched, Is.SubsetOf(((ulong, int)[])[(At, 4), (At + 4, 4), (At + 8, 4), (At + 12, 4), (At + 16, 4)]));
    }

    private string Read()
    {
        var text = "";
        while (_uart.TryRead(ref _host, out var value, out var errors))
        {
            Assert.That(errors, Is.Zero);
            text += (char)value;
        }

        return text;
    }

    private readonly struct Noise(Random random) : Rvirt.Core.Host.IMmio
    {
        /// <summary>Each address that was accessed, with the bytes of the access.</summary>
        public HashSet<(ulong Address, int Bytes)> Touched { get; } = [];

        public byte Read8(ulong address) => (byte)Read(address, 1);

        public ushort Read16(ulong address) => (ushort)Read(address, 2);

        public uint Read32(ulong address) => (uint)Read(address, 4);

        public ulong Read64(ulong address) => Read(address, 8);

        public void Write8(ulong address, byte value) => Touched.Add((address, 1));

        public void Write16(ulong address, ushort value) => Touched.Add((address, 2));

        public void Write32(ulong address, uint value) => Touched.Add((address, 4));

        public void Write64(ulong address, ulong value) => Touched.Add((address, 8));

        public void IoFence()
        {
        }

        private ulong Read(ulong address, int bytes)
        {
            Touched.Add((address, bytes));
            return (ulong)random.NextInt64();
        }
    }
}
