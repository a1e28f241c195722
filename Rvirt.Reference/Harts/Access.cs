namespace Rvirt.Reference.Harts;

/// <summary>What an access to memory does.</summary>
public enum Access : byte
{
    Fetch,
    Load,
    Store,
}
