using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What the monitor says of a virtual hart without asking the hart that runs it.</summary>
internal struct HartFacts
{
    /// <summary>Where it is.</summary>
    public RunState Run;

    /// <summary>Number of the host's hart on which it is loaded, or was last; -1 for none.</summary>
    public int Core;

    /// <summary>Life cycle as its guest sees it.</summary>
    public HartState State;

    /// <summary>Its privilege mode, as of its last trap.</summary>
    public PrivilegeMode Mode;

    /// <summary>Its program counter, as of its last trap.</summary>
    public ulong Pc;
}
