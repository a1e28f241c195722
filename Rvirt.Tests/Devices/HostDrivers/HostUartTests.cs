using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>The driver of the host's UART, where it must not wait: what it may send now, and when it is interrupted.</summary>
internal sealed class HostUartTests
{
    private static (FakeMachine Machine, HostUartDriver<DeviceHost> Uart) Make()
    {
        var machine = new FakeMachine(0x1000);
        var host = machine.Host;
        var uart = default(HostUartDriver<DeviceHost>);
        uart.Take<HostUart16550>(ref host, new HostDevice { Base = FakeMachine.UartBase });
        return (machine, uart);
    }

    [Test]
    public void SendsSixteenBytesIntoAnEmptyTransmitterAndNoneIntoAFullOne()
    {
        var (machine, uart) = Make();
        using var _ = machine;
        var host = machine.Host;
        machine.UartSlow = true;
        for (var i = 0; i < 16; i++)
        {
            Assert.That(uart.TryWrite(ref host, (byte)('a' + i)), Is.True);
        }

        Assert.That(uart.TryWrite(ref host, (byte)'q'), Is.False);
        Assert.That(machine.Output.ToString(), Is.EqualTo("abcdefghijklmnop"));
        machine.SendFifo();
        Assert.That(uart.TryWrite(ref host, (byte)'q'), Is.True);
        Assert.That(machine.Output.ToString(), Does.EndWith("pq"));
    }

    [Test]
    public void AsksOnceAtAFullTransmitterAndDoesNotWait()
    {
        var (machine, uart) = Make();
        using var _ = machine;
        var host = machine.Host;
        machine.UartStalled = true;
        var before = machine.MmioAccesses;
        Assert.That(uart.TryWrite(ref host, (byte)'x'), Is.False);
        Assert.That(machine.MmioAccesses - before, Is.EqualTo(1));
        Assert.That(machine.Output.ToString(), Is.Empty);
    }

    [TestCase(false, false, false, false)]
    [TestCase(true, false, true, false)]
    [TestCase(false, true, false, true)]
    [TestCase(true, true, true, true)]
    public void IsInterruptedByWhatWasTurnedOn(bool receive, bool transmit, bool byInput, bool byRoom)
    {
        var (machine, uart) = Make();
        using var _ = machine;
        var host = machine.Host;
        machine.UartStalled = true;
        uart.EnableInterrupts(ref host, receive, transmit);
        Assert.That(Interrupts(machine), Is.False);
        machine.UartStalled = false;
        Assert.That(Interrupts(machine), Is.EqualTo(byRoom));
        machine.UartStalled = true;
        Interrupts(machine);
        machine.Type("x");
        Assert.That(Interrupts(machine), Is.EqualTo(byInput));
        uart.EnableInterrupts(ref host, receive: false, transmit: false);
        machine.UartStalled = false;
        Interrupts(machine);
        Assert.That(Interrupts(machine), Is.False);
    }

    // Claimed and completed: what has pended once does so until then.
    private static bool Interrupts(FakeMachine machine)
    {
        const uint Claim = 0x20_0004 + (0x1000 * FakeMachine.Context);
        machine.Plic.TryWrite(4 * FakeMachine.UartSource, 1);
        machine.Plic.TryWrite(0x2000 + (0x80 * FakeMachine.Context), 1u << (int)FakeMachine.UartSource);
        machine.Plic.TryRead(Claim, out var source);
        machine.Plic.TryWrite(Claim, (uint)source);
        return source != 0;
    }
}
