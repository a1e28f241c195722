using Rvirt.Core.Privileged;

namespace Rvirt.Core.DeviceTree;

/// <summary>A hart of the host.</summary>
public struct HostHart
{
    /// <summary>The hardware's number for it.</summary>
    public uint HartId;

    /// <summary>The longest address translation its node names.</summary>
    public TranslationMode TranslationMode;

    /// <summary>The PLIC's context for its S-mode, or -1.</summary>
    public int PlicContext;

    /// <summary>The PLIC's context for its M-mode, or -1.</summary>
    public int PlicMachineContext;

    /// <summary>What it has: I, M, A and C where its tree does not say, which is what the hypervisor itself needs.</summary>
    internal IsaExtensions Isa;

    /// <summary>Whether it has the H extension, as far as its tree tells: one that does not say what it has may have it. The hart itself is asked as well, where it runs.</summary>
    public bool MayHaveHypervisorExtension;

    /// <summary>Bytes that a prefetch (Zicbop) is for; 0 where its tree does not say.</summary>
    internal uint PrefetchBlock;

    /// <summary>The phandle of its interrupt controller.</summary>
    internal uint InterruptPhandle;
}
