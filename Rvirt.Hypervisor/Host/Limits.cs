using Rvirt.Core.DeviceTree;

namespace Rvirt.Hypervisor.Host;

/// <summary>Sizes that assembly (Limits.inc) and C# agree on.</summary>
public static class Limits
{
    /// <summary>Harts that can be used; hart ids are below this.</summary>
    public const int MaximumHarts = HostDescription.MaximumHarts;

    /// <summary>Bytes of stack that a hart has in the hypervisor; stacks are aligned to it.</summary>
    public const int StackSize = 16384;

    /// <summary>Traps that a hart's <see cref="TraceRing"/> keeps.</summary>
    public const int TraceRecords = 256;
}
