namespace Rvirt.Reference.Harts;

/// <summary>Privilege modes by their encoding.</summary>
public enum PrivilegeLevel : byte
{
    User = 0,
    Supervisor = 1,
    Machine = 3,
}
