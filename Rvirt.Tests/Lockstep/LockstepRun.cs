using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Rvirt.Reference.Harts;
using Rvirt.Reference.Instructions;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Lockstep;

/// <summary>
/// Runs one program on both machines, and compares them after every instruction of the guest: every boundary that the hypervisor
/// returns to the guest at must be one of the reference's, with everything that software can see equal.
/// </summary>
public sealed partial class LockstepRun : IDisposable
{
    /// <summary>Bytes of guest RAM.</summary>
    public const ulong Ram = 4 << 20;

    /// <summary>Where RAM starts, and every program.</summary>
    public const ulong Entry = 0x8000_0000;

    private const int LongestCode = 64;

    /// <summary>Most traps in a row that may leave the guest where it was.</summary>
    private const int LongestPause = 24;

    /// <summary>Most traps in a row within one vector load or store: of each element its page, and the code's page again.</summary>
    private const int LongestVectorPause = 1200;

    private readonly List<ulong> _planted = [];
    private readonly HashSet<ulong> _code = [];
    private ulong _clock;
    private bool _raised;
    private VectorOp _access;
    private int _pause;

    /// <summary>Makes both machines with the same memory.</summary>
    public LockstepRun(ulong seed, LockstepConfiguration configuration)
    {
        Reference = new Reference(Ram, configuration.Reference, configuration.Harts);
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
            case LockstepEventKind.Turn:
                Turn(e.Next);
                break;
            case LockstepEventKind.Fence:
                LeaveFence(e);
                break;
            default:
                Restart();
                break;
        }
    }

    /// <summary>Compares every hart and all of memory.</summary>
    public void CompareAll()
    {
        for (var i = 1; i < Harts; i++)
        {
            Turn(1);
        }

        CompareMemory();
    }

    /// <summary>Compares all of memory.</summary>
    public void CompareMemory()
    {
        if (Ended)
        {
            return;
        }

        var a = Reference.Machine.Memory(Entry, (int)Ram);
        var b = Subject.Guest.Ram(Entry, (int)Ram);
        var at = PageScan.FirstDifference(a, b);
        if (at != a.Length)
        {
            at &= ~7;
            var page = at & -PageScan.PageSize;
            var count = PageScan.Differences(a.Slice(page, PageScan.PageSize), b.Slice(page, PageScan.PageSize), stackalloc ulong[PageScan.Marks]);
            throw new DivergenceException(
                $"memory at {Entry + (ulong)at:x}: reference {MemoryMarshal.Read<ulong>(a[at..]):x}, Rvirt {MemoryMarshal.Read<ulong>(b[at..]):x}; {count} doublewords of that page differ");
        }
    }

    public void Dispose()
    {
        Reference.Dispose();
        Subject.Dispose();
    }

    private int Harts => Reference.Machine.Harts.Length;

    private int MostPauses => _access != VectorOp.None ? LongestVectorPause : LongestPause;

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

    private void CopyRam() => Reference.Machine.Memory(Entry, (int)Ram).CopyTo(Subject.Guest.Ram(Entry, (int)Ram));

    /// <summary>The UART's receiver interrupts hart 0's S-mode.</summary>
    private void PrepareDevices()
    {
        foreach (var (address, size, value) in (ReadOnlySpan<(ulong, int, ulong)>)[
            (0x0c00_0028, 4, 1), (0x0c00_2080, 4, 1 << 10), (0x0c20_1000, 4, 0), (0x1000_0001, 1, 1)])
        {
            Reference.Machine.TryWrite(null, address, size, value);
            Subject.Guest.WriteDevice(address, size, value);
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

    /// <summary>A hart has its turn, between two instructions of the one that had it before. What was left for it has happened, and no more.</summary>
    private void Turn(int next)
    {
        if (_raised)
        {
            // The other machine's hart sees a device's interrupt only as it traps.
            Step();
            Settle();
        }

        if (Harts == 1 || _pause != 0 || Over || Ended)
        {
            return;
        }

        Reference.Turn = (Reference.Turn + next) % Harts;
        _access = VectorOp.None;
        var pending = Begin();
        RunSubject(pending, Reference.Turn);
        if (Subject.Asleep || Subject.Leaves)
        {
            Over = Ended = true;
            return;
        }

        Match(0, pending ? LongestUnorderedChain : LongestChain, pending);
        _pause = 0;
    }

    private void LeaveFence(LockstepEvent e)
    {
        var target = (Reference.Turn + e.Next) % Harts;
        if (target == Reference.Turn || Over || Ended)
        {
            return;
        }

        ulong? page = e.Register == 0 ? null : e.Value;
        Reference.FenceHart(target, page, null);
        Subject.LeaveFence(target, page);
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

            if (at == e.TurnAt && _pause == 0)
            {
                Turn(1);
                Turn(Harts - 1);
                if (Over || Ended || Reference.Hart.Pc != _planted[at])
                {
                    break;
                }
            }

            Step();
            at = _planted.IndexOf(Reference.Hart.Pc);
        }

        Settle();
    }

    /// <summary>Goes on to the end of an instruction for which a table was filled: A or D may be set already.</summary>
    private void Settle()
    {
        for (var count = 0; _pause != 0 && count < MostPauses && !Over && !Ended; count++)
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
        MemoryMarshal.Write(Subject.Guest.Ram(physical, 2), half);
        return true;
    }
}
