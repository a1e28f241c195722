namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>Numbers that follow from a seed alone, and cost little to begin.</summary>
internal struct Draw(int seed)
{
    private ulong _state = ((uint)seed * 0x9e37_79b9_7f4a_7c15) + 0x1234_5678_9abc_def1;

    /// <summary>Zero or more, below a limit.</summary>
    public int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    // xorshift64*: George Marsaglia's shifts, Sebastiano Vigna's multiplier.
    private ulong Next()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return _state * 0x2545_f491_4f6c_dd1d;
    }
}
