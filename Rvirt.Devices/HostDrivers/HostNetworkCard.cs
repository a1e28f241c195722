using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.HostDrivers;

/// <summary>
/// A network card of the host, and its driver, whichever it is: bound once, in a table with an entry for each operation. All zero is no card, which nothing is asked of.
/// </summary>
/// <typeparam name="THost">The hart that calls.</typeparam>
// SAFETY: Take fills in all entries for one type of driver, whose state is asked for as nothing else.
public unsafe struct HostNetworkCard<THost>
    where THost : struct, IMmio, ITime
{
    private DriverState _state;
    private delegate*<ref DriverState, ref THost, in HostDevice, uint, byte*, in PhysicalMemory, bool> _tryStart;
    private delegate*<ref DriverState, bool> _isUp;
    private delegate*<ref DriverState, ref THost, void> _acknowledge;
    private delegate*<ref DriverState, ref THost, byte*, uint, bool> _trySend;
    private delegate*<ref DriverState, ref THost, out uint, out byte*, out uint, bool> _tryReceive;
    private delegate*<ref DriverState, uint, void> _give;
    private delegate*<ref DriverState, ref THost, void> _finish;

    /// <summary>Whether there is a driver.</summary>
    public readonly bool Exists => _tryStart != null;

    /// <summary>Bytes of page-aligned memory that the driver needs.</summary>
    public ulong BytesNeeded { get; private set; }

    /// <summary>Frames that the card can have taken and not yet given up, at most.</summary>
    internal int Buffers { get; private set; }

    /// <inheritdoc cref="IHostNetworkCard.IsUp"/>
    internal bool IsUp => _isUp(ref _state);

    /// <summary>Chooses the driver. Nothing of the card is touched.</summary>
    /// <typeparam name="TCard">The driver.</typeparam>
    public void Take<TCard>()
        where TCard : unmanaged, IHostNetworkCard
    {
        this = default;
        BytesNeeded = TCard.BytesNeeded;
        Buffers = TCard.Buffers;
        _tryStart = &TryStart<TCard>;
        _isUp = &ReadIsUp<TCard>;
        _acknowledge = &Acknowledge<TCard>;
        _trySend = &TrySend<TCard>;
        _tryReceive = &TryReceive<TCard>;
        _give = &Give<TCard>;
        _finish = &Finish<TCard>;
    }

    /// <inheritdoc cref="IHostNetworkCard.TryStart"/>
    internal bool TryStart(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window) =>
        _tryStart(ref _state, ref host, device, timebase, memory, window);

    /// <inheritdoc cref="IHostNetworkCard.Acknowledge"/>
    internal void Acknowledge(ref THost host) => _acknowledge(ref _state, ref host);

    /// <inheritdoc cref="IHostNetworkCard.TrySend"/>
    internal bool TrySend(ref THost host, byte* frame, uint length) => _trySend(ref _state, ref host, frame, length);

    /// <inheritdoc cref="IHostNetworkCard.TryReceive"/>
    internal bool TryReceive(ref THost host, out uint index, out byte* frame, out uint length) => _tryReceive(ref _state, ref host, out index, out frame, out length);

    /// <inheritdoc cref="IHostNetworkCard.Give"/>
    internal void Give(uint index) => _give(ref _state, index);

    /// <inheritdoc cref="IHostNetworkCard.Finish"/>
    internal void Finish(ref THost host) => _finish(ref _state, ref host);

    [ColdPath]
    private static bool TryStart<TCard>(ref DriverState state, ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
        where TCard : unmanaged, IHostNetworkCard =>
        DriverState.As<TCard>(ref state).TryStart(ref host, device, timebase, memory, window);

    private static bool ReadIsUp<TCard>(ref DriverState state)
        where TCard : unmanaged, IHostNetworkCard =>
        DriverState.As<TCard>(ref state).IsUp;

    private static void Acknowledge<TCard>(ref DriverState state, ref THost host)
        where TCard : unmanaged, IHostNetworkCard =>
        DriverState.As<TCard>(ref state).Acknowledge(ref host);

    private static bool TrySend<TCard>(ref DriverState state, ref THost host, byte* frame, uint length)
        where TCard : unmanaged, IHostNetworkCard =>
        DriverState.As<TCard>(ref state).TrySend(ref host, frame, length);

    private static bool TryReceive<TCard>(ref DriverState state, ref THost host, out uint index, out byte* frame, out uint length)
        where TCard : unmanaged, IHostNetworkCard =>
        DriverState.As<TCard>(ref state).TryReceive(ref host, out index, out frame, out length);

    private static void Give<TCard>(ref DriverState state, uint index)
        where TCard : unmanaged, IHostNetworkCard =>
        DriverState.As<TCard>(ref state).Give(index);

    private static void Finish<TCard>(ref DriverState state, ref THost host)
        where TCard : unmanaged, IHostNetworkCard =>
        DriverState.As<TCard>(ref state).Finish(ref host);
}
