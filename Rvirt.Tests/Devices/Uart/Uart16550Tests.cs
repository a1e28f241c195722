using NUnit.Framework;
using Rvirt.Devices.Uart;

namespace Rvirt.Tests.Devices.Uart;

public class Uart16550Tests
{
    private Uart16550 _uart;

    [SetUp]
    public void SetUp()
    {
        _uart = default;
        _uart.Reset();
    }

    [Test]
    public void AWrittenByteGoesOutAndTheTransmitterIsEmptyAgain()
    {
        Assert.That(_uart.Write(0, (byte)'x'), Is.True);
        Assert.That(_uart.Read(5), Is.EqualTo(0x60));
    }

    [Test]
    public void DriversFindA16550A()
    {
        _uart.Write(1, 0x0f);
        Assert.That(_uart.Read(1), Is.EqualTo(0x0f));
        _uart.Write(1, 0xff);
        Assert.That(_uart.Read(1), Is.EqualTo(0x0f), "no sleep mode, no DMA");
        _uart.Write(1, 0);
        _uart.Write(2, 1);
        Assert.That(_uart.Read(2), Is.EqualTo(0xc1));
        _uart.Write(7, 0x5a);
        Assert.That(_uart.Read(7), Is.EqualTo(0x5a));
        _uart.Write(4, 0x1a);
        Assert.That(_uart.Read(6) & 0xf0, Is.EqualTo(0x90), "looped back, RTS and OUT2 are CTS and DCD");
        // The test for a 16650: with LCR at BF, offset 2 must not be a second register.
        _uart.Write(3, 0xbf);
        Assert.That(_uart.Read(2), Is.Not.Zero);
    }

    [Test]
    public void TheDivisorIsBehindDLAB()
    {
        _uart.Write(3, 0x83);
        _uart.Write(0, 0x34);
        _uart.Write(1, 0x12);
        Assert.That((_uart.Read(0), _uart.Read(1)), Is.EqualTo(((byte)0x34, (byte)0x12)));
        _uart.Write(3, 0x03);
        Assert.That(_uart.Read(1), Is.Zero);
        Assert.That(_uart.Read(0), Is.Zero);
    }

    [Test]
    public void TheTransmitInterruptRisesWhenEnabledAndFallsWhenIdentified()
    {
        _uart.Write(1, 2);
        Assert.That(_uart.InterruptLine, Is.True);
        Assert.That(_uart.Read(2), Is.EqualTo(0x02));
        Assert.That(_uart.InterruptLine, Is.False);
        Assert.That(_uart.Read(2), Is.EqualTo(0x01));
        _uart.Write(0, 1);
        Assert.That(_uart.Read(2), Is.EqualTo(0x02), "the register is empty again");
        _uart.Write(1, 2);
        Assert.That(_uart.InterruptLine, Is.False, "enabling what is enabled raises nothing");
        _uart.Write(1, 0);
        _uart.Write(1, 2);
        Assert.That(_uart.InterruptLine, Is.True);
    }

    [TestCase(0x01, 1)]
    [TestCase(0x41, 4)]
    [TestCase(0x81, 8)]
    [TestCase(0xc1, 14)]
    public void ReceivedDataAreToldByTriggerLevelOrTimeout(int fifoControl, int trigger)
    {
        _uart.Write(2, (byte)fifoControl);
        _uart.Write(1, 1);
        for (var i = 1; i <= 16; i++)
        {
            Assert.That(_uart.CanReceive, Is.True);
            _uart.Receive((byte)i);
            Assert.That(_uart.Read(2), Is.EqualTo(i >= trigger ? 0xc4 : 0xcc));
        }

        Assert.That(_uart.CanReceive, Is.False);
        for (var i = 1; i <= 16; i++)
        {
            Assert.That(_uart.Read(5) & 1, Is.EqualTo(1));
            Assert.That(_uart.Read(0), Is.EqualTo(i));
        }

        Assert.That(_uart.InterruptLine, Is.False);
        Assert.That(_uart.Read(5) & 1, Is.Zero);
    }

    [Test]
    public void WhatDoesNotFitIsAnOverrunToldOnce()
    {
        _uart.Write(1, 4);
        _uart.Receive(1);
        _uart.Receive(2);
        Assert.That(_uart.Read(2), Is.EqualTo(0x06));
        Assert.That(_uart.Read(5) & 2, Is.EqualTo(2));
        Assert.That(_uart.Read(5) & 2, Is.Zero);
        Assert.That(_uart.InterruptLine, Is.False);
        Assert.That(_uart.Read(0), Is.EqualTo(2), "without FIFOs the last byte is kept");
        _uart.Write(2, 1);
        for (var i = 1; i <= 17; i++)
        {
            _uart.Receive((byte)i);
        }

        Assert.That(_uart.Read(5) & 2, Is.EqualTo(2));
        for (var i = 1; i <= 16; i++)
        {
            Assert.That(_uart.Read(0), Is.EqualTo(i), "with them the first sixteen are");
        }
    }

    [Test]
    public void ABreakAndErrorsShowWithTheirBytes()
    {
        _uart.Write(2, 1);
        _uart.Write(1, 4);
        _uart.Receive((byte)'a');
        _uart.Receive(0, 0x18);
        _uart.Receive((byte)'b');
        _uart.Receive((byte)'c', 0x04);
        Assert.That(_uart.InterruptLine, Is.False, "the first byte has no error");
        Assert.That((_uart.Read(5), _uart.Read(0)), Is.EqualTo(((byte)0xe1, (byte)'a')), "an error waits in the FIFO");
        Assert.That(_uart.Read(2), Is.EqualTo(0xc6));
        Assert.That((_uart.Read(5), _uart.Read(0)), Is.EqualTo(((byte)0xf9, (byte)0)), "break and framing error");
        Assert.That(_uart.InterruptLine, Is.False);
        Assert.That((_uart.Read(5), _uart.Read(0)), Is.EqualTo(((byte)0xe1, (byte)'b')));
        Assert.That((_uart.Read(5), _uart.Read(5), _uart.Read(0)), Is.EqualTo(((byte)0xe5, (byte)0x61, (byte)'c')), "told once");
        Assert.That(_uart.Read(5), Is.EqualTo(0x60));
    }

    [Test]
    public void ALineStatusThatIsQuickToReadTellsOfNoError()
    {
        _uart.Write(2, 1);
        _uart.Receive((byte)'a');
        Assert.That(_uart.TryReadQuietStatus(out _), Is.True);
        _uart.Receive(0, 0x10);
        Assert.That(_uart.TryReadQuietStatus(out _), Is.False, "bit 7");
        _uart.Read(0);
        Assert.That(_uart.TryReadQuietStatus(out _), Is.False);
        _uart.Write(2, 3);
        _uart.Read(5);
        Assert.That(_uart.TryReadQuietStatus(out _), Is.True, "cleared with the FIFO");
    }

    [Test]
    public void AHostThatLostBytesSaysSo()
    {
        _uart.Write(2, 1);
        _uart.Receive((byte)'a', 0x02);
        Assert.That((_uart.Read(5), _uart.Read(5)), Is.EqualTo(((byte)0x63, (byte)0x61)));
    }

    [Test]
    public void ATransmitInterruptThatWasClaimedAsksAgainOnlyAfterAnotherByte()
    {
        _uart.Write(1, 2);
        Assert.That(_uart.InterruptLine, Is.True);
        _uart.Claimed();
        Assert.That(_uart.InterruptLine, Is.False, "a driver that never reads the identification");
        Assert.That(_uart.Read(2), Is.EqualTo(0x02), "one that does finds it");
        Assert.That(_uart.Read(2), Is.EqualTo(0x01));
        _uart.Write(0, 1);
        Assert.That(_uart.InterruptLine, Is.True);
        _uart.Claimed();
        _uart.Write(0, 1);
        Assert.That(_uart.InterruptLine, Is.True);
        _uart.Claimed();
        _uart.Write(1, 0);
        _uart.Write(1, 2);
        Assert.That(_uart.InterruptLine, Is.True, "enabled anew");
    }

    [Test]
    public void OtherInterruptsAskHoweverOftenTheyAreClaimed()
    {
        _uart.Write(1, 0x0b);
        _uart.Claimed();
        Assert.That(_uart.InterruptLine, Is.False);
        _uart.Receive((byte)'a');
        _uart.Claimed();
        Assert.That(_uart.InterruptLine, Is.True, "data wait");
        _uart.Read(0);
        Assert.That(_uart.InterruptLine, Is.False);
        _uart.Write(4, 0x10);
        _uart.Claimed();
        Assert.That(_uart.InterruptLine, Is.True, "a modem line changed");
    }

    [Test]
    public void LoopbackKeepsBytesInside()
    {
        _uart.Write(2, 1);
        _uart.Write(4, 0x10);
        for (var i = 0; i < 20; i++)
        {
            Assert.That(_uart.Write(0, (byte)i), Is.False);
        }

        var seen = 0;
        while ((_uart.Read(5) & 1) != 0)
        {
            Assert.That(_uart.Read(0), Is.EqualTo(seen++));
        }

        Assert.That(seen, Is.EqualTo(16), "this is how drivers measure the FIFO");
    }

    [Test]
    public void AModemLineThatChangesInterruptsUntilRead()
    {
        _uart.Write(1, 8);
        _uart.Write(4, 0x10);
        Assert.That(_uart.Read(2), Is.Zero);
        Assert.That(_uart.InterruptLine, Is.True);
        Assert.That(_uart.Read(6), Is.EqualTo(0x0b), "CTS, DSR and DCD fell");
        Assert.That(_uart.InterruptLine, Is.False);
    }

    [Test]
    public void TurningTheFIFOsOnEmptiesThem()
    {
        _uart.Receive(1);
        _uart.Write(2, 1);
        Assert.That(_uart.HasData, Is.False);
        _uart.Receive(1);
        _uart.Write(2, 3);
        Assert.That(_uart.HasData, Is.False);
    }
}
