namespace Rvirt.Core.VirtualHart;

/// <summary>f0 to f31 and fcsr of a hart, as they are stored and loaded.</summary>
// SAFETY: Count doublewords are all that an area is, and all that a hart stores or loads.
internal unsafe struct FloatingPointArea
{
    /// <summary>Number of doublewords.</summary>
    public const int Count = 33;

    /// <summary>The doublewords, f0 first.</summary>
    public fixed ulong Words[Count];
}
