namespace Rvirt.Core.Privileged;

/// <summary>Supervisor interrupts: bits of <c>sie</c> and <c>sip</c>, and causes (Privileged spec 1.13 §12.1.3, §12.1.8).</summary>
public static class Interrupts
{
    /// <summary>Software interrupt: SSIE, SSIP.</summary>
    public const ulong Software = 1UL << 1;

    /// <summary>Timer interrupt: STIE, STIP.</summary>
    public const ulong Timer = 1UL << 5;

    /// <summary>External interrupt: SEIE, SEIP.</summary>
    public const ulong External = 1UL << 9;

    /// <summary>All three.</summary>
    public const ulong All = Software | Timer | External;

    /// <summary>Cause number of the software interrupt.</summary>
    public const ulong SoftwareCause = 1;

    /// <summary>Cause number of the timer interrupt.</summary>
    public const ulong TimerCause = 5;

    /// <summary>Cause number of the external interrupt.</summary>
    public const ulong ExternalCause = 9;

    /// <summary>Set in <c>scause</c> for an interrupt.</summary>
    public const ulong CauseBit = 1UL << 63;
}
