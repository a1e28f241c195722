using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Devices.Bus;

/// <summary>The one decode of a guest's addresses: which device of its <see cref="GuestBoard"/> answers where.</summary>
/// <remarks>Written once, at set-up, and then read by any hart without a lock.</remarks>
internal readonly struct BusMap
{
    private readonly Window _virtio;
    private readonly Window _uart;
    private readonly Window _plic;
    private readonly Window _clock;
    private readonly Window _test;

    /// <summary>Takes the windows of a board.</summary>
    public BusMap(in GuestBoard board)
    {
        _virtio = new Window(board[GuestDeviceKind.Virtio]);
        _uart = new Window(board[GuestDeviceKind.Uart]);
        _plic = new Window(board[GuestDeviceKind.Plic]);
        _clock = new Window(board[GuestDeviceKind.Clock]);
        _test = new Window(board[GuestDeviceKind.TestDevice]);
    }

    /// <summary>Finds what is at an address.</summary>
    /// <param name="address">Guest physical address, any value.</param>
    /// <param name="offset">How far behind the window's start it is.</param>
    /// <returns>The kind of device; none where nothing is.</returns>
    // What drivers touch most comes first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly GuestDeviceKind Find(ulong address, out ulong offset)
    {
        offset = address - _virtio.Base;
        if (offset < _virtio.Length)
        {
            return GuestDeviceKind.Virtio;
        }

        offset = address - _uart.Base;
        if (offset < _uart.Length)
        {
            return GuestDeviceKind.Uart;
        }

        offset = address - _plic.Base;
        if (offset < _plic.Length)
        {
            return GuestDeviceKind.Plic;
        }

        offset = address - _clock.Base;
        if (offset < _clock.Length)
        {
            return GuestDeviceKind.Clock;
        }

        offset = address - _test.Base;
        return offset < _test.Length ? GuestDeviceKind.TestDevice : GuestDeviceKind.None;
    }

    private readonly struct Window(in GuestWindow row)
    {
        public readonly ulong Base = row.Base;
        public readonly ulong Length = row.Length;
    }
}
