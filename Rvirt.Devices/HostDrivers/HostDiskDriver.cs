using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.HostDrivers;

/// <summary>
/// A disk of the host, and its driver, whichever it is: bound once, in a table with an entry for each operation. All zero is no disk, which nothing is asked of.
/// </summary>
/// <remarks>It is bound for one type of hart, and whoever calls is of that type: a guest's disk is a port of it, and does not know that type.</remarks>
// SAFETY: Take fills in all entries for one type of driver and of hart; the driver's state is asked for as nothing else, and all callers are harts of that type.
public unsafe struct HostDiskDriver
{
    private DriverState _state;
    private delegate*<ref DriverState, ref byte, in HostDevice, uint, byte*, in PhysicalMemory, out Facts, bool> _tryStart;
    private delegate*<ref DriverState, ref byte, int, uint, ulong, ulong, uint, bool> _trySubmit;
    private delegate*<ref DriverState, ref byte, void> _serve;
    private delegate*<ref DriverState, ref byte, End> _tryTake;
    private Facts _facts;

    /// <summary>Whether there is a driver.</summary>
    public readonly bool Exists => _tryStart != null;

    /// <summary>Bytes of page-aligned memory that the driver needs.</summary>
    internal ulong BytesNeeded { get; private set; }

    /// <inheritdoc cref="IHostDisk.IsPolled"/>
    internal bool IsPolled { get; private set; }

    /// <inheritdoc cref="IHostDisk.Sectors"/>
    internal readonly ulong Sectors => _facts.Sectors;

    /// <inheritdoc cref="IHostDisk.IsReadOnly"/>
    internal readonly bool IsReadOnly => _facts.IsReadOnly;

    /// <inheritdoc cref="IHostDisk.HoldsBack"/>
    internal readonly bool HoldsBack => _facts.HoldsBack;

    /// <inheritdoc cref="IHostDisk.Requests"/>
    internal readonly int Requests => _facts.Requests;

    /// <summary>Chooses the driver. Nothing of the disk is touched.</summary>
    /// <typeparam name="TDisk">The driver.</typeparam>
    /// <typeparam name="THost">The hart that calls.</typeparam>
    public void Take<TDisk, THost>()
        where TDisk : unmanaged, IHostDisk
        where THost : struct, IMmio, ITime
    {
        this = default;
        BytesNeeded = TDisk.BytesNeeded;
        IsPolled = TDisk.IsPolled;
        _tryStart = &TryStart<TDisk, THost>;
        _trySubmit = &TrySubmit<TDisk, THost>;
        _serve = &Serve<TDisk, THost>;
        _tryTake = &TryTake<TDisk, THost>;
    }

    /// <inheritdoc cref="IHostDisk.TryStart"/>
    internal bool TryStart<THost>(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
        where THost : struct, IMmio =>
        _tryStart(ref _state, ref Unsafe.As<THost, byte>(ref host), device, timebase, memory, window, out _facts);

    /// <inheritdoc cref="IHostDisk.TrySubmit"/>
    internal bool TrySubmit<THost>(ref THost host, int request, uint type, ulong sector, ulong data, uint bytes)
        where THost : struct, IMmio =>
        _trySubmit(ref _state, ref Unsafe.As<THost, byte>(ref host), request, type, sector, data, bytes);

    /// <inheritdoc cref="IHostDisk.Serve"/>
    internal void Serve<THost>(ref THost host)
        where THost : struct, IMmio =>
        _serve(ref _state, ref Unsafe.As<THost, byte>(ref host));

    /// <inheritdoc cref="IHostDisk.TryTake"/>
    internal bool TryTake<THost>(ref THost host, out int request, out bool done)
        where THost : struct, IMmio
    {
        var end = _tryTake(ref _state, ref Unsafe.As<THost, byte>(ref host));
        request = end.Request;
        done = end.IsDone;
        return request >= 0;
    }

    [ColdPath]
    private static bool TryStart<TDisk, THost>(
        ref DriverState state, ref byte host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window, out Facts facts)
        where TDisk : unmanaged, IHostDisk
        where THost : struct, IMmio, ITime
    {
        ref var disk = ref DriverState.As<TDisk>(ref state);
        var starts = disk.TryStart(ref Unsafe.As<byte, THost>(ref host), device, timebase, memory, window);
        facts = new Facts { Sectors = disk.Sectors, Requests = disk.Requests, IsReadOnly = disk.IsReadOnly, HoldsBack = disk.HoldsBack };
        return starts;
    }

    private static bool TrySubmit<TDisk, THost>(ref DriverState state, ref byte host, int request, uint type, ulong sector, ulong data, uint bytes)
        where TDisk : unmanaged, IHostDisk
        where THost : struct, IMmio, ITime =>
        DriverState.As<TDisk>(ref state).TrySubmit(ref Unsafe.As<byte, THost>(ref host), request, type, sector, data, bytes);

    private static void Serve<TDisk, THost>(ref DriverState state, ref byte host)
        where TDisk : unmanaged, IHostDisk
        where THost : struct, IMmio, ITime =>
        DriverState.As<TDisk>(ref state).Serve(ref Unsafe.As<byte, THost>(ref host));

    private static End TryTake<TDisk, THost>(ref DriverState state, ref byte host)
        where TDisk : unmanaged, IHostDisk
        where THost : struct, IMmio, ITime =>
        DriverState.As<TDisk>(ref state).TryTake(ref Unsafe.As<byte, THost>(ref host), out var request, out var done) ? new End(request, done) : new End(-1, false);

    // A result of its own: whoever bounds the stack takes an indirect call to reach all functions of its signature.
    private readonly record struct End(int Request, bool IsDone);

    // What does not change once it runs.
    private struct Facts
    {
        public ulong Sectors;
        public int Requests;
        public bool IsReadOnly;
        public bool HoldsBack;
    }
}
