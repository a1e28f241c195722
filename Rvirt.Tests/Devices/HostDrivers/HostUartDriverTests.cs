using System;
using System.Runtime.CompilerServices;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Devices.HostDrivers;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>A UART's driver may be anybody's.</summary>
internal sealed class HostUartDriverTests
{
    private FakeMachine _machine = null!;
    private DeviceHost _host;
    private HostUartDriver<DeviceHost> _uart;

    [SetUp]
    public void Begin()
    {
        _machine = new FakeMachine(4096);
        _host = _machine.Host;
        _uart = default;
    }

    [TearDown]
    public void End() => _machine.Dispose();

    [Test]
    public void WhoeverBringsADriverGetsEveryCall()
    {
        _uart.Take<LoudUart>(ref _host, new HostDevice { Base = FakeMachine.UartBase });
        Assert.That(_machine.Uart.Read(1), Is.Zero);
        _uart.EnableInterrupts(ref _host, receive: true, transmit: false);
        Assert.That(_machine.Uart.Read(1), Is.EqualTo(1), "interrupts");
        foreach (var value in "a-b"u8)
        {
            _uart.Write(ref _host, value);
        }

        Assert.That(_uart.TryWrite(ref _host, (byte)'c'), Is.True);
        Assert.That(_machine.Output.ToString(), Is.EqualTo("A-BC"));
        _uart.EnableInterrupts(ref _host, receive: false, transmit: true);
        Assert.That(_machine.Uart.Read(1), Is.EqualTo(2), "interrupts");
        Assert.That((_uart.TryRead(ref _host, out var read, out var errors), read, errors), Is.EqualTo((true, (byte)4, (byte)2)), "bytes sent, and a constant");
    }

    [Test]
    public void NoUARTTakesOutputAndGivesNoInput()
    {
        _uart.Write(ref _host, 1);
        Assert.That(_uart.TryWrite(ref _host, 1), Is.True);
        _uart.EnableInterrupts(ref _host, receive: true, transmit: false);
        Assert.That((_uart.TryRead(ref _host, out var read, out var errors), read, errors), Is.EqualTo((false, (byte)0, (byte)0)));
        Assert.That(_machine.MmioAccesses, Is.Zero);
    }

    /// <summary>What it keeps lies in a room of one size, whichever it is.</summary>
    [Test]
    public void ADriverThatKeepsTooMuchIsRefused()
    {
        _uart.Take<Wide<Full>>(ref _host, default);
        _uart.Write(ref _host, 77);
        Assert.That((_uart.TryRead(ref _host, out var read, out _), read), Is.EqualTo((true, (byte)77)), "to the last byte");
        Assert.That(
            () => _uart.Take<Wide<TooFull>>(ref _host, default),
            Throws.InvalidOperationException.With.Message.EqualTo("a driver of the board keeps more than the 128 bytes there are for one"));
    }

    private struct LoudUart : IHostUart
    {
        private ulong _base;
        private byte _sent;

        public static ReadOnlySpan<byte> Compatible => "loud"u8;

        public void Initialize<THost>(ref THost host, in HostDevice uart)
            where THost : struct, IMmio =>
            _base = uart.Base;

        public void Write<THost>(ref THost host, byte value)
            where THost : struct, IMmio
        {
            _sent++;
            host.Write8(_base, value is >= (byte)'a' and <= (byte)'z' ? (byte)(value - 32) : value);
        }

        public readonly bool TryRead<THost>(ref THost host, out byte value, out byte errors)
            where THost : struct, IMmio
        {
            value = _sent;
            errors = 2;
            return true;
        }

        public bool TryWrite<THost>(ref THost host, byte value)
            where THost : struct, IMmio
        {
            Write(ref host, value);
            return true;
        }

        public readonly void EnableInterrupts<THost>(ref THost host, bool receive, bool transmit)
            where THost : struct, IMmio =>
            host.Write8(_base + 1, (byte)((receive ? 1 : 0) | (transmit ? 2 : 0)));
    }

    // Keeps the last byte that was sent in the last byte of its state.
    private struct Wide<TState> : IHostUart
        where TState : unmanaged
    {
        private TState _state;

        public static ReadOnlySpan<byte> Compatible => "wide"u8;

        public readonly void Initialize<THost>(ref THost host, in HostDevice uart)
            where THost : struct, IMmio
        {
        }

        public void Write<THost>(ref THost host, byte value)
            where THost : struct, IMmio =>
            Last = value;

        public bool TryRead<THost>(ref THost host, out byte value, out byte errors)
            where THost : struct, IMmio
        {
            value = Last;
            errors = 0;
            return true;
        }

        public bool TryWrite<THost>(ref THost host, byte value)
            where THost : struct, IMmio
        {
            Write(ref host, value);
            return true;
        }

        public readonly void EnableInterrupts<THost>(ref THost host, bool receive, bool transmit)
            where THost : struct, IMmio
        {
        }

        private byte Last
        {
            get => Unsafe.Add(ref Unsafe.As<TState, byte>(ref _state), Unsafe.SizeOf<TState>() - 1);
            set => Unsafe.Add(ref Unsafe.As<TState, byte>(ref _state), Unsafe.SizeOf<TState>() - 1) = value;
        }
    }

    [InlineArray(DriverState.Bytes)]
    private struct Full
    {
        private byte _first;
    }

    [InlineArray(DriverState.Bytes + 1)]
    private struct TooFull
    {
        private byte _first;
    }
}
