using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>
/// The UART that the machine has, and its driver, whichever it is: bound once, in a table with an entry for each operation. All zero is no UART.
/// </summary>
/// <remarks>A table, since an image's trap handling is compiled once, whatever drivers its boards bring; within a driver all calls are direct.</remarks>
/// <typeparam name="THost">The hart that calls.</typeparam>
// SAFETY: Take fills in all entries for one type of driver, whose state is asked for as nothing else.
public unsafe struct HostUartDriver<THost>
    where THost : struct, IMmio
{
    private DriverState _state;
    private delegate*<ref DriverState, ref THost, byte, void> _write;
    private delegate*<ref DriverState, ref THost, out byte, out byte, bool> _tryRead;
    private delegate*<ref DriverState, ref THost, byte, bool> _tryWrite;
    private delegate*<ref DriverState, ref THost, bool, bool, void> _enableInterrupts;

    /// <summary>Has a driver take a UART and make it usable for output. Interrupts stay off.</summary>
    /// <typeparam name="TUart">The driver.</typeparam>
    /// <param name="host">Access to its registers.</param>
    /// <param name="uart">What the device tree says of it.</param>
    public void Take<TUart>(ref THost host, in HostDevice uart)
        where TUart : unmanaged, IHostUart
    {
        this = default;
        DriverState.As<TUart>(ref _state).Initialize(ref host, uart);
        _write = &Write<TUart>;
        _tryRead = &TryRead<TUart>;
        _tryWrite = &TryWrite<TUart>;
        _enableInterrupts = &EnableInterrupts<TUart>;
    }

    /// <inheritdoc cref="IHostUart.Write"/>
    internal void Write(ref THost host, byte value)
    {
        if (_write != null)
        {
            _write(ref _state, ref host, value);
        }
    }

    /// <inheritdoc cref="IHostUart.TryWrite"/>
    internal bool TryWrite(ref THost host, byte value) => _tryWrite == null || _tryWrite(ref _state, ref host, value);

    /// <inheritdoc cref="IHostUart.TryRead"/>
    internal bool TryRead(ref THost host, out byte value, out byte errors)
    {
        if (_tryRead != null)
        {
            return _tryRead(ref _state, ref host, out value, out errors);
        }

        value = 0;
        errors = 0;
        return false;
    }

    /// <inheritdoc cref="IHostUart.EnableInterrupts"/>
    internal void EnableInterrupts(ref THost host, bool receive, bool transmit)
    {
        if (_enableInterrupts != null)
        {
            _enableInterrupts(ref _state, ref host, receive, transmit);
        }
    }

    private static void Write<TUart>(ref DriverState state, ref THost host, byte value)
        where TUart : unmanaged, IHostUart =>
        DriverState.As<TUart>(ref state).Write(ref host, value);

    private static bool TryRead<TUart>(ref DriverState state, ref THost host, out byte value, out byte errors)
        where TUart : unmanaged, IHostUart =>
        DriverState.As<TUart>(ref state).TryRead(ref host, out value, out errors);

    private static bool TryWrite<TUart>(ref DriverState state, ref THost host, byte value)
        where TUart : unmanaged, IHostUart =>
        DriverState.As<TUart>(ref state).TryWrite(ref host, value);

    private static void EnableInterrupts<TUart>(ref DriverState state, ref THost host, bool receive, bool transmit)
        where TUart : unmanaged, IHostUart =>
        DriverState.As<TUart>(ref state).EnableInterrupts(ref host, receive, transmit);
}
