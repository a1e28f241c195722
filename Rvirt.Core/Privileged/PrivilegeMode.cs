namespace Rvirt.Core.Privileged;

/// <summary>Privilege modes by their encoding (Privileged spec 1.13 §1.2).</summary>
public enum PrivilegeMode : byte
{
    /// <summary>U-mode.</summary>
    User = 0,

    /// <summary>S-mode.</summary>
    Supervisor = 1,

    /// <summary>M-mode.</summary>
    Machine = 3,
}
