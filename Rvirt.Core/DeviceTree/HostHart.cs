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

    /// <summary>Its <c>riscv,isa</c>, with a NUL; lies in the device tree. Empty where there is none.</summary>
    public FdtProperty Isa;

    /// <summary>Whether it has the H extension, as far as its tree tells: one that does not say what it has may have it.</summary>
    public readonly bool MayHaveHypervisorExtension => !Isa.TryString(out var isa) || GuestIsa.Has(isa, "h"u8);

    /// <summary>The phandle of its interrupt controller.</summary>
    internal uint InterruptPhandle;
}
