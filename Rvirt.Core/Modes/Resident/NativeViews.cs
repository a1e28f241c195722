using System.Runtime.CompilerServices;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Resident;

/// <summary>
/// The views of guests whose modes are the hart's own: it looks at its mode, SUM and MXR itself, and at U, R and X as the guest's leaves have them, so
/// that one root serves all. The hypervisor runs by no tables of these.
/// </summary>
public readonly struct NativeViews : IViewPolicy
{
    // SUM and MXR stand side by side in the status, and are the two lowest bits here.
    private const int StatusShift = 18;

    private const int SumBit = (int)(Sstatus.Sum >> StatusShift);

    private const int MxrBit = (int)(Sstatus.Mxr >> StatusShift);

    private const int UserBit = 1 << 2;

    /// <inheritdoc/>
    public int Roots => 1;

    /// <inheritdoc/>
    public int BareRoot => 0;

    /// <inheritdoc/>
    public bool HasWindow => false;

    /// <inheritdoc/>
    public bool RunsInUser => false;

    /// <inheritdoc/>
    public bool SharesRoots => true;

    /// <summary>The view that fits the guest's state.</summary>
    /// <param name="mode">Its privilege mode.</param>
    /// <param name="status">Its <c>sstatus</c>, or the <c>mstatus</c> around that.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Of(PrivilegeMode mode, ulong status) =>
        (int)((status & (Sstatus.Sum | Sstatus.Mxr)) >> StatusShift) | (mode == PrivilegeMode.User ? UserBit : 0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int RootOf(int view) => 0;

    /// <inheritdoc/>
    public PrivilegeMode ModeOf(int view) => (view & UserBit) != 0 ? PrivilegeMode.User : PrivilegeMode.Supervisor;

    /// <inheritdoc/>
    public bool HasSum(int view) => (view & SumBit) != 0;

    /// <inheritdoc/>
    public bool HasMxr(int view) => (view & MxrBit) != 0;

    /// <inheritdoc/>
    /// <remarks>What SUM allows, and none executes (Privileged spec 1.13 §12.1.1.2).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayRefill(int view, AccessKind access, bool userLeaf) =>
        userLeaf == IsBareUser(view) || (userLeaf && HasSum(view) && access != AccessKind.Fetch);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsBareUser(int view) => (view & UserBit) != 0;

    /// <inheritdoc/>
    public int ClassOf(int root, bool userLeaf) => 0;

    /// <inheritdoc/>
    public bool Holds(int table, int leaf) => true;

    /// <inheritdoc/>
    public int Join(int a, int b) => 0;

    /// <inheritdoc/>
    public bool KeepsExecute(int leafClass) => true;

    /// <inheritdoc/>
    public bool AddsRead(int leafClass) => false;
}
