using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>Remote fences (SBI 2.0 §8). They are made on all harts that are named when the call returns (<see cref="RemoteFence"/>).</summary>
internal static class SbiFences
{
    /// <summary>Ranges above this many pages are fenced whole.</summary>
    private const ulong PageLimit = 64;

    private const int PageShift = 12;

    internal static TrapOutcome Call<TMode, THost, TMmu>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ulong function)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        if (function > 2)
        {
            // 3 to 6 are for guests that are hypervisors themselves.
            return SbiDispatcher.Return(ref v, SbiDispatcher.NotSupported);
        }

        var harts = new HartMask(v.X[SbiDispatcher.A0], v.X[SbiDispatcher.A1]);
        var outcome = function == 0
            ? FenceFetches(mode, ref host, ref v, ref mmu, harts, out var error)
            : Fence(
                mode, ref host, ref v, ref mmu, harts, v.X[SbiDispatcher.A2], v.X[SbiDispatcher.A3],
                function == 2 ? (ushort)v.X[SbiDispatcher.A4] : FenceRange.AnyAsid, out error);
        return outcome == TrapOutcome.Advance ? SbiDispatcher.Return(ref v, new SbiResult(error)) : outcome;
    }

    /// <summary>Fences fetches.</summary>
    /// <returns>As <see cref="RemoteFence.Make"/>.</returns>
    internal static TrapOutcome FenceFetches<TMode, THost, TMmu>(
        TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, HartMask harts, out SbiError error)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        if (!AreThere(harts, v, out error))
        {
            return TrapOutcome.Advance;
        }

        if (harts.Contains(v.Index))
        {
            host.FenceI();
        }

        return RemoteFence.Make(mode, ref host, ref v, ref mmu, harts, default, fetches: true);
    }

    /// <summary>Fences a range of addresses; a range of 0 or all ones bytes from 0 is all of them.</summary>
    /// <returns>As <see cref="RemoteFence.Make"/>.</returns>
    internal static TrapOutcome Fence<TMode, THost, TMmu>(
        TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, HartMask harts, ulong start, ulong size, int asid, out SbiError error)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        if (!AreThere(harts, v, out error))
        {
            return TrapOutcome.Advance;
        }

        var whole = size == ulong.MaxValue || (start == 0 && size == 0);
        // The last byte counts: a range may end where the address space does.
        if (!whole && size != 0 && start + (size - 1) < start)
        {
            error = SbiError.InvalidAddress;
            return TrapOutcome.Advance;
        }

        var pages = size == 0 ? 0 : ((start + size - 1) >> PageShift) - (start >> PageShift) + 1;
        if (harts.IsEmpty || (pages == 0 && !whole))
        {
            return TrapOutcome.Advance;
        }

        whole |= pages > PageLimit;
        var range = new FenceRange(start, whole ? 0 : (int)pages, asid);
        if (harts.Contains(v.Index))
        {
            GuestFence.Make(mode, ref host, ref v, ref mmu, range);
        }

        return RemoteFence.Make(mode, ref host, ref v, ref mmu, harts, range, fetches: false);
    }

    private static bool AreThere(HartMask harts, in VCpu v, out SbiError error)
    {
        error = harts.IsValid(v) ? SbiError.Success : SbiError.InvalidParam;
        return error == SbiError.Success;
    }
}
