namespace Rvirt.Core.Privileged;

/// <summary>Values of <c>satp.MODE</c> (Privileged spec 1.13 §12.1.11).</summary>
public enum TranslationMode : byte
{
    /// <summary>No translation or protection.</summary>
    Bare = 0,

    /// <summary>39-bit virtual addresses, three levels.</summary>
    Sv39 = 8,

    /// <summary>48-bit virtual addresses, four levels.</summary>
    Sv48 = 9,

    /// <summary>57-bit virtual addresses, five levels.</summary>
    Sv57 = 10,
}
