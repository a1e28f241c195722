namespace Rvirt.Hypervisor.Scheduling;

/// <summary>A virtual hart in a <see cref="RunQueue"/>, and the account of its time.</summary>
internal struct QueuedHart
{
    /// <summary>What it has run; compared by difference.</summary>
    internal ulong Time;

    /// <summary>The <c>time</c> up to which its account is: when it was loaded or began to wait, or was last charged.</summary>
    internal ulong Since;

    /// <summary>Ticks for which it was loaded.</summary>
    internal ulong RunTicks;

    /// <summary>Ticks for which it waited for a hart.</summary>
    internal ulong ReadyTicks;

    /// <summary>The hart of the host that had it last, plus one; 0 for none.</summary>
    internal int LastCore;

    /// <summary>Siblings that run before it does again, where any of those waits, as bits.</summary>
    internal byte Before;

    /// <summary>What it had done when it was found to spin last, as a number that grows with it.</summary>
    internal ulong Done;

    /// <summary>How often in a row it was found to spin, <see cref="Slices.MostDoublings"/> at the most.</summary>
    internal byte Spins;
}
