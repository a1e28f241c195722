namespace Rvirt.Mmu;

/// <summary>
/// The ASIDs of the host's harts, which are alike, given out in ranges to virtual harts: who is given some has them on every hart. Two virtual
/// harts never share one: a hart's TLB would take one's pages for the other's.
/// </summary>
/// <remarks>Set-up alone uses it, before other harts start. ASID 0 is everybody's who got none: they fence at each switch.</remarks>
public struct HostAsids
{
    private readonly ushort _maximum;
    private uint _given;

    /// <summary>All ASIDs of the harts, none of them given out.</summary>
    /// <param name="maximum">The highest; 0 where they have none.</param>
    public HostAsids(ushort maximum) => _maximum = maximum;

    /// <summary>Takes ASIDs for good.</summary>
    /// <param name="count">How many, not 0.</param>
    /// <param name="first">The first of them, not 0; the others follow.</param>
    /// <returns>False where there are not as many left.</returns>
    internal bool TryTake(ushort count, out ushort first)
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
