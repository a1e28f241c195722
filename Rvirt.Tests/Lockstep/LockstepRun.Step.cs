using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Rvirt.Core.VirtualHart;
using Rvirt.Reference.Harts;
using Rvirt.Reference.Instructions;

namespace Rvirt.Tests.Lockstep;

/// <summary>One step of both machines, and the search for a permitted one of the reference that leads to the same state.</summary>
public sealed partial class LockstepRun
{
    /// <summary>Most instructions that one trap may stand for: full chains of the trap, of its end as a wait, and of a virtual hart that is loaded.</summary>
    private const int LongestChain = 120;

    /// <summary>Most instructions of one trap while old table entries are in use: one, and the traps around it.</summary>
    private const int LongestUnorderedChain = 4;

    private readonly HartSnapshot _before = new();
    private readonly HashSet<ulong> _touched = [];
    private readonly HashSet<ulong> _updated = [];
    private readonly HashSet<string> _fences = [];
    private string _difference = "";
    private ulong _deadline;
    private ulong _accesses;

    /// <summary>One step of the machine under test, and as many of the reference as lead to the same state.</summary>
    private void Step()
    {
        // While the guest is where it was, time stands still: nothing may come between a page that was filled and its use.
        _clock += _pause == 0 ? 1u : 0;
        _raised = false;
        Reference.Machine.Clock = _clock;
        Subject.World.Machine.Clock = _clock;
        if (_clock >= Reference.Firmware.Deadline)
        {
            Reference.Raise(LockstepInterrupt.Timer);
        }

        _access = VectorAccessAt(Reference.Hart.Pc);
        if (Reference.Entries.Pending && _access != VectorOp.None)
        {
            // Each of its elements may be translated by another of the values that no fence has ordered: too many choices to try.
            Ended = true;
            return;
        }

        var pending = Begin();
        var trapped = RunSubject(pending);
        if (Subject.Leaves)
        {
            // Why a guest stops is compared with one hart.
            Over = Ended = true;
            return;
        }

        if (Subject.Asleep || Subject.Stopped is not null)
        {
            Finish(pending);
            return;
        }

        if (trapped && Subject.LastCause == Cause.UserCall && Reference.Hart.Mode == PrivilegeLevel.Supervisor
            && ReferenceFirmware.IsLeftOut(Reference.Hart[17]))
        {
            Ended = true;
            return;
        }

        Match(!trapped || Subject.Progressed ? 1 : 0, !trapped ? 1 : pending ? LongestUnorderedChain : LongestChain, pending);
    }

    /// <summary>Keeps aside what steps of the reference can be taken back to.</summary>
    /// <returns>Whether old table entries are in use, so that they may have to be.</returns>
    private bool Begin()
    {
        var pending = Reference.Entries.Pending;
        if (pending)
        {
            Reference.Hart.Save(_before);
        }

        _deadline = Reference.Firmware.Deadline;
        _accesses = Reference.Entries.DeviceAccesses;
        _difference = "";
        return pending;
    }

    // A turn of another hart, where one is named, or a step.
    private bool RunSubject(bool pending, int turn = -1)
    {
        try
        {
            if (turn < 0)
            {
                return Subject.Step(pending);
            }

            Subject.Turn(turn, pending);
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or IndexOutOfRangeException or NullReferenceException)
        {
            throw new DivergenceException("Rvirt: " + e);
        }
    }

    /// <summary>As many steps of the reference as lead to the state of the machine under test.</summary>
    private void Match(int first, int last, bool pending)
    {
        Reference.Hart.FaultOnlyFirstLimit = _access == VectorOp.LoadFirst ? Subject.Hart.ReadCsr(CsrNumber.Vl) : ulong.MaxValue;
        Reference.Entries.Begin();
        for (var steps = first; steps <= last; steps++)
        {
            if (pending)
            {
                if (Search(steps))
                {
                    return;
                }
            }
            else if ((steps == 0 || StepReference()) && Same(steps))
            {
                Accept(steps);
                return;
            }
        }

        if (Reference.OddDeviceAccess || Reference.Entries.ChangedItself || Reference.Entries.Journal.Exists(entry => _code.Contains(entry.Address)))
        {
            // Freedom 6, or 7: an instruction that changes itself, be it by a walk that sets A, may be read before or after.
            Ended = true;
            return;
        }

        if (_access != VectorOp.None && (Reference.Entries.DeviceAccesses != _accesses || Reference.Entries.ChangesTables))
        {
            // Freedom 6: no device takes vectors under the hypervisor; freedom 2: of what it stored into tables its own later elements may see nothing yet.
            Ended = true;
            return;
        }

        throw new DivergenceException(_difference);
    }

    /// <summary>The vector load or store at an address, if there is one.</summary>
    private VectorOp VectorAccessAt(ulong pc)
    {
        var machine = Reference.Machine;
        if (Reference.Hart.VectorRegisters.Length == 0
            || !Reference.Hart.TryProbe(pc, Access.Fetch, out var low) || !machine.IsRam(low, 2)
            || !Reference.Hart.TryProbe(pc + 2, Access.Fetch, out var high) || !machine.IsRam(high, 2))
        {
            return VectorOp.None;
        }

        var word = MemoryMarshal.Read<ushort>(machine.Memory(low, 2)) | ((uint)MemoryMarshal.Read<ushort>(machine.Memory(high, 2)) << 16);
        return VectorTable.Find(word) is { } row && VectorTable.IsMemory(row.Op) ? row.Op : VectorOp.None;
    }

    /// <summary>
    /// Tries a number of steps with every choice of old table entries. Two choices can store the same value at different places: where
    /// there is a choice, a first round finds out what all of them would write, and the others compare all of it. One choice can run a
    /// fence and another none, with nothing else to tell them apart: the second round looks for one without, the third takes the fence.
    /// </summary>
    private bool Search(int steps)
    {
        _touched.Clear();
        _updated.Clear();
        _fences.Clear();
        for (var round = 0; round < 3; round++)
        {
            Reference.Entries.Begin();
            do
            {
                var possible = true;
                for (var i = 0; i < steps && possible; i++)
                {
                    possible = StepReference();
                }

                possible = possible && !Reference.Entries.Rejected && Same(steps);
                if (possible && (round == 0 ? !Reference.Entries.HasChoice : EqualButForPaused()))
                {
                    if (round != 1 || !Reference.Entries.HasFences)
                    {
                        Accept(steps, fencesAreKnown: _fences.Count <= 1);
                        return true;
                    }

                    _fences.Add(Reference.Entries.FencesText);
                }

                if (Reference.Entries.DeviceAccesses != _accesses)
                {
                    // A device cannot take its access back.
                    Ended = true;
                    return true;
                }

                if (round == 0)
                {
                    _touched.UnionWith(Reference.Entries.Journal.Select(entry => entry.Address));
                    _updated.UnionWith(Reference.Entries.Updated);
                }

                Reference.Hart.Restore(_before);
                Reference.Firmware.Deadline = _deadline;
                Reference.Firmware.Forget();
            }
            while (Reference.Entries.TryNext());
        }

        return false;
    }

    /// <summary>
    /// Whether all that some choice would write is equal. Where the instruction trapped before and filled a table, it may have set A and D
    /// that some choice sets, and yet fault now through an entry that it reads anew (freedom 3): the reference takes them over.
    /// </summary>
    private bool EqualButForPaused()
    {
        var paused = _pause != 0;
        if (!StateDifference.EqualAt(Reference, Subject, paused ? _touched.Except(_updated) : _touched))
        {
            return false;
        }

        foreach (var address in paused ? _updated : [])
        {
            var value = StateDifference.Read(Subject, address);
            if (!Reference.Entries.TryAdopt(address, value))
            {
                return false;
            }
        }

        return true;
    }

    private bool StepReference()
    {
        if (!Reference.Step())
        {
            return false;
        }

        if (Reference.Hart.Waiting && Subject.WokenBy != LockstepInterrupt.None)
        {
            Reference.Raise(Subject.WokenBy);
        }

        return true;
    }

    private void Accept(int steps, bool fencesAreKnown = true)
    {
        Reference.Accept(fencesAreKnown);
        Steps += (ulong)steps;
        _pause = steps == 0 ? _pause + 1 : 0;
        if (_pause > MostPauses)
        {
            CheckPause();
        }

        if (Reference.Entries.HasChoice)
        {
            // A wfi in one of two pages looks like what changes nothing in the other, and it may end at any time.
            Reference.Hart.Wake();
        }

        // A reservation may be lost at any time (freedom 1).
        if (!Subject.Hart.Reserved)
        {
            Reference.Hart.ForgetReservation();
        }
        else if (Reference.Hart.Reserved && Reference.Entries.HasChoice)
        {
            // A load-reserved through an old entry and one through the new can load the same value.
            Reference.Hart.Reservation = Subject.Reservation;
        }
    }

    /// <summary>Traps that lead nowhere are right only where the reference's next step changes nothing either, as a handler that faults at its first instruction.</summary>
    private void CheckPause()
    {
        _pause = 0;
        Reference.Entries.Begin();
        StepReference();
        if (!Same(1) && !Reference.Entries.Pending)
        {
            throw new DivergenceException("Rvirt traps again and again and makes no progress\n" + _difference);
        }

        Reference.Accept(fencesAreKnown: true);
    }

    private bool Same(int steps)
    {
        var found = StateDifference.Equal(Reference, Subject, withinVector: steps == 0 && _access != VectorOp.None);
        if (!found && Planted is not null && steps <= 2 && !Reference.Entries.Rejected)
        {
            _difference += $"after {steps} steps: {StateDifference.Describe(Reference, Subject)}\n";
        }

        return found;
    }

    /// <summary>The guest sleeps for ever or ended: the reference must do the same.</summary>
    private void Finish(bool pending)
    {
        Over = true;
        if (Subject.Stopped is { } reason)
        {
            // A guest that stopped has lost its devices' state.
            Ended = true;
            if (reason == StopReason.WindowCollision)
            {
                // Freedom 5: the guest was told.
                return;
            }

            Reference.Hart.TryFetch(Reference.Hart.Pc, out var raw);
            if (!pending && (raw != 0x73 || !ReferenceFirmware.IsLeftOut(Reference.Hart[17])))
            {
                throw new DivergenceException($"Rvirt stopped the guest: {reason}, at {Reference.Hart.Pc:x} {Disassembler.Text(raw)}");
            }

            return;
        }

        if (pending)
        {
            // Freedom 2: wfi may be fetched through an old entry or the new one, whose A that sets.
            Ended = true;
            return;
        }

        Reference.Step();
        if (!Reference.Hart.Waiting)
        {
            throw new DivergenceException("Rvirt sleeps, the reference does not");
        }
    }
}
