using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What the monitor says of the shadow tables of a virtual hart.</summary>
internal struct ShadowFacts
{
    /// <summary>How much of them is in use.</summary>
    public ShadowUse Use;

    /// <summary>What they did.</summary>
    public ShadowCounters Counters;
}
