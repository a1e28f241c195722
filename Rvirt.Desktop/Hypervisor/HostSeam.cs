using System;
using System.Collections.Generic;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>What a test may bend in the host under the hypervisor; all of it is what some hardware does.</summary>
public sealed class HostSeam
{
    private readonly HashSet<(ulong Address, int Bits)> _read = [];
    private Hart? _hart;
    private ulong _trap;

    /// <summary>Instructions behind the trapped one cannot be read, so that each trap emulates one.</summary>
    public bool OneAtATime { get; set; }

    /// <summary>Runs where the hypervisor waits for an interrupt and none is pending; it has to make one pending.</summary>
    public Action? Idle { get; set; }

    /// <summary>Runs where another hart can see what the hypervisor does next, or could act before it: whoever chooses whose turn it is may let others run.</summary>
    public Action? Observed { get; set; }

    /// <summary>After how many more interrupts that the hart sends to others one is lost; null: none is.</summary>
    public int? LosesInterruptAfter { get; set; }

    /// <summary>Whether the interrupt that the hart sends now is lost.</summary>
    internal bool LosesInterrupt()
    {
        if (LosesInterruptAfter is not { } left)
        {
            return false;
        }

        LosesInterruptAfter = left == 0 ? null : left - 1;
        return left == 0;
    }

    /// <summary>Whether the hypervisor may read an instruction: with <see cref="OneAtATime"/> only the trapped one, and each part of it once.</summary>
    /// <param name="hart">The hart that trapped.</param>
    /// <param name="va">Guest virtual address.</param>
    /// <param name="bits">How many are read.</param>
    internal bool MayRead(Hart hart, ulong va, int bits)
    {
        if (!OneAtATime)
        {
            return true;
        }

        if (hart != _hart || hart.Traps != _trap)
        {
            _hart = hart;
            _trap = hart.Traps;
            _read.Clear();
        }

        var cause = hart.ReadCsr(CsrNumber.Scause);
        var known = cause >= Cause.Interrupt || cause == Cause.UserCall
            || (cause == Cause.IllegalInstruction && hart.ReadCsr(CsrNumber.Stval) != 0);
        // A handler can start where the trapped instruction is: the second time it is an instruction behind it.
        return !known && va - hart.ReadCsr(CsrNumber.Sepc) is 0 or 2 && _read.Add((va, bits));
    }
}
