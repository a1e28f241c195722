namespace Rvirt.Reference.Harts;

/// <summary>How eagerly a hart remembers translations.</summary>
public enum TlbPolicy
{
    /// <summary>Every access walks: a page-table store counts at once.</summary>
    None,

    /// <summary>A few hundred entries; an access that a cached entry forbids walks again before it faults.</summary>
    Normal,

    /// <summary>
    /// Nothing is forgotten until a fence names it, superpages are kept whole, and an access that a cached entry forbids faults
    /// without a walk. All of it is allowed by the specification, so software that lacks a fence fails.
    /// </summary>
    Aggressive,
}
