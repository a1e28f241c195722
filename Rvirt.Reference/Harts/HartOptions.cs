using System.Collections.Generic;

namespace Rvirt.Reference.Harts;

/// <summary>What the specification leaves to an implementation.</summary>
public sealed record HartOptions
{
    /// <summary>A hart that remembers all it may: translations, absent ones too, and instructions. Software that lacks a fence fails on it.</summary>
    public static HartOptions Strict { get; } = new() { Tlb = TlbPolicy.Aggressive, CacheInvalidEntries = true, InstructionCache = true };

    /// <summary>Translation caching.</summary>
    public TlbPolicy Tlb { get; init; } = TlbPolicy.Normal;

    /// <summary>With <see cref="TlbPolicy.Aggressive"/>, whether the absence of a mapping is cached too (a hart without Svvptc may).</summary>
    public bool CacheInvalidEntries { get; init; }

    /// <summary>Fetches come from page copies made on first use and kept until <c>fence.i</c>.</summary>
    public bool InstructionCache { get; init; }

    /// <summary>True: A and D are set by hardware; false: an access that would set one faults (Svade).</summary>
    public bool HardwareAccessedDirty { get; init; } = true;

    /// <summary>True: stval and mtval hold the instruction bits on an illegal instruction; false: zero.</summary>
    public bool IllegalInstructionValue { get; init; } = true;

    /// <summary>True: stval and mtval hold the address on ebreak; false: zero.</summary>
    public bool BreakpointValue { get; init; } = true;

    /// <summary>Misaligned loads and stores to RAM work; else they raise an exception.</summary>
    public bool Misaligned { get; init; } = true;

    /// <summary>False: an <c>sfence.vma</c> that names an address or an address space does nothing, which is an erratum of some cores.</summary>
    public bool SelectiveFences { get; init; } = true;

    /// <summary>What PMP closes to S-mode and U-mode: whole pages of 4 KiB.</summary>
    public IReadOnlyList<(ulong Start, ulong Length)> ClosedMemory { get; init; } = [];

    /// <summary>PMP is asked for the whole page of a translation, large ones too, when it is first used: one with an edge in it cannot be used (Privileged spec 1.13 §3.7.1 asks for the bytes of the access alone).</summary>
    public bool PmpChecksWholePages { get; init; }

    /// <summary>Bits of <c>satp.ASID</c> that exist, 0 to 16.</summary>
    public int AsidBits { get; init; } = 16;

    /// <summary>Largest value of <c>satp.MODE</c>: 0, 8, 9 or 10.</summary>
    public int MaximumMode { get; init; } = 10;

    /// <summary>Whether <c>stimecmp</c> exists.</summary>
    public bool Sstc { get; init; }

    /// <summary>Whether <c>time</c>, <c>cycle</c> and <c>instret</c> exist below M-mode; without, they always trap.</summary>
    public bool CounterCsrs { get; init; } = true;

    /// <summary>Whether <c>hpmcounter3</c> to <c>31</c> exist (they read zero) and <c>scounteren</c> has bits for them.</summary>
    public bool HpmCounters { get; init; } = true;

    /// <summary>Whether traps clear the reservation of a load-reserved.</summary>
    public bool TrapsClearReservation { get; init; }

    /// <summary>F and D.</summary>
    public bool FloatingPoint { get; init; } = true;

    /// <summary>Bits of a vector register, a power of two from 64 to 65536; 0: there are none. With them come the instructions of Zve64x.</summary>
    public int VectorBits { get; init; }
}
