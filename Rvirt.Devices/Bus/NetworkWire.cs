using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Network;

namespace Rvirt.Devices.Bus;

/// <summary>The wire at a port of a switch: what is queued for the port goes out by a network card of the host, and what comes is sent from the port.</summary>
/// <remarks>
/// Its lock guards the card; the switch's is taken inside. Whoever has frames delivered serves it, and the hart that claims the card's interrupt; neither
/// holds another lock.
/// </remarks>
internal unsafe struct NetworkWire<THost>
    where THost : struct, IMmio, ITime
{
    private TicketLock _lock;
    private HostNetworkCard<THost> _card;
    private EthernetSwitch* _switch;
    private int _port;
    private int _budget;
    private bool _isDown;

    /// <summary>Starts the card, and opens the port.</summary>
    /// <param name="host">Access to the card's registers.</param>
    /// <param name="network">The switch, which stays in place.</param>
    /// <param name="port">The port.</param>
    /// <param name="card">The card, with its driver.</param>
    /// <param name="device">What the device tree says of it.</param>
    /// <param name="timebase">Ticks of <c>time</c> in a second.</param>
    /// <param name="memory">Page-aligned memory of <see cref="HostNetworkCard{THost}.BytesNeeded"/> bytes, which is the card's from now on.</param>
    /// <param name="window">Where that is.</param>
    /// <returns>False where the card does not start.</returns>
    // SAFETY: the caller owns what the pointers name, for good.
    public bool TryStart(
        ref THost host, EthernetSwitch* network, int port, in HostNetworkCard<THost> card, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
    {
        this = default;
        _card = card;
        if (!_card.TryStart(ref host, device, timebase, memory, window))
        {
            return false;
        }

        _switch = network;
        _port = port;
        network->SetOpen(port, true);
        return true;
    }

    /// <summary>Sends what waits, and takes what came.</summary>
    /// <param name="host">The hart, which holds no lock.</param>
    /// <param name="interrupted">Whether the card interrupted.</param>
    /// <param name="broke">Whether the card broke the rules just now: nothing goes over it any more.</param>
    /// <returns>The ports that are to be served next, as <see cref="EthernetSwitch.MoreShift"/> has it; this one among them where more has come.</returns>
    public ulong Serve(ref THost host, bool interrupted, out bool broke)
    {
        _lock.Acquire();
        if (interrupted)
        {
            _card.Acknowledge(ref host);
            // What the card gives back after as many interrupts again, as no more were with it.
            _budget = _card.Buffers;
        }

        Send(ref host);
        var told = Receive(ref host);
        _card.Finish(ref host);
        broke = !_card.IsUp && !_isDown;
        if (broke)
        {
            _isDown = true;
            _switch->SetOpen(_port, false);
        }

        _lock.Release();
        return told;
    }

    // As many as can wait at once: whoever queues more serves the wire, too.
    private void Send(ref THost host)
    {
        for (var left = EthernetSwitch.BuffersPerPort; left != 0 && _switch->TryReceive(_port, out var frame); left--)
        {
            // SAFETY: the frame is this port's until it is released.
            var sent = _card.TrySend(ref host, frame.Data, frame.Length);
            _switch->Release(_port, frame, sent);
        }
    }

    private ulong Receive(ref THost host)
    {
        var told = 0UL;
        var room = _switch->QueueLength;
        for (; room != 0 && _budget != 0 && _card.TryReceive(ref host, out var index, out var frame, out var length); room--, _budget--)
        {
            if (length is >= EthernetSwitch.FrameBytesMin and <= EthernetSwitch.FrameBytesMax)
            {
                // Copied before it is judged: the card may write where it must not.
                var data = _switch->Reserve(_port, out var buffer);
                // SAFETY: both have room for the longest frame.
                Unsafe.CopyBlockUnaligned(data, frame, length);
                told |= _switch->Send(_port, buffer, length);
            }

            _card.Give(index);
        }

        if (room == 0 && _budget != 0)
        {
            return told | (1UL << (EthernetSwitch.MoreShift + _port));
        }

        _budget = 0;
        return told;
    }
}
