namespace Rvirt.Core.Modes.Deprivileged;

/// <summary>
/// Which of the guest's leaves a shadow table holds. Tables of one class and one guest table serve every view that can use them, so
/// the kernel's half is shadowed once for SUM set and clear.
/// </summary>
internal static class TableClass
{
    /// <summary>Supervisor leaves only.</summary>
    public const int Supervisor = 0;

    /// <summary>User leaves as U-mode may use them.</summary>
    public const int User = 1;

    /// <summary>User leaves as S-mode may use them with SUM set: never executable.</summary>
    public const int UserForSupervisor = 2;

    /// <summary>Supervisor leaves and user leaves side by side, as S-mode sees them with SUM set.</summary>
    public const int Mixed = 3;

    /// <summary>Added to a class whose executable pages are readable.</summary>
    public const int Mxr = 4;

    /// <summary>The class that a leaf belongs to in a view.</summary>
    public static int Of(int view, bool userLeaf)
    {
        var mxr = ViewKind.HasMxr(view) ? Mxr : 0;
        return (view & ViewKind.User) != 0 ? User + mxr
            : userLeaf ? UserForSupervisor + mxr
            : Supervisor + mxr;
    }

    /// <summary>Whether a table of one class may hold leaves of another.</summary>
    public static bool Holds(int table, int leaf) => table == leaf || (table & 3) == Mixed;

    /// <summary>The class of a table that is to hold leaves of both.</summary>
    public static int Join(int a, int b) => a == b ? a : Mixed | (a & Mxr);
}
