using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Boot.Panic;

/// <summary>The hart as it was when the hypervisor itself trapped.</summary>
[AsmOffsets("HOST_FRAME")]
[StructLayout(LayoutKind.Sequential)]
internal struct HostFrame
{
    /// <summary>x0 to x31.</summary>
    public GeneralRegisters X;

    /// <summary>Where it trapped.</summary>
    public ulong Sepc;

    /// <summary>Why.</summary>
    public ulong Scause;

    /// <summary>The address or instruction concerned.</summary>
    public ulong Stval;

    /// <summary>Its <c>sstatus</c>.</summary>
    public ulong Sstatus;
}
