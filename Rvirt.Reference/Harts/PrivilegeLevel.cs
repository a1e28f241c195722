namespace Rvirt.Reference.Harts;

/// <summary>Privilege modes by their encoding (Privileged spec 1.13 §1.2).</summary>
public enum PrivilegeLevel : byte
{
    /// <summary>U-mode: applications.</summary>
    User = 0,

    /// <summary>S-mode: operating systems.</summary>
    Supervisor = 1,

    /// <summary>M-mode: firmware.</summary>
    Machine = 3,
}
