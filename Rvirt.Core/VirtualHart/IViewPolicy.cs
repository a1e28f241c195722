using Rvirt.Core.Privileged;

namespace Rvirt.Core.VirtualHart;

/// <summary>
/// What of a guest's state decides how its memory looks, and how: which views of its tables a way of running guests needs, and what stands in the
/// tables that the hart walks for each. Its way of running guests alone knows; the MMU asks, and keeps whatever views there are apart.
/// </summary>
/// <remarks>
/// <para>
/// A <em>view</em> is a number that the mode makes of the guest's state and the MMU hands back: it says how the guest accesses memory now. Views
/// that the hart itself tells apart, by its own mode and status bits, may share a <em>root</em>; all others have one each.
/// A <em>class</em> says which of the guest's leaves a table for the hart holds, and how: tables of one class and one guest table serve every
/// root that can use them.
/// </para>
/// <para>Implemented by a struct without fields, which travels as a type argument: each call is a direct one, and constants are constants.</para>
/// </remarks>
public interface IViewPolicy
{
    /// <summary>Roots that an address space can have, at most <see cref="MaximumRoots"/>.</summary>
    int Roots { get; }

    /// <summary>The root of all views where the guest has no translation.</summary>
    int BareRoot { get; }

    /// <summary>
    /// Whether the hypervisor itself runs by the roots that the guest runs by, so that it has to be mapped in each, out of the guest's reach.
    /// Where it does not, no root maps anything but the guest's.
    /// </summary>
    bool HasWindow { get; }

    /// <summary>Whether each page is one of the hart's U-mode, whatever the guest's leaf says. Else it keeps the guest's U.</summary>
    bool RunsInUser { get; }

    /// <summary>Whether views share a root, so that what is known of an address by its root is not known for each of them.</summary>
    bool SharesRoots { get; }

    /// <summary>The root of a view.</summary>
    int RootOf(int view);

    /// <summary>The guest's privilege mode in a view.</summary>
    PrivilegeMode ModeOf(int view);

    /// <summary>Whether S-mode may use user pages in a view.</summary>
    bool HasSum(int view);

    /// <summary>Whether executable pages are readable in a view.</summary>
    bool HasMxr(int view);

    /// <summary>Whether the access that a view makes to a guest's leaf can be answered by a table that is at hand, without a walk that judges it.</summary>
    /// <param name="view">The view.</param>
    /// <param name="access">What the guest does.</param>
    /// <param name="userLeaf">Whether the leaf has U.</param>
    bool MayRefill(int view, AccessKind access, bool userLeaf);

    /// <summary>Whether a page is mapped as a user page in a view where the guest has no translation.</summary>
    bool IsBareUser(int view);

    /// <summary>The class of tables that hold a leaf for a root.</summary>
    /// <param name="root">The root.</param>
    /// <param name="userLeaf">Whether the guest's leaf has U.</param>
    int ClassOf(int root, bool userLeaf);

    /// <summary>Whether a table of one class may hold leaves of another.</summary>
    bool Holds(int table, int leaf);

    /// <summary>The class of a table that is to hold leaves of two classes, of which neither holds the other.</summary>
    int Join(int a, int b);

    /// <summary>Whether what is executable by the guest's leaf is so in a table of a class.</summary>
    bool KeepsExecute(int leafClass);

    /// <summary>Whether what is executable by the guest's leaf is readable in a table of a class.</summary>
    bool AddsRead(int leafClass);

    /// <summary>Most roots of an address space.</summary>
    const int MaximumRoots = 8;
}
