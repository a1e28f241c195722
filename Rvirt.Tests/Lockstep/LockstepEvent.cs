
namespace Rvirt.Tests.Lockstep;

/// <summary>Kinds of <see cref="LockstepEvent"/>.</summary>
public enum LockstepEventKind
{
    /// <summary>Instructions are put where the program counter points, and run until control leaves them.</summary>
    Code,

    /// <summary>A register is given a value, as a few instructions without side effects could.</summary>
    Register,

    /// <summary>An interrupt becomes pending.</summary>
    Interrupt,

    /// <summary>All harts start again at the entry, caches of translations as they are.</summary>
    Restart,

    /// <summary>Another hart has its turn.</summary>
    Turn,

    /// <summary>Another hart has a fence left for it, as by a remote fence.</summary>
    Fence,
}

/// <summary>The interrupts that a program meets.</summary>
public enum LockstepInterrupt
{
    /// <summary>None.</summary>
    None,

    /// <summary>Another hart's IPI.</summary>
    Software,

    /// <summary>The timer.</summary>
    Timer,

    /// <summary>A byte arrives at the UART.</summary>
    External,
}

/// <summary>One thing that happens to both machines at the same boundary between two guest instructions.</summary>
public sealed record LockstepEvent(LockstepEventKind Kind)
{
    /// <summary>Instructions of <see cref="LockstepEventKind.Code"/>, 16 bits zero-extended or 32.</summary>
    public uint[] Words { get; init; } = [];

    /// <summary>Which register is set.</summary>
    public int Register { get; init; }

    /// <summary>To what.</summary>
    public ulong Value { get; init; }

    /// <summary>Which interrupt comes: at once, or with code before its word number <see cref="At"/>.</summary>
    public LockstepInterrupt Interrupt { get; init; }

    /// <summary>Before which word the interrupt comes.</summary>
    public int At { get; init; }

    /// <summary>Which hart: how many after the one whose turn it is.</summary>
    public int Next { get; init; }

    /// <summary>Before which word of <see cref="LockstepEventKind.Code"/> another hart has a turn without an instruction of its own; negative: none has.</summary>
    public int TurnAt { get; init; } = -1;

    public static LockstepEvent Code(params uint[] words) => new(LockstepEventKind.Code) { Words = words };

    public static LockstepEvent Set(int register, ulong value) => new(LockstepEventKind.Register) { Register = register, Value = value };

    public static LockstepEvent Raise(LockstepInterrupt interrupt) => new(LockstepEventKind.Interrupt) { Interrupt = interrupt };

    public static LockstepEvent Turn(int next) => new(LockstepEventKind.Turn) { Next = next };

    /// <param name="next">Whose.</param>
    /// <param name="page">A virtual address; null: everything.</param>
    public static LockstepEvent Fence(int next, ulong? page) => new(LockstepEventKind.Fence) { Next = next, Value = page ?? 0, Register = page is null ? 0 : 1 };

    public static LockstepEvent Restart { get; } = new(LockstepEventKind.Restart);
}
