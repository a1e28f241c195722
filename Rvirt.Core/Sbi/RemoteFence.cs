using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>Has the other harts of a guest make a fence, and waits until no instruction can follow on any of them before it.</summary>
/// <remarks>
/// <para>A hart that is loaded is interrupted, unless it is about to look at its requests anyway, and waited for. One that is loaded nowhere, or
/// sleeps, is left alone: it makes the fence before its next instruction (<see cref="FenceMailbox"/>). A stopped one is fenced by its start.</para>
/// <para>Nobody waits in a circle: who waits makes the fences that others ask of it, holds no lock, and stops waiting for a hart that is
/// not loaded any more; one that is loaded runs its guest, and is interrupted, or handles a trap, which ends, or waits here too.</para>
/// </remarks>
internal static unsafe class RemoteFence
{
    // Between two looks at the clock, which costs a trap on some hosts.
    private const uint RoundsOfALook = 4096;

    /// <summary>Makes a fence on those of the other harts that are named.</summary>
    /// <returns>Advance; Stop where the guest is stopped meanwhile; FenceLate where a hart does not make it, after which the call can be made again.</returns>
    internal static TrapOutcome Make<TMode, THost, TMmu>(
        TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, HartMask harts, in FenceRange range, bool fetches)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        if (v.GuestHarts == 1)
        {
            return TrapOutcome.Advance;
        }

        // What the guest wrote before is seen by whoever starts a hart that is seen stopped here.
        Interlocked.MemoryBarrier();
        Tickets tickets = default;
        var waiting = 0u;
        var batch = default(IpiBatch);
        var rest = harts.Of(v) & ~(1u << v.Index);
        for (var i = 0; rest != 0; i++, rest >>= 1)
        {
            // SAFETY: here and below: Siblings holds GuestHarts pointers for as long as the guest lives.
            ref var target = ref *v.Siblings[i];
            if ((rest & 1) == 0 || !target.IsAlive)
            {
                continue;
            }

            var ticket = fetches ? target.Fences.PostFetches() : target.Fences.Post(range);
            var before = Interlocked.Or(ref target.Requests, (int)HartRequest.Fence);
            if (target.RunState != RunState.Loaded)
            {
                continue;
            }

            // Whatever was asked before has interrupted it, and it takes all requests at once.
            if (before == 0)
            {
                batch.Add(ref host, Volatile.Read(ref target.HostHartId));
            }

            tickets[i] = ticket;
            waiting |= 1u << i;
        }

        batch.Send(ref host);
        return waiting == 0 ? TrapOutcome.Advance : Wait(mode, ref host, ref v, ref mmu, waiting, tickets);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrapOutcome Wait<TMode, THost, TMmu>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, uint waiting, in Tickets tickets)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var rounds = 0u;
        var since = 0UL;
        for (var i = 0; waiting != 0; i++, waiting >>= 1)
        {
            if ((waiting & 1) == 0)
            {
                continue;
            }

            ref var target = ref *v.Siblings[i];
            while (!target.Fences.IsServed(tickets[i]) && target.RunState == RunState.Loaded)
            {
                var asked = (HartRequest)Volatile.Read(ref v.Requests);
                if ((asked & HartRequest.Stop) != 0)
                {
                    v.StopReason = StopReason.Requested;
                    return TrapOutcome.Stop;
                }

                if ((asked & HartRequest.Fence) != 0)
                {
                    Interlocked.And(ref v.Requests, ~(int)HartRequest.Fence);
                    GuestFence.ServePosted(mode, ref host, ref v, ref mmu);
                }

                host.Relax();
                if (++rounds % RoundsOfALook == 0 && IsLate(ref host, v, ref since))
                {
                    // An interrupt that was lost is made good by another one.
                    host.SendIpis(1, Volatile.Read(ref target.HostHartId));
                    v.Named.Hart = i;
                    return TrapOutcome.FenceLate;
                }
            }
        }

        return TrapOutcome.Advance;
    }

    /// <param name="host">The hart.</param>
    /// <param name="v">Who waits.</param>
    /// <param name="since">When this was asked first; 0 before.</param>
    [ColdPath]
    private static bool IsLate<THost>(ref THost host, in VCpu v, ref ulong since)
        where THost : struct, ITrapHost
    {
        var now = host.ReadTime();
        since = since == 0 ? now : since;
        return v.FencePatience != 0 && now - since >= v.FencePatience;
    }

    [InlineArray(GuestBoard.MaximumHarts)]
    private struct Tickets
    {
        private int _first;
    }
}
