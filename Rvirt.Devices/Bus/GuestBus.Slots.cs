using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Devices.Virtio;

namespace Rvirt.Devices.Bus;

/// <content>virtio slots: their interrupt lines, what comes from behind them, and what a guest hears of its faults.</content>
public unsafe partial struct GuestBus<THost>
{
    private const int ReportsPerBoot = 8;

    /// <summary>The kind of device in a slot (virtio 1.2 §5); 0: the slot is empty, or what stands behind it cannot be passed on.</summary>
    /// <param name="slot">Any value; a slot that does not exist is empty.</param>
    // SAFETY: here and below: Initialize made as many as there are slots.
    public readonly uint SlotKind(int slot) => (uint)slot < (uint)_devices.SlotCount ? _slots[slot].Kind : 0;

    /// <summary>What passed through a slot.</summary>
    /// <param name="slot">Any value; nothing passes through a slot that does not exist.</param>
    public readonly VirtioCounters SlotCounters(int slot) => (uint)slot < (uint)_devices.SlotCount ? _slots[slot].Counters : default;

    /// <summary>The host device behind a slot interrupted.</summary>
    /// <param name="host">The hart that claimed the interrupt.</param>
    /// <param name="slot">The slot; any value, one that does not exist is ignored.</param>
    /// <param name="elsewhere">Whether the guest's virtual hart is not the one that runs on this hart.</param>
    public void ServiceDevice(ref THost host, int slot, bool elsewhere)
    {
        if ((uint)slot >= (uint)_devices.SlotCount)
        {
            return;
        }

        _lock.Acquire();
        if (_held)
        {
            _slots[slot].Backend.Hold(ref host);
        }
        else
        {
            var signals = _plic.Signals;
            ServeSlot(ref host, slot);
            Tell(ref host, signals, elsewhere);
        }

        _lock.Release();
    }

    /// <summary>Frames wait for the network card in a slot, or it has more to send. It may be any guest's hart that calls, and holds no lock.</summary>
    /// <returns>The ports of its network that are to be served next.</returns>
    internal ulong ServePort(ref THost host, int slot)
    {
        _lock.Acquire();
        var told = 0UL;
        // What comes while the guest is copied waits at the switch.
        if (!_held)
        {
            var signals = _plic.Signals;
            ServeSlot(ref host, slot);
            Tell(ref host, signals, elsewhere: true);
            told = _slots[slot].Backend.TakeTold();
        }

        _lock.Release();
        return told;
    }

    // The guest's disk is to be looked after, and nobody is about to: the hart that asks for something does so from now on. It may be that the one that was to do it was stopped.
    private readonly bool IsWatchDue(ref THost host, int slot)
    {
        ref readonly var backend = ref _slots[slot].Backend;
        if (!backend.IsWaiting)
        {
            return false;
        }

        var now = host.ReadTime();
        return _watch <= now || (backend.IsPolled && _poll <= now);
    }

    // Has the guest's disk go on where it is polled, watches it if it is time, and says when the next of the two is: never, where nothing is under way.
    private ulong WatchDisk(ref THost host)
    {
        if (!_devices.TryPartition(out var slot, out var port))
        {
            return HartTimer.Never;
        }

        // SAFETY: here and below: the port stays in place for as long as the guest exists.
        ref var backend = ref _slots[slot].Backend;
        var now = host.ReadTime();
        if (backend.IsPolled && backend.IsWaiting && _poll <= now)
        {
            ServeSlot(ref host, slot);
            now = host.ReadTime();
            _poll = now + port->PollAfter;
        }

        if (_watch <= now)
        {
            if (_watch != 0 && backend.Watch())
            {
                ServeSlot(ref host, slot);
                SayLost(ref host);
            }

            _watch = backend.IsWaiting ? now + port->Patience : 0;
        }

        _poll = backend.IsPolled && backend.IsWaiting ? _poll : 0;
        var watch = _watch == 0 ? HartTimer.Never : _watch;
        return _poll == 0 ? watch : Math.Min(watch, _poll);
    }

    // The end of each write: frames that it sent are delivered without the lock.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ReleaseAndDeliver(ref THost host)
    {
        var told = _told;
        _told = 0;
        _lock.Release();
        if (told != 0)
        {
            Deliver(ref host, told);
        }
    }

    // Kept apart from the way of every other access.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void Deliver(ref THost host, ulong told)
    {
        if (_network != null)
        {
            _network->Deliver(ref host, told);
        }
    }

    private bool WriteSlot(ref THost host, int slot, uint offset, int size, ulong value, out GuestEvent asked)
    {
        var answered = _slots[slot].TryWrite(ref host, _memory, offset, size, value);
        UpdateSlot(ref host, slot);
        _told |= _slots[slot].Backend.TakeTold();
        asked = IsWatchDue(ref host, slot) ? GuestEvent.Alarm : GuestEvent.None;
        return answered;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ServeSlot(ref THost host, int slot)
    {
        _slots[slot].ServiceInterrupt(ref host, _memory);
        UpdateSlot(ref host, slot);
    }

    private void UpdateSlot(ref THost host, int slot)
    {
        SetSlotLine(slot);
        var fault = _slots[slot].TakeReport(out var queue);
        if (fault != QueueFault.None)
        {
            Report(ref host, slot, queue, fault);
        }
    }

    private void SetSlotLine(int slot) => _plic.SetLevel(_devices.Board[GuestDeviceKind.Virtio].InterruptOf(slot), _slots[slot].InterruptLine);

    // An only virtual hart that is here asks by itself. With several, each is told.
    private readonly void Tell(ref THost host, uint before, bool elsewhere) =>
        _harts.Tell(ref host, _plic.Signals ^ before, elsewhere || _devices.Harts > 1 ? -1 : 0);

    [ColdPath]
    private void SayLost(ref THost host)
    {
        if (_reports == ReportsPerBoot)
        {
            return;
        }

        _reports++;
        ConsoleMultiplexer<THost>.BeginMessage(_console, ref host).Text("guest "u8).Decimal((ulong)_guest).Text("'s disk does not answer: all that is asked of it fails until it does"u8);
        _console->EndMessage(ref host);
    }

    [ColdPath]
    private void Report(ref THost host, int slot, int queue, QueueFault fault)
    {
        if (_reports == ReportsPerBoot)
        {
            return;
        }

        _reports++;
        var writer = ConsoleMultiplexer<THost>.BeginMessage(_console, ref host);
        writer.Text("guest "u8).Decimal((ulong)_guest).Text(" broke queue "u8).Decimal((ulong)queue)
            .Text(" of virtio slot "u8).Decimal((ulong)slot).Text(": "u8).Text(QueueFaultText.Of(fault));
        _console->EndMessage(ref host);
    }
}
