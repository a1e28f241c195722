using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>Remote fences (SBI 2.0 §8). A guest's only hart is the caller, so every fence is its own.</summary>
internal static class SbiFences
{
    /// <summary>Ranges above this many pages are fenced whole.</summary>
    private const ulong PageLimit = 64;

    private const int PageShift = 12;

    internal static SbiResult Call<TMode, THost, TMmu>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ulong function)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        if (function > 2)
        {
            // 3 to 6 are for guests that are hypervisors themselves.
            return SbiDispatcher.NotSupported;
        }

        var harts = new HartMask(v.X[SbiDispatcher.A0], v.X[SbiDispatcher.A1]);
        if (!harts.IsValid(v))
        {
            return new SbiResult(SbiError.InvalidParam);
        }

        if (!harts.Contains(v.Index))
        {
            return SbiResult.Success();
        }

        if (function == 0)
        {
            host.FenceI();
            return SbiResult.Success();
        }

        var byAsid = function == 2;
        return Fence(mode, ref host, ref v, ref mmu, v.X[SbiDispatcher.A2], v.X[SbiDispatcher.A3], byAsid, (ushort)v.X[SbiDispatcher.A4]);
    }

    /// <summary>Fences a range of the caller's own address space; a range of 0 or all ones bytes from 0 is all of it.</summary>
    internal static SbiResult Fence<TMode, THost, TMmu>(
        TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ulong start, ulong size, bool byAsid, ushort asid)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var whole = size == ulong.MaxValue || (start == 0 && size == 0);
        // The last byte counts: a range may end where the address space does.
        if (!whole && size != 0 && start + (size - 1) < start)
        {
            return new SbiResult(SbiError.InvalidAddress);
        }

        var pages = size == 0 ? 0 : (start + size - 1 >> PageShift) - (start >> PageShift) + 1;
        if (pages == 0 && !whole)
        {
            return SbiResult.Success();
        }

        whole |= pages > PageLimit;
        GuestFence.Make(mode, ref host, ref v, ref mmu, new FenceRange(start, whole ? 0 : (int)pages, byAsid ? asid : FenceRange.AnyAsid));
        return SbiResult.Success();
    }
}
