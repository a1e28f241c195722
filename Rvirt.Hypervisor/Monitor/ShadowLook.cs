using Rvirt.Core.Privileged;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What the hardware finds at an address, for people to look at.</summary>
/// <param name="level">The level of the leaf that maps it.</param>
/// <param name="mode">The guest's privilege mode for which it does.</param>
/// <param name="hasSum">Whether S-mode may use user pages then.</param>
/// <param name="hasMxr">Whether executable pages are readable then.</param>
internal readonly struct ShadowLook(int level, PrivilegeMode mode, bool hasSum, bool hasMxr)
{
    /// <summary>The level of the leaf that maps it.</summary>
    public int Level { get; } = level;

    /// <summary>The guest's privilege mode for which it does.</summary>
    public PrivilegeMode Mode { get; } = mode;

    /// <summary>Whether S-mode may use user pages then.</summary>
    public bool HasSum { get; } = hasSum;

    /// <summary>Whether executable pages are readable then.</summary>
    public bool HasMxr { get; } = hasMxr;
}
