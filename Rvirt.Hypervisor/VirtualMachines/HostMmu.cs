using Rvirt.Core.Memory;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Modes.Resident;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>A virtual hart's MMU where how guests are run is found out at each call (<see cref="HostMode{THost}"/>).</summary>
/// <remarks>What an MMU consists of is the same whatever the views are: they decide what is done with it. One is used with the same views all its life.</remarks>
internal readonly unsafe struct HostMmu<THost> : IGuestMmu<THost>
    where THost : unmanaged, IHypervisorHost
{
    private readonly GuestMmu* _mmu;
    private readonly bool _resident;

    // SAFETY: here and below: a virtual hart's record stays in place, and its MMU with it; the two types differ in what their methods do, and in no field.
    internal HostMmu(GuestMmu* mmu, bool resident)
    {
        _mmu = mmu;
        _resident = resident;
    }

    /// <inheritdoc/>
    public ulong AsidMask => Split.AsidMask;

    private ShadowMmuAdapter<THost, SplitViews> Split => new(_mmu);

    private ShadowMmuAdapter<THost, NativeViews> Native => NativeOf(_mmu);

    /// <summary>Sets an MMU up for all its life, on harts like this one.</summary>
    internal static void Initialize(
        GuestMmu* mmu, ref THost hart, in GuestMemory memory, PhysicalMemory window, in HostTranslation host, ref HostAsids asids, ulong address, int tables)
    {
        if (hart.IsResident)
        {
            ShadowMmu<NativeViews>.Initialize(ref *(ShadowMmu<NativeViews>*)mmu, memory, window, host, ref asids, address, tables);
        }
        else
        {
            GuestMmu.Initialize(ref *mmu, memory, window, host, ref asids, address, tables);
        }
    }

    /// <summary>What the hardware finds at an address by the tables it uses now, and in which view.</summary>
    internal bool TryLook(ulong address, out ShadowLook look)
    {
        int level, view;
        bool isMapped;
        if (_resident)
        {
            isMapped = ((ShadowMmu<NativeViews>*)_mmu)->TryLook(address, out level, out view);
            look = Look(default(NativeViews), level, view);
        }
        else
        {
            isMapped = _mmu->TryLook(address, out level, out view);
            look = Look(default(SplitViews), level, view);
        }

        return isMapped;
    }

    private static ShadowLook Look<TViews>(TViews views, int level, int view)
        where TViews : struct, IViewPolicy =>
        new(level, views.ModeOf(view), views.HasSum(view), views.HasMxr(view));

    /// <summary>An MMU, where guests are resident.</summary>
    internal static ShadowMmuAdapter<THost, NativeViews> NativeOf(GuestMmu* mmu) => new((ShadowMmu<NativeViews>*)mmu);

    /// <inheritdoc/>
    public bool Supports(TranslationMode mode) => _resident ? Native.Supports(mode) : Split.Supports(mode);

    /// <inheritdoc/>
    public void Activate(ref THost host, ulong satp, int view)
    {
        if (_resident)
        {
            Native.Activate(ref host, satp, view);
        }
        else
        {
            Split.Activate(ref host, satp, view);
        }
    }

    /// <inheritdoc/>
    public bool TrySwitchView(ref THost host, int view) => _resident ? Native.TrySwitchView(ref host, view) : Split.TrySwitchView(ref host, view);

    /// <inheritdoc/>
    public ref VCpu Resolve<TFollower>(ref THost host, ulong va, AccessKind access, TFollower follower)
        where TFollower : struct, IFaultFollower
    {
        if (_resident)
        {
            return ref Native.Resolve(ref host, va, access, follower);
        }

        return ref Split.Resolve(ref host, va, access, follower);
    }

    /// <inheritdoc/>
    public FaultResolution Translate(ulong va, AccessKind access, out ulong guestAddress) =>
        _resident ? Native.Translate(va, access, out guestAddress) : Split.Translate(va, access, out guestAddress);

    /// <inheritdoc/>
    public bool TryReadCode(ulong va, out uint instruction) => _resident ? Native.TryReadCode(va, out instruction) : Split.TryReadCode(va, out instruction);

    /// <inheritdoc/>
    public void FenceAll(ref THost host) => Split.FenceAll(ref host);

    /// <inheritdoc/>
    public void FenceAsid(ref THost host, ushort asid) => Split.FenceAsid(ref host, asid);

    /// <inheritdoc/>
    public void FencePage(ref THost host, ulong va) => Split.FencePage(ref host, va);

    /// <inheritdoc/>
    public bool TryFencePageQuickly(ref THost host, ulong va) => false;

    /// <inheritdoc/>
    public void FencePageAsid(ref THost host, ulong va, ushort asid) => Split.FencePageAsid(ref host, va, asid);
}
