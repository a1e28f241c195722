namespace Rvirt.Hypervisor.Setup;

/// <summary>Whether all guests found RAM.</summary>
internal enum RamPlacement : byte
{
    /// <summary>Each has its RAM and its shadow tables.</summary>
    Complete,

    /// <summary>A guest asks for more than there is.</summary>
    TooLittleForGuest,

    /// <summary>What is left is too little for those that share it.</summary>
    TooLittleToShare,
}
