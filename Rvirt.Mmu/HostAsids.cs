namespace Rvirt.Mmu;

/// <summary>
/// The ASIDs of one hart of the host, given out in ranges to the virtual harts that run on it. Two virtual harts on one hart never share
/// one: the hart's TLB would take one's pages for the other's.
/// </summary>
/// <remarks>Its hart alone uses it. ASID 0 is everybody's who got none: they fence at each switch.</remarks>
public struct HostAsids
{
    private readonly ushort _maximum;
    private uint _given;

    /// <summary>All ASIDs of a hart, none of them given out.</summary>
    /// <param name="maximum">The highest; 0 where it has none.</param>
    public HostAsids(ushort maximum) => _maximum = maximum;

    /// <summary>Takes ASIDs for good.</summary>
    /// <param name="count">How many, not 0.</param>
    /// <param name="first">The first of them, not 0; the others follow.</param>
    /// <returns>False where there are not as many left.</returns>
    public bool TryTake(ushort count, out ushort first)
    {
        first = 0;
        if (_given + count > _maximum)
        {
            return false;
        }

        first = (ushort)(_given + 1);
        _given += count;
        return true;
    }
}
