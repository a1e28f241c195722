namespace Rvirt.Core.VirtualHart;

/// <summary>What the MMU answers to a page fault: what became of it, and where the access leads.</summary>
/// <remarks>One word, so that it travels in a register: guest physical addresses have 56 bits (Privileged spec 1.13 §12.4).</remarks>
public readonly struct FaultAnswer
{
    private const int ResolutionShift = 56;

    private readonly ulong _bits;

    private FaultAnswer(ulong bits) => _bits = bits;

    /// <summary>What became of the fault.</summary>
    public FaultResolution Resolution => (FaultResolution)(byte)(_bits >> ResolutionShift);

    /// <summary>Where the access leads: a guest physical address, which is not RAM. Zero for all but <see cref="FaultResolution.NotMemory"/>.</summary>
    internal ulong GuestAddress => _bits & ((1UL << ResolutionShift) - 1);

    /// <summary>The access is allowed, and leads to no RAM.</summary>
    /// <param name="guestAddress">Where it leads, 56 bits.</param>
    public static FaultAnswer NotMemory(ulong guestAddress) => new(((ulong)FaultResolution.NotMemory << ResolutionShift) | guestAddress);

    /// <summary>Any other answer.</summary>
    public static implicit operator FaultAnswer(FaultResolution resolution) => new((ulong)resolution << ResolutionShift);
}
