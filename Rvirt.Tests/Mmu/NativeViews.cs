using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Mmu;

/// <summary>
/// The views of a made-up way to run guests, which needs one: the hart has the guest's modes, SUM and MXR itself, and looks at U, R and X as the
/// guest's leaves have them. The hypervisor runs by no tables of these.
/// </summary>
internal readonly struct NativeViews : IViewPolicy
{
    private const int UserBit = 1;

    private const int SumBit = 2;

    private const int MxrBit = 4;

    public int Roots => 1;

    public int BareRoot => 0;

    public bool HasWindow => false;

    public bool RunsInUser => false;

    public bool SharesRoots => true;

    public static int Of(Privilege privilege) =>
        (privilege.Mode == PrivilegeMode.User ? UserBit : 0) | (privilege.Sum ? SumBit : 0) | (privilege.Mxr ? MxrBit : 0);

    public int RootOf(int view) => 0;

    public PrivilegeMode ModeOf(int view) => (view & UserBit) != 0 ? PrivilegeMode.User : PrivilegeMode.Supervisor;

    public bool HasSum(int view) => (view & SumBit) != 0;

    public bool HasMxr(int view) => (view & MxrBit) != 0;

    // A kernel's access to a user page is judged by a walk.
    public bool MayRefill(int view, bool userLeaf) => userLeaf == IsBareUser(view);

    public bool IsBareUser(int view) => (view & UserBit) != 0;

    public int ClassOf(int root, bool userLeaf) => 0;

    public bool Holds(int table, int leaf) => true;

    public int Join(int a, int b) => 0;

    public bool KeepsExecute(int leafClass) => true;

    public bool AddsRead(int leafClass) => false;
}
