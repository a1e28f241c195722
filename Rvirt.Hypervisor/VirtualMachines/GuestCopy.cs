using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Virtio;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>Copies a guest that stands still, whole: to its snapshot, back from there, or into another guest. One at a time.</summary>
/// <remarks>
/// <para>A guest that runs is paused first, which it does on the harts that run it. While it is copied it takes no requests (<see cref="GuestState.Copying"/>), and its
/// devices are held. RAM is copied in pieces: the hart interrupts itself after each, and serves what is pending between two.</para>
/// <para>Only the hart that serves the console copies, and uses what is here, but for <see cref="_awaited"/>: it writes that before it asks a guest to pause; who
/// changes a guest's state reads it afterwards, and interrupts that hart by <see cref="CoreRequest.Copy"/>. Between the two is the lock of lives.</para>
/// </remarks>
// SAFETY: records of harts, guests and the machine stay in place, and so do guests' RAM and that of their snapshots.
[ColdPath]
internal unsafe struct GuestCopy<THost>
    where THost : unmanaged, IHypervisorHost
{
    // Bytes between two interrupts.
    private const ulong Piece = 2 << 20;

    private HostCore<THost>* _core;
    private Guest<THost>* _source;
    private Guest<THost>* _target;
    private CopyKind _kind;
    private State _state;
    private bool _goesOn;
    private GuestState _before;
    private ulong _at;
    private CopyAnswer _answer;

    // One more than the number of the guest whose state is awaited; 0 for none.
    private int _awaited;

    private enum State
    {
        Idle,
        Pausing,
        Copying,
    }

    /// <summary>A guest's state may have changed: where that is awaited, the copy goes on.</summary>
    internal static void Follow(HostCore<THost>* core, Guest<THost>* guest)
    {
        ref var copy = ref guest->Machine->Copy;
        if (Volatile.Read(ref copy._awaited) == guest->Index + 1)
        {
            CoreKick<THost>.Raise(ref core->Host, copy._core, CoreRequest.Copy);
        }
    }

    /// <summary>Asks for a copy, or looks whether it is done. The console's hart calls it.</summary>
    /// <param name="core">The calling hart.</param>
    /// <param name="kind">How.</param>
    /// <param name="source">Whom.</param>
    /// <param name="target">For a clone, into which.</param>
    /// <param name="begins">Whether it is asked for.</param>
    /// <param name="answer">What came of it.</param>
    /// <returns>False where it is not done yet: the monitor is called again then.</returns>
    internal bool TryAnswer(HostCore<THost>* core, CopyKind kind, Guest<THost>* source, Guest<THost>* target, bool begins, out CopyAnswer answer)
    {
        if (begins)
        {
            answer = _state == State.Idle ? Check(kind, source, target) : new(CopyOutcome.Busy);
            if (answer.Outcome != CopyOutcome.Done)
            {
                return true;
            }

            _core = core;
            _kind = kind;
            _source = source;
            _target = target;
            Begin();
        }

        answer = _answer;
        return _state == State.Idle;
    }

    /// <summary>The next step: the console's hart was interrupted for it.</summary>
    internal void Step()
    {
        if (_state == State.Copying)
        {
            CopyPiece();
        }
        else if (_state == State.Pausing && _source->State != GuestState.Pausing)
        {
            // Else it is another state that changed, and this one has yet to.
            TakeGuests(GuestState.Paused);
        }
    }

    private static CopyAnswer Check(CopyKind kind, Guest<THost>* source, Guest<THost>* target)
    {
        if (kind != CopyKind.Clone && source->Snapshot == null)
        {
            return new(CopyOutcome.NoRoom);
        }

        if (kind == CopyKind.Revert && !source->Snapshot->IsTaken)
        {
            return new(CopyOutcome.NoSnapshot);
        }

        var state = source->State;
        var isThere = state is GuestState.Running or GuestState.Paused;
        if (!isThere && (kind != CopyKind.Revert || state is not (GuestState.Created or GuestState.Stopped)))
        {
            return new(source->Lives ? CopyOutcome.NotNow : CopyOutcome.NotRunning);
        }

        if (source->Breakpoints.Count != 0)
        {
            return new(CopyOutcome.Breakpoints);
        }

        return source->Bus.FindObstacle(out var slot) switch
        {
            SnapshotObstacle.Disk => new(CopyOutcome.Disk, slot),
            SnapshotObstacle.Device => new(CopyOutcome.Device, slot),
            _ => kind == CopyKind.Clone ? CheckTarget(source, target) : default,
        };
    }

    private static CopyAnswer CheckTarget(Guest<THost>* source, Guest<THost>* target)
    {
        if (source == target)
        {
            return new(CopyOutcome.Same);
        }

        if (target->State is not (GuestState.Created or GuestState.Stopped))
        {
            return new(target->State == GuestState.Dead ? CopyOutcome.Stuck : CopyOutcome.TargetRuns);
        }

        if (target->Memory.Length != source->Memory.Length)
        {
            return new(CopyOutcome.OtherMemory);
        }

        if (target->Devices.Harts != source->Devices.Harts)
        {
            return new(CopyOutcome.OtherHarts);
        }

        return target->Bus.IsLike(source->Bus, out var slot) ? default : new(CopyOutcome.OtherDevice, slot);
    }

    private void Begin()
    {
        var state = _source->State;
        if (state != GuestState.Running)
        {
            _goesOn = state != GuestState.Paused;
            TakeGuests(state);
            return;
        }

        _goesOn = true;
        _state = State.Pausing;
        Volatile.Write(ref _awaited, _source->Index + 1);
        if (!GuestControl<THost>.TryAsk(_core, _source, LifeRequest.Pause))
        {
            End(CopyOutcome.NotNow);
        }
    }

    // Whom others can still ask for something is not copied: from here on they cannot.
    private void TakeGuests(GuestState expected)
    {
        Volatile.Write(ref _awaited, 0);
        ref var gate = ref _core->Machine->Lives;
        gate.Acquire();
        var taken = _source->State == expected
            && (_kind != CopyKind.Clone || _target->State is GuestState.Created or GuestState.Stopped);
        if (taken)
        {
            _before = _kind == CopyKind.Clone ? _target->State : expected;
            Volatile.Write(ref _source->StateNumber, (int)GuestState.Copying);
            if (_kind == CopyKind.Clone)
            {
                Volatile.Write(ref _target->StateNumber, (int)GuestState.Copying);
            }
        }

        gate.Release();
        if (!taken)
        {
            End(CopyOutcome.NotNow);
            return;
        }

        if (!TryHold())
        {
            _source->Bus.LetGo(ref _core->Host);
            GuestEnd<THost>.Lose(_core, _source, counts: _before is not (GuestState.Created or GuestState.Stopped));
            End(CopyOutcome.Stuck);
            return;
        }

        _state = State.Copying;
        _at = 0;
        CoreKick<THost>.Raise(ref _core->Host, _core, CoreRequest.Copy);
    }

    // Nothing comes to the guests' memory from here on, but for buffers that a device has and nobody reads before it gives them back.
    private readonly bool TryHold()
    {
        _source->Bus.Hold();
        switch (_kind)
        {
            case CopyKind.Snapshot:
                var snapshot = _source->Snapshot;
                snapshot->IsTaken = false;
                for (var i = 0; i < _source->Devices.Harts; i++)
                {
                    ref var kept = ref snapshot->Harts[i];
                    kept.Counters = _source->Harts[i]->Counters;
                    CopyHart(ref kept, *_source->Harts[i]);
                }

                _source->Bus.CopyTo(&snapshot->Bus, snapshot->Storage);
                return true;
            case CopyKind.Clone:
                _target->Bus.Hold();
                GuestBreakpoints<THost>.Forget(_target);
                return true;
            default:
                // Here all of the RAM is written.
                return _source->Bus.TryRelease(ref _core->Host);
        }
    }

    private void CopyPiece()
    {
        var from = _kind == CopyKind.Revert ? _source->Snapshot->Ram : _source->Memory.Pointer;
        var to = _kind switch
        {
            CopyKind.Snapshot => _source->Snapshot->Ram,
            CopyKind.Revert => _source->Memory.Pointer,
            _ => _target->Memory.Pointer,
        };
        var bytes = Math.Min(Piece, _source->Memory.Length - _at);
        Unsafe.CopyBlockUnaligned(to + _at, from + _at, (uint)bytes);
        _at += bytes;
        if (_at != _source->Memory.Length)
        {
            CoreKick<THost>.Raise(ref _core->Host, _core, CoreRequest.Copy);
            return;
        }

        Finish();
        End(CopyOutcome.Done);
    }

    private readonly void Finish()
    {
        ref var host = ref _core->Host;
        switch (_kind)
        {
            case CopyKind.Snapshot:
                _source->Snapshot->IsTaken = true;
                break;
            case CopyKind.Revert:
                var snapshot = _source->Snapshot;
                for (var i = 0; i < _source->Devices.Harts; i++)
                {
                    PutBack(_source, i, snapshot->Harts[i]);
                }

                _source->Bus.Continue(ref host, snapshot->Bus);
                GuestEnd<THost>.Found(_core, _source, _before);
                break;
            default:
                for (var i = 0; i < _source->Devices.Harts; i++)
                {
                    PutBack(_target, i, *_source->Harts[i]);
                }

                _target->Bus.Continue(ref host, _source->Bus);
                _target->StartedAt = host.ReadTime();
                GuestEnd<THost>.Found(_core, _target, _before);
                _target->Bus.LetGo(ref host);
                LetGoOn(_target, true);
                break;
        }

        _source->Bus.LetGo(ref host);
        LetGoOn(_source, _goesOn);
    }

    private readonly void LetGoOn(Guest<THost>* guest, bool runs)
    {
        GuestControl<THost>.SetState(_core, guest, GuestState.Paused);
        if (runs)
        {
            GuestControl<THost>.TryAsk(_core, guest, LifeRequest.Resume);
        }
    }

    private readonly void PutBack(Guest<THost>* guest, int number, in VCpu from)
    {
        var hart = (GuestHart<THost>*)guest->Harts[number];
        CopyHart(ref hart->V, from);
        hart->Mmu.FenceAll(ref _core->Host);
    }

    private readonly void CopyHart(ref VCpu to, in VCpu from)
    {
        to.Copy(from);
        TrapContext<THost>.ModeOf(ref _core->Host).Copy(ref to, from);
    }

    private void End(CopyOutcome outcome)
    {
        Volatile.Write(ref _awaited, 0);
        _state = State.Idle;
        _answer = new(outcome);
        CoreKick<THost>.Raise(ref _core->Host, _core, CoreRequest.Monitor);
    }
}
