using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;

namespace Rvirt.Hypervisor.Host;

/// <summary>A trap out of a guest, as the trap vector notes it down.</summary>
[AsmOffsets("TRACE_RECORD")]
[StructLayout(LayoutKind.Sequential)]
internal struct TraceRecord
{
    /// <summary>The <c>time</c> CSR.</summary>
    public ulong Time;

    /// <summary>The guest's program counter.</summary>
    public ulong Pc;

    /// <summary>The host's <c>scause</c>.</summary>
    public ulong Cause;

    /// <summary>The host's <c>stval</c>.</summary>
    public ulong Value;
}
