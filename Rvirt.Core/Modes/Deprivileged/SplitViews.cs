using System.Runtime.CompilerServices;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Deprivileged;

/// <summary>
/// The views of guests whose modes all run in the hart's U-mode: the hart tells none of them apart, so each has a root of its own, in which every
/// page is one of U-mode's. The hypervisor is mapped in each, out of U-mode's reach.
/// </summary>
public readonly struct SplitViews : IViewPolicy
{
    /// <inheritdoc/>
    public int Roots => ViewKind.Count;

    /// <inheritdoc/>
    public int BareRoot => ViewKind.User;

    /// <inheritdoc/>
    public bool HasWindow => true;

    /// <inheritdoc/>
    public bool RunsInUser => true;

    /// <inheritdoc/>
    public bool SharesRoots => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int RootOf(int view) => view;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PrivilegeMode ModeOf(int view) => ViewKind.Mode(view);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasSum(int view) => ViewKind.HasSum(view);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasMxr(int view) => ViewKind.HasMxr(view);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayRefill(int view, AccessKind access, bool userLeaf) => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsBareUser(int view) => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ClassOf(int root, bool userLeaf) => TableClass.Of(root, userLeaf);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Holds(int table, int leaf) => TableClass.Holds(table, leaf);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Join(int a, int b) => TableClass.Join(a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool KeepsExecute(int leafClass) => (leafClass & ~TableClass.Mxr) != TableClass.UserForSupervisor;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool AddsRead(int leafClass) => (leafClass & TableClass.Mxr) != 0;
}
