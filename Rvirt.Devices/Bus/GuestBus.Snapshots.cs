using System.Runtime.CompilerServices;
using Rvirt.Core.Freestanding;
using Rvirt.Devices.Virtio;

namespace Rvirt.Devices.Bus;

/// <content>Snapshots: devices of a guest that stands still are copied, and go on where others stood.</content>
/// <remarks>
/// <para>A guest's harts do not run while its devices are held, copied or continued. What comes from the host's devices meanwhile waits
/// (<see cref="Hold"/>): nothing changes in a guest's rings, though a device may still write into buffers that it was given.</para>
/// <para>What was given to a host's device and had not come back is not waited for: it is given again to the device of whoever goes on from there. That is harmless for
/// what nothing stands in the way of (<see cref="SnapshotObstacle"/>): a packet is sent twice, a block read again.</para>
/// </remarks>
public unsafe partial struct GuestBus<THost>
{
    /// <summary>Finds what stands in the way of a snapshot.</summary>
    /// <param name="slot">The slot, where something does.</param>
    [ColdPath]
    public readonly SnapshotObstacle FindObstacle(out int slot)
    {
        // SAFETY: here and below: Initialize made as many slots.
        for (slot = 0; slot < _devices.SlotCount; slot++)
        {
            var obstacle = _slots[slot].Backend.Obstacle;
            if (_slots[slot].Kind != 0 && obstacle != SnapshotObstacle.None)
            {
                return obstacle;
            }
        }

        return SnapshotObstacle.None;
    }

    /// <summary>Whether a guest can go on with these devices where it stood with others.</summary>
    /// <param name="other">The others.</param>
    /// <param name="slot">The first slot that has something else, where it cannot.</param>
    [ColdPath]
    public readonly bool IsLike(in GuestBus<THost> other, out int slot)
    {
        for (slot = 0; slot < _devices.SlotCount; slot++)
        {
            if (!_slots[slot].Backend.IsLike(other._slots[slot].Backend))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Lets nothing come to the guest, which stands still, until <see cref="LetGo"/>.</summary>
    public void Hold()
    {
        _lock.Acquire();
        _held = true;
        _lock.Release();
    }

    /// <summary>Lets come to the guest what came meanwhile, and what comes.</summary>
    [ColdPath]
    public void LetGo(ref THost host)
    {
        _lock.Acquire();
        _held = false;
        var signals = _plic.Signals;
        for (var slot = 0; slot < _devices.SlotCount; slot++)
        {
            _slots[slot].ServiceInterrupt(ref host, _memory);
            UpdateSlot(ref host, slot);
        }

        UpdateUart(ref host);
        Tell(ref host, signals, elsewhere: true);
        _lock.Release();
    }

    /// <summary>Copies the devices, which are held, to where no host's device knows them.</summary>
    /// <param name="copy">Where to.</param>
    /// <param name="storage">As much memory, aligned as much, as these devices were given.</param>
    [ColdPath]
    public void CopyTo(GuestBus<THost>* copy, byte* storage)
    {
        _lock.Acquire();
        // SAFETY: as large as what is copied, as the caller says.
        Unsafe.CopyBlockUnaligned(storage, _slots, (uint)_storageBytes);
        *copy = this;
        copy->_lock = default;
        var distance = (nint)(storage - (byte*)_slots);
        copy->_slots = (VirtioTransport<SlotBackend>*)storage;
        for (var slot = 0; slot < _devices.SlotCount; slot++)
        {
            copy->_slots[slot].Backend.MoveStorage(distance);
        }

        _lock.Release();
    }

    /// <summary>Has the host's devices let go of the guest's memory, as <see cref="ResetAll"/> does, and leaves the rest as it is.</summary>
    /// <returns>False where one does not stop: the guest's memory must not be used for anything else.</returns>
    [ColdPath]
    public bool TryRelease(ref THost host)
    {
        _lock.Acquire();
        var stopped = true;
        for (var slot = 0; slot < _devices.SlotCount; slot++)
        {
            stopped &= _slots[slot].Reset(ref host);
        }

        _lock.Release();
        return stopped;
    }

    /// <summary>Goes on where other devices stood, which are held or a copy: these were released, and the guest's RAM is what it was with those.</summary>
    [ColdPath]
    public void Continue(ref THost host, in GuestBus<THost> other)
    {
        _lock.Acquire();
        var distance = (nint)(_memory.Pointer - other._memory.Pointer);
        for (var slot = 0; slot < _devices.SlotCount; slot++)
        {
            ref var from = ref other._slots[slot];
            _slots[slot].Continue(from);
            _slots[slot].Tell(_slots[slot].Backend.Continue(ref host, _memory, from.Backend, distance, from.Driver));
        }

        _uart = other._uart;
        _clock = other._clock;
        _plic = other._plic;
        _lock.Release();
    }
}
