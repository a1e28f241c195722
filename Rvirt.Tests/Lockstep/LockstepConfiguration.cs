using System;
using Rvirt.Core.Privileged;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Lockstep;

/// <summary>The host a program runs on under the hypervisor, and what follows for the reference.</summary>
public sealed record LockstepConfiguration
{
    /// <summary>How the host translates.</summary>
    public TranslationMode HostMode { get; init; } = TranslationMode.Sv57;

    /// <summary>How the host caches translations.</summary>
    public TlbPolicy HostTlb { get; init; } = TlbPolicy.Normal;

    /// <summary>Bits of the host's ASIDs.</summary>
    public int HostAsidBits { get; init; } = 16;

    /// <summary>Whether the host gives the instruction in <c>stval</c>.</summary>
    public bool HostIllegalValue { get; init; } = true;

    /// <summary>Whether traps of the host end reservations.</summary>
    public bool HostTrapsClearReservation { get; init; }

    /// <summary>Shadow page tables in the pool.</summary>
    public int Tables { get; init; } = 64;

    /// <summary>Every trap emulates one instruction only.</summary>
    public bool OneAtATime { get; init; }

    /// <summary>Whether the hart does misaligned accesses to RAM; else they are exceptions, of the host and so of the guest.</summary>
    public bool Misaligned { get; init; } = true;

    /// <summary>Bits of a vector register, on both machines; 0: there are none.</summary>
    public int VectorBits { get; init; }

    /// <summary>Whether the virtual hart is put down after each trap, and where it is loaded again.</summary>
    public LockstepSwitch Switch { get; init; }

    /// <summary>Harts of the reference machine, and virtual harts of the guest, which have their turns on one hart of the host.</summary>
    public int Harts { get; init; } = 1;

    /// <summary>Largest <c>satp.MODE</c> of the guest.</summary>
    public int GuestMode => HostMode == TranslationMode.Sv57 ? 9 : 8;

    /// <summary>The reference hart: no cache of translations, so that a change of a table counts at once.</summary>
    public HartOptions Reference => new()
    {
        Tlb = TlbPolicy.None,
        HpmCounters = false,
        MaximumMode = GuestMode,
        Misaligned = Misaligned,
        VectorBits = VectorBits,
    };

    /// <summary>The host's hart.</summary>
    public HartOptions Host => new()
    {
        Tlb = HostTlb,
        AsidBits = HostAsidBits,
        IllegalInstructionValue = HostIllegalValue,
        TrapsClearReservation = HostTrapsClearReservation,
        Misaligned = Misaligned,
        VectorBits = VectorBits,
    };

    /// <summary>The same host, its hart and the reference with vectors, as long as a seed says.</summary>
    public LockstepConfiguration WithVectors => this with { VectorBits = Tables == 64 ? 128 : 256 };

    /// <summary>The same host, with two or three virtual harts in the guest, as a seed says.</summary>
    public LockstepConfiguration WithSiblings => this with { Harts = Tables == 64 ? 2 : 3 };

    /// <summary>The same host, with the virtual hart put down after every trap.</summary>
    public LockstepConfiguration PutDown => this with { Switch = Switch == LockstepSwitch.Other ? LockstepSwitch.Other : LockstepSwitch.Same };

    public override string ToString() =>
        $"host {HostMode}, TLB {HostTlb}, {HostAsidBits} ASID bits, stval {HostIllegalValue}, reservations lost {HostTrapsClearReservation}, {Tables} tables, one at a time {OneAtATime}, misaligned accesses {Misaligned}, put down {Switch}, {Harts} harts, vectors of {VectorBits} bits";

    /// <summary>A configuration for a seed.</summary>
    public static LockstepConfiguration Of(ulong seed)
    {
        var random = new Random((int)(seed * 2654435761));
        return new LockstepConfiguration
        {
            HostMode = random.Next(4) switch { 0 => TranslationMode.Sv39, 1 => TranslationMode.Sv48, _ => TranslationMode.Sv57 },
            HostTlb = random.Next(4) switch { 0 => TlbPolicy.None, 1 => TlbPolicy.Aggressive, _ => TlbPolicy.Normal },
            HostAsidBits = random.Next(4) switch { 0 => 0, 1 => 7, _ => 16 },
            HostIllegalValue = random.Next(4) != 0,
            HostTrapsClearReservation = random.Next(2) == 0,
            Tables = random.Next(3) switch { 0 => 16, 1 => 24, _ => 64 },
            OneAtATime = random.Next(2) == 0,
            Misaligned = random.Next(4) != 0,
            Switch = random.Next(4) switch { 0 => LockstepSwitch.Same, 1 => LockstepSwitch.Other, _ => LockstepSwitch.None },
        };
    }
}
