using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;

namespace Rvirt.Hypervisor.Host;

/// <summary>What a further hart needs to get into the window; it reads this with translation off.</summary>
[AsmOffsets("HART_START")]
[StructLayout(LayoutKind.Sequential)]
public struct HartStart
{
    /// <summary>What is added to a physical address to reach it in the hypervisor's window.</summary>
    public ulong Window;

    /// <summary>The <c>satp</c> that maps nothing but the window.</summary>
    public ulong Satp;

    /// <summary>Top of the hart's stack, a window address, a multiple of 16.</summary>
    public ulong Stack;

    /// <summary>Second argument of <c>rvirt_hart_main</c>.</summary>
    public ulong Argument;
}
