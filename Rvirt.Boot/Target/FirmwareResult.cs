using System.Runtime.InteropServices;

namespace Rvirt.Boot.Target;

/// <summary>What an SBI call returns (SBI 2.0 §3): a0 and a1. Legacy calls return a0 only.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct FirmwareResult
{
    /// <summary>Zero, or a negative error.</summary>
    public readonly long Error;

    /// <summary>The value.</summary>
    public readonly ulong Value;
}
