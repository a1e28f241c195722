using Rvirt.Core.Host;

namespace Rvirt.Core.VirtualHart;

/// <summary>Makes fences on the hart that has the virtual hart they are for: its own, and those that others posted.</summary>
internal static class GuestFence
{
    private const int PageShift = 12;

    /// <summary>Fences a range of the virtual hart's translations.</summary>
    internal static void Make<TMode, THost, TMmu>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, in FenceRange range)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        mode.ForgetTranslation(ref v);
        if (range.Pages == 0)
        {
            if (range.Asid == FenceRange.AnyAsid)
            {
                mmu.FenceAll(ref host);
            }
            else
            {
                mmu.FenceAsid(ref host, (ushort)range.Asid);
            }

            return;
        }

        // By number: the last page may be the address space's last.
        var first = range.Start >> PageShift;
        for (var page = first; page - first < (ulong)range.Pages; page++)
        {
            if (range.Asid == FenceRange.AnyAsid)
            {
                mmu.FencePage(ref host, page << PageShift);
            }
            else
            {
                mmu.FencePageAsid(ref host, page << PageShift, (ushort)range.Asid);
            }
        }
    }

    /// <summary>Makes all fences that others posted, and says so to those who wait.</summary>
    internal static void ServePosted<TMode, THost, TMmu>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var posts = v.Fences.Take(out var ticket);
        if (posts.Fetches)
        {
            host.FenceI();
        }

        if (posts.All)
        {
            Make(mode, ref host, ref v, ref mmu, FenceRange.All);
        }
        else
        {
            for (var i = 0; i < posts.Count; i++)
            {
                Make(mode, ref host, ref v, ref mmu, posts.Ranges[i]);
            }
        }

        v.Fences.Finish(ticket);
    }
}
