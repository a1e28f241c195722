namespace Rvirt.Core.Images;

/// <summary>Where a guest's network card leads, as its description has it.</summary>
public enum GuestNetworkKind : byte
{
    /// <summary>It has no such card.</summary>
    None,

    /// <summary>To the machine's wire, and to the other guests there.</summary>
    Wire,

    /// <summary>To the guests whose cards lead there too, and to nobody else.</summary>
    Private,
}
