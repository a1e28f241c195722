namespace Rvirt.Hypervisor.Monitor;

/// <summary>How a guest is copied, whole.</summary>
internal enum CopyKind
{
    /// <summary>Into the RAM that is kept for its snapshot.</summary>
    Snapshot,

    /// <summary>Back from there.</summary>
    Revert,

    /// <summary>Into another guest.</summary>
    Clone,
}
