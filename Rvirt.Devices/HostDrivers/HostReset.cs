using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>The device that ends the machine, and its driver, whichever it is: bound once. All zero is no device.</summary>
/// <typeparam name="THost">The hart that calls.</typeparam>
// SAFETY: Take fills in the entry for one type of driver, whose state is asked for as nothing else.
public unsafe struct HostReset<THost>
    where THost : struct, IMmio
{
    private DriverState _state;
    private delegate*<ref DriverState, ref THost, uint, void> _end;

    /// <summary>Has a driver take the device.</summary>
    /// <typeparam name="TReset">The driver.</typeparam>
    /// <param name="device">What the device tree says of it.</param>
    public void Take<TReset>(in HostDevice device)
        where TReset : unmanaged, IHostReset
    {
        this = default;
        DriverState.As<TReset>(ref _state).Initialize(device);
        _end = &End<TReset>;
    }

    /// <inheritdoc cref="IHostReset.End"/>
    public void End(ref THost host, uint status)
    {
        if (_end != null)
        {
            _end(ref _state, ref host, status);
        }
    }

    private static void End<TReset>(ref DriverState state, ref THost host, uint status)
        where TReset : unmanaged, IHostReset =>
        DriverState.As<TReset>(ref state).End(ref host, status);
}
