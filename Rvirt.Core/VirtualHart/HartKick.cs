using System.Threading;
using Rvirt.Core.Host;

namespace Rvirt.Core.VirtualHart;

/// <summary>The one way to ask something of a virtual hart that another hart of the host may run.</summary>
/// <remarks>
/// <para>Whoever makes the first request interrupts the hart; who makes another before that one was served need not: the hart takes all of
/// them at once, after it has cleared its interrupt and before it serves any. A <see cref="HartRequest.Fence"/> does not count: it can have been left
/// without an interrupt (<see cref="FenceMailbox"/>).</para>
/// <para>No request is lost where the virtual hart goes to another hart meanwhile. Here the request is made, then
/// <see cref="VCpu.HostHartId"/> is read; the hart that loads it writes that, then looks for requests. Each is an atomic exchange and a full
/// barrier between the two, so that one of both sees what the other did: the interrupt goes to the new hart, or that has served the request.</para>
/// <para>Nor where it goes to sleep: the hart writes <see cref="VCpu.Run"/>, then looks for requests, and an interrupt that was sent before stays pending.</para>
/// <para>The hart that is interrupted serves the virtual hart it runs. One that is put down keeps its requests until it is loaded.</para>
/// </remarks>
public static class HartKick
{
    /// <summary>Asks, and interrupts the hart if it does not know yet that something is asked.</summary>
    /// <param name="host">The hart that asks.</param>
    /// <param name="v">Whom.</param>
    /// <param name="request">What; no <see cref="HartRequest.Fence"/>.</param>
    public static void Raise<THost>(ref THost host, ref VCpu v, HartRequest request)
        where THost : struct, IInterprocessor
    {
        if (TryAsk(ref v, request))
        {
            host.SendIpis(1, Volatile.Read(ref v.HostHartId));
        }
    }

    /// <summary>Asks, and adds the hart to those to interrupt if it does not know yet that something is asked.</summary>
    /// <param name="host">The hart that asks.</param>
    /// <param name="v">Whom.</param>
    /// <param name="request">What; no <see cref="HartRequest.Fence"/>.</param>
    /// <param name="batch">The harts to interrupt.</param>
    internal static void Raise<THost>(ref THost host, ref VCpu v, HartRequest request, ref IpiBatch batch)
        where THost : struct, IInterprocessor
    {
        if (TryAsk(ref v, request))
        {
            batch.Add(ref host, Volatile.Read(ref v.HostHartId));
        }
    }

    private static bool TryAsk(ref VCpu v, HartRequest request) =>
        ((HartRequest)Interlocked.Or(ref v.Requests, (int)request) & ~HartRequest.Fence) == HartRequest.None;
}
