
using Rvirt.Core.Host;

namespace Rvirt.Core.VirtualHart;

/// <summary>
/// How a virtual hart begins to wait for an interrupt, by <c>wfi</c> or by a suspend, and what ends that. Its program counter and registers
/// are those with which it goes on, so that whoever wakes it has nothing left to do. What its hart does meanwhile is not decided here.
/// </summary>
public static class HartWait
{
    /// <summary>Begins a wait, unless what would end it is there already.</summary>
    /// <param name="mode">How the guest is run.</param>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="state">What its siblings see it in meanwhile.</param>
    /// <returns>Idle, or Resume where the wait has ended.</returns>
    internal static TrapOutcome Begin<TMode, THost>(TMode mode, ref THost host, ref VCpu v, HartState state)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        v.State = state;
        v.Waits = true;
        return TryEnd(mode, ref host, ref v) ? TrapOutcome.Resume : TrapOutcome.Idle;
    }

    /// <summary>Ends a wait if an interrupt is pending that the guest enabled in <c>sie</c>, whatever its SIE (Privileged spec 1.13 §3.3.3).</summary>
    /// <returns>Whether it has ended; then <see cref="Traps.TrapHandler.GoOn"/> comes next.</returns>
    public static bool TryEnd<TMode, THost>(TMode mode, ref THost host, ref VCpu v)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        if (!mode.WouldWake(ref host, v))
        {
            return false;
        }

        v.State = HartState.Started;
        v.Waits = false;
        return true;
    }
}
