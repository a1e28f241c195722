using System;

namespace Rvirt.Core.VirtualHart;

/// <summary>Units that a hart has and whose registers a guest changes without a trap: they are stored and loaded with the virtual hart.</summary>
[Flags]
public enum HartUnits : byte
{
    /// <summary>None: a hart with x registers only.</summary>
    None = 0,

    /// <summary>f0 to f31 and fcsr, with their state in <c>sstatus.FS</c>.</summary>
    FloatingPoint = 1 << 0,

    /// <summary>v0 to v31 and the vector CSRs, with their state in <c>sstatus.VS</c>.</summary>
    Vectors = 1 << 1,
}
