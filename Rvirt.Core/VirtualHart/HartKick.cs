using System.Threading;
using Rvirt.Core.Host;

namespace Rvirt.Core.VirtualHart;

/// <summary>The one way to ask something of a virtual hart that another hart of the host may run.</summary>
/// <remarks>
/// <para>Whoever makes the first request interrupts the hart; who makes another before that one was served need not: the hart takes all of
/// them at once, after it has cleared its interrupt and before it serves any.</para>
/// <para>No request is lost where the virtual hart goes to another hart meanwhile. Here the request is made, then
/// <see cref="VCpu.HostHartId"/> is read; the hart that loads it writes that, then looks for requests. Each is an atomic exchange and a full
/// barrier between the two, so that one of both sees what the other did: the interrupt goes to the new hart, or that has served the request.</para>
/// <para>The hart that is interrupted serves the virtual hart it runs. One that is put down keeps its requests until it is loaded.</para>
/// </remarks>
public static class HartKick
{
    /// <summary>Asks, and interrupts the hart if it does not know yet that something is asked.</summary>
    /// <param name="host">The hart that asks.</param>
    /// <param name="v">Whom.</param>
    /// <param name="request">What.</param>
    public static void Raise<THost>(ref THost host, ref VCpu v, HartRequest request)
        where THost : struct, IInterprocessor
    {
        if (Interlocked.Or(ref v.Requests, (int)request) == 0)
        {
            host.SendIpi(Volatile.Read(ref v.HostHartId));
        }
    }
}
