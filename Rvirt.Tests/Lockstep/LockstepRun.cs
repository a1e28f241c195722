using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.FakeHart.Harts;
using Rvirt.Tests.FakeHart.Instructions;

namespace Rvirt.Tests.Lockstep;

/// <summary>
/// Runs one program on both machines, and compares them after every instruction of the guest: every boundary that the hypervisor
/// returns to the guest at must be one of the reference's, with everything that software can see equal.
/// </summary>
public sealed class LockstepRun : IDisposable
{
    /// <summary>Bytes of guest RAM.</summary>
    public const ulong Ram = 4 << 20;

    /// <summary>Where RAM starts, and every program.</summary>
    public const ulong Entry = 0x8000_0000;

    /// <summary>Most instructions that one trap may stand for: two full chains.</summary>
    private const int LongestChain = 80;

    /// <summary>Most instructions of one trap while old table entries are in use: one, and the traps around it.</summary>
    private const int LongestUnorderedChain = 4;

    private const int LongestCode = 64;

    /// <summary>Most traps in a row that may leave the guest where it was.</summary>
    private const int LongestPause = 24;

    private readonly HartSnapshot _before = new();
    private readonly List<ulong> _planted = [];
    private readonly HashSet<ulong> _touched = [];
    private readonly HashSet<ulong> _code = [];
    private ulong _clock;
    private bool _raised;
    private int _pause;
    private string _difference = "";

    /// <summary>Makes both machines with the same memory.</summary>
    public LockstepRun(ulong seed, LockstepConfiguration configuration)
    {
        Reference = new Reference(Ram, configuration.Reference);
        Subject = new Subject(Ram, configuration);
        Image = new MemoryImage(Reference.Machine, configuration.GuestMode, new Random((int)seed ^ 0x1badb002));
        CopyRam();
        PrepareDevices();
        Restart();
    }

    public Reference Reference { get; }

    public Subject Subject { get; }

    /// <summary>What memory held at the start.</summary>
    public MemoryImage Image { get; }

    /// <summary>Instructions, exceptions and interrupts of the guest that were compared.</summary>
    public ulong Steps { get; private set; }

    /// <summary>Whether the program cannot go on: it sleeps for ever, or stopped its machine.</summary>
    public bool Over { get; private set; }

    /// <summary>Whether the devices of the two machines may differ now, so that nothing more can be compared.</summary>
    public bool Ended { get; private set; }

    /// <summary>Events in a row whose code could not be put at the program counter.</summary>
    public int Lost { get; private set; }

    /// <summary>Takes where code went, program counter and instruction. With it a difference is described; that is slow.</summary>
    public Action<ulong, uint>? Planted { get; set; }

    /// <summary>Does what an event says and compares after each instruction.</summary>
    /// <exception cref="DivergenceException">The machines differ.</exception>
    public void Apply(LockstepEvent e)
    {
        switch (e.Kind)
        {
            case LockstepEventKind.Code:
                RunCode(e);
                break;
            case LockstepEventKind.Register:
                Reference.Hart[e.Register] = e.Value;
                Subject.Hart[e.Register] = e.Value;
                break;
            case LockstepEventKind.Interrupt:
                Raise(e.Interrupt);
                break;
            default:
                Restart();
                break;
        }
    }

    /// <summary>Compares all of memory.</summary>
    public void CompareMemory()
    {
        if (Ended)
        {
            return;
        }

        var a = Reference.Machine.Memory(Entry, (int)Ram);
        var b = Subject.Machine.GuestRam(Entry, (int)Ram);
        var at = a.CommonPrefixLength(b);
        if (at != a.Length)
        {
            at &= ~7;
            throw new DivergenceException(
                $"memory at {Entry + (ulong)at:x}: reference {MemoryMarshal.Read<ulong>(a[at..]):x}, Rvirt {MemoryMarshal.Read<ulong>(b[at..]):x}");
        }
    }

    public void Dispose()
    {
        Reference.Dispose();
        Subject.Dispose();
    }

    private void Restart()
    {
        Reference.Start(Entry);
        Subject.Start(Entry);
        Over = false;
        Lost = 0;
        _pause = 0;
        // Code is never put into tables: where the entry has become one, no program can start.
        Ended |= Reference.Entries.IsTable(Entry);
    }

    private void CopyRam() => Reference.Machine.Memory(Entry, (int)Ram).CopyTo(Subject.Machine.GuestRam(Entry, (int)Ram));

    /// <summary>The UART's receiver interrupts hart 0's S-mode.</summary>
    private void PrepareDevices()
    {
        foreach (var (address, size, value) in (ReadOnlySpan<(ulong, int, ulong)>)[
            (0x0c00_0028, 4, 1), (0x0c00_2080, 4, 1 << 10), (0x0c20_1000, 4, 0), (0x1000_0001, 1, 1)])
        {
            Reference.Machine.TryWrite(null, address, size, value);
            Subject.Machine.Guest.WriteDevice(address, size, value);
        }
    }

    /// <summary>One interrupt at a boundary: of two that come at once a hart may see one before the other (freedom 4).</summary>
    private void Raise(LockstepInterrupt interrupt)
    {
        if (_raised || Reference.Firmware.Deadline <= _clock + 1)
        {
            return;
        }

        _raised = true;
        Reference.Raise(interrupt);
        Subject.Raise(interrupt);
    }

    private void RunCode(LockstepEvent e)
    {
        Plant(e.Words);
        if (_planted.Count == 0)
        {
            Lost++;
            Step();
            Settle();
            return;
        }

        Lost = 0;
        var at = 0;
        var raised = e.Interrupt == LockstepInterrupt.None;
        for (var count = 0; count < LongestCode && at >= 0 && !Over && !Ended; count++)
        {
            if (!raised && at == e.At && _pause == 0)
            {
                raised = true;
                Raise(e.Interrupt);
            }

            Step();
            at = _planted.IndexOf(Reference.Hart.Pc);
        }

        Settle();
    }

    /// <summary>Goes on to the end of an instruction for which a table was filled: A or D may be set already.</summary>
    private void Settle()
    {
        for (var count = 0; _pause != 0 && count < LongestPause && !Over && !Ended; count++)
        {
            Step();
        }
    }

    /// <summary>Writes instructions where the hart would fetch them, as far as it could.</summary>
    private void Plant(uint[] words)
    {
        _planted.Clear();
        _code.Clear();
        var pc = Reference.Hart.Pc;
        foreach (var word in words)
        {
            var compressed = (word & 3) != 3;
            if (!PlantHalf(pc, (ushort)word) || (!compressed && !PlantHalf(pc + 2, (ushort)(word >> 16))))
            {
                break;
            }

            Planted?.Invoke(pc, word);
            _planted.Add(pc);
            pc += compressed ? 2u : 4u;
        }
    }

    private bool PlantHalf(ulong va, ushort half)
    {
        if (!Reference.Hart.TryProbe(va, Access.Fetch, out var physical)
            || !Reference.Machine.IsRam(physical, 2)
            || Reference.Entries.IsTable(physical))
        {
            return false;
        }

        _code.Add(physical & ~7UL);
        MemoryMarshal.Write(Reference.Machine.Memory(physical, 2), half);
        MemoryMarshal.Write(Subject.Machine.GuestRam(physical, 2), half);
        return true;
    }

    /// <summary>One step of the machine under test, and as many of the reference as lead to the same state.</summary>
    private void Step()
    {
        // While the guest is where it was, time stands still: nothing may come between a page that was filled and its use.
        _clock += _pause == 0 ? 1u : 0;
        _raised = false;
        Reference.Machine.Clock = _clock;
        Subject.Machine.Machine.Clock = _clock;
        if (_clock >= Reference.Firmware.Deadline)
        {
            Reference.Raise(LockstepInterrupt.Timer);
        }

        var pending = Reference.Entries.Pending;
        if (pending)
        {
            Reference.Hart.Save(_before);
        }

        var deadline = Reference.Firmware.Deadline;
        var accesses = Reference.Entries.DeviceAccesses;
        bool trapped;
        try
        {
            trapped = Subject.Step(pending);
        }
        catch (Exception e) when (e is InvalidOperationException or IndexOutOfRangeException or NullReferenceException)
        {
            throw new DivergenceException("Rvirt: " + e);
        }

        _difference = "";
        if (Subject.Asleep || Subject.Machine.Stopped is not null)
        {
            Finish(pending);
            return;
        }

        if (trapped && Subject.Hart.LastCause == Cause.UserCall && Reference.Hart.Mode == PrivilegeLevel.Supervisor
            && ReferenceFirmware.IsLeftOut(Reference.Hart[17]))
        {
            Ended = true;
            return;
        }

        Reference.Entries.Begin();
        var first = !trapped || Subject.Progressed ? 1 : 0;
        var last = !trapped ? 1 : pending ? LongestUnorderedChain : LongestChain;
        for (var steps = first; steps <= last; steps++)
        {
            if (pending)
            {
                if (Search(steps, deadline, accesses))
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

        if (Reference.Entries.OddDeviceAccess || Reference.Entries.Journal.Exists(entry => _code.Contains(entry.Address)))
        {
            // Freedom 6, or 7: an instruction that changes itself, be it by a walk that sets A, may be read before or after.
            Ended = true;
            return;
        }

        throw new DivergenceException(_difference);
    }

    /// <summary>
    /// Tries a number of steps with every choice of old table entries. Two choices can store the same value at different places: where
    /// there is a choice, a first round finds out what all of them would write, and a second compares all of it.
    /// </summary>
    private bool Search(int steps, ulong deadline, ulong accesses)
    {
        _touched.Clear();
        for (var round = 0; round < 2; round++)
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
                if (possible && (round == 0 ? !Reference.Entries.HasChoice : StateDifference.EqualAt(Reference, Subject, _touched)))
                {
                    Accept(steps);
                    return true;
                }

                if (Reference.Entries.DeviceAccesses != accesses)
                {
                    // A device cannot take its access back.
                    Ended = true;
                    return true;
                }

                foreach (var (address, _) in Reference.Entries.Journal)
                {
                    _touched.Add(address);
                }

                Reference.Hart.Restore(_before);
                Reference.Firmware.Deadline = deadline;
            }
            while (Reference.Entries.TryNext());
        }

        return false;
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

    private void Accept(int steps)
    {
        Reference.Entries.Accept();
        Steps += (ulong)steps;
        _pause = steps == 0 ? _pause + 1 : 0;
        if (_pause > LongestPause)
        {
            CheckPause();
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

        Reference.Entries.Accept();
    }

    private bool Same(int steps)
    {
        var found = StateDifference.Equal(Reference, Subject);
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
        if (Subject.Machine.Stopped is { } reason)
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
