namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>Which harts an explored guest of three virtual harts has.</summary>
public enum WorldKind
{
    /// <summary>One for each virtual hart, and one that has nothing to do.</summary>
    Pinned,

    /// <summary>Two, which it shares with another guest.</summary>
    Shared,
}
