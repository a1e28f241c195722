namespace Rvirt.Core.VirtualHart;

/// <summary>How a guest asked for one of its harts to be started (SBI 2.0 §9.1).</summary>
public struct HartStartCall
{
    /// <summary>The hart's number in its guest; it was taken for this start.</summary>
    public int Hart;

    /// <summary>Guest physical address of its first instruction, in RAM.</summary>
    public ulong Entry;

    /// <summary>Value of a1.</summary>
    public ulong Argument;
}
