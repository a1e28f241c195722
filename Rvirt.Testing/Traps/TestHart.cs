using System;
using System.Collections.Generic;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Testing.Traps;

/// <summary>A hart of the host as a test sees it: what was done to it, and what it answers.</summary>
public sealed class TestHart
{
    /// <summary>Instructions by guest virtual address: what <see cref="IGuestFetch"/> finds.</summary>
    public Dictionary<ulong, uint> Code { get; } = [];

    /// <summary>From this address on no half of an instruction can be read.</summary>
    public ulong CodeEnd { get; set; } = ulong.MaxValue;

    /// <summary>Whether <c>stval</c> may name another instruction than the one that trapped.</summary>
    public bool ReportsOtherInstructions { get; set; }

    /// <summary>What happens elsewhere just after the software interrupt was cleared.</summary>
    public Action? WhenCleared { get; set; }

    /// <summary><c>sstatus</c>, but for SD.</summary>
    public ulong Sstatus { get; set; }

    /// <summary><c>mstatus</c>, for a hypervisor that runs in M-mode.</summary>
    public ulong Mstatus { get; set; }

    /// <summary>By their numbers, the supervisor CSRs of a guest that has S-mode itself; zero is what is not there.</summary>
    public Dictionary<uint, ulong> Supervisor { get; } = [];

    /// <summary><c>sie</c>.</summary>
    public ulong Sie { get; set; } = Interrupts.All;

    /// <summary><c>sip</c>.</summary>
    public ulong Sip { get; set; }

    /// <summary><c>scounteren</c>.</summary>
    public ulong Scounteren { get; set; } = 7;

    /// <summary>The <c>time</c> at which the timer was asked to interrupt.</summary>
    public ulong Timer { get; set; }

    /// <summary><c>time</c>.</summary>
    public ulong Time { get; set; } = 1234;

    /// <summary>Fences of instructions so far.</summary>
    public int FenceI { get; set; }

    /// <summary>The harts that were interrupted, by hardware id, in the order in which they were named.</summary>
    public List<ulong> Ipis { get; } = [];

    /// <summary>By how many calls of the firmware they were.</summary>
    public int IpiCalls { get; set; }

    /// <summary>What happens elsewhere while the hart waits for another.</summary>
    public Action? WhenRelaxed { get; set; }

    /// <summary>How often it was put to sleep.</summary>
    public int Sleeps { get; set; }

    /// <summary>f0 to f31 and fcsr.</summary>
    public ulong[] FloatingPoint { get; } = new ulong[33];

    /// <summary>Whether FS cannot be set.</summary>
    public bool WithoutFloatingPoint { get; set; }

    /// <summary>Bytes of a vector register, 128 at most; 0 where it has none.</summary>
    public ulong VectorBytes { get; set; }

    /// <summary>Its four vector CSRs, and registers of as many bytes as can be kept.</summary>
    public ulong[] Vectors { get; } = new ulong[4 + (32 * 16)];
}
