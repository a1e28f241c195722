using System.Runtime.InteropServices;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Setup;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>A virtual hart, and what of the host it runs on. It starts with the trap frame, so that one pointer is enough.</summary>
// SAFETY: GuestSetup sets Guest once, to one of the machine's guests, which stay where they are; nothing here follows it.
[StructLayout(LayoutKind.Sequential)]
public unsafe struct GuestHart<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>The virtual hart. First: a trap hands over its address.</summary>
    internal VCpu V;

    /// <summary>The hart it runs on.</summary>
    internal THost Host;

    /// <summary>Its MMU.</summary>
    internal ShadowMmu Mmu;

    /// <summary>Its guest.</summary>
    internal Guest<THost>* Guest;

    /// <summary>S-mode context of the host's hart at the host's PLIC.</summary>
    internal uint PlicContext;

    /// <summary>How the host's hart gets into the window.</summary>
    internal HartStart Start;
}
