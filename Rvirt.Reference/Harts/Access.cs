namespace Rvirt.Reference.Harts;

/// <summary>What an access to memory does.</summary>
public enum Access : byte
{
    /// <summary>It fetches an instruction.</summary>
    Fetch,

    /// <summary>It loads; a load-reserved is one.</summary>
    Load,

    /// <summary>It stores; a store-conditional and an atomic memory operation are.</summary>
    Store,
}
