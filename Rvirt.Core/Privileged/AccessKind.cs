namespace Rvirt.Core.Privileged;

/// <summary>What an access to memory does, which decides the permission it needs and the exception it raises.</summary>
public enum AccessKind : byte
{
    /// <summary>An instruction fetch.</summary>
    Fetch,

    /// <summary>A load, including load-reserved.</summary>
    Load,

    /// <summary>A store, including store-conditional and atomic memory operations.</summary>
    Store,
}
