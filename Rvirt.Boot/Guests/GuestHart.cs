using System.Runtime.InteropServices;
using Rvirt.Boot.Startup;
using Rvirt.Boot.Target;
using Rvirt.Core.VirtualHart;
using Rvirt.Mmu;

namespace Rvirt.Boot.Guests;

/// <summary>A virtual hart, and what of the host it runs on. It starts with the trap frame, so that one pointer is enough.</summary>
// SAFETY: GuestSetup sets Guest once, to one of the machine's guests, which stay where they are; nothing here follows it.
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GuestHart
{
    /// <summary>The virtual hart. First: a trap hands over its address.</summary>
    internal VCpu V;

    /// <summary>The hart it runs on.</summary>
    internal TargetHost Host;

    /// <summary>Its MMU.</summary>
    internal ShadowMmu Mmu;

    /// <summary>Its guest.</summary>
    internal Guest* Guest;

    /// <summary>S-mode context of the host's hart at the host's PLIC.</summary>
    internal uint PlicContext;

    /// <summary>How the host's hart gets into the window.</summary>
    internal HartStart Start;
}
