using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>Hart state management (SBI 2.0 §9), for guests of one hart.</summary>
public static class SbiHartState
{
    private const uint DefaultRetentiveSuspend = 0;

    private const uint DefaultNonRetentiveSuspend = 0x80000000;

    internal static TrapOutcome Call<TMode, THost>(TMode mode, ref THost host, ref VCpu v, ulong function)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        switch (function)
        {
            case 0:
                return SbiDispatcher.Return(ref v, Start(ref v));
            case 1:
                // Its only hart stops: nothing can start it again.
                v.State = HartState.Stopped;
                v.StopReason = StopReason.AllHartsStopped;
                return TrapOutcome.Stop;
            case 2:
                return SbiDispatcher.Return(ref v, Exists(v, v.X[SbiDispatcher.A0])
                    ? SbiResult.Success((ulong)v.State)
                    : new SbiResult(SbiError.InvalidParam));
            case 3:
                return Suspend(mode, ref host, ref v);
            default:
                return SbiDispatcher.Return(ref v, SbiDispatcher.NotSupported);
        }
    }

    private static SbiResult Start(ref VCpu v)
    {
        if (!Exists(v, v.X[SbiDispatcher.A0]))
        {
            return new SbiResult(SbiError.InvalidParam);
        }

        return new SbiResult(SbiError.AlreadyAvailable);
    }

    private static TrapOutcome Suspend<TMode, THost>(TMode mode, ref THost host, ref VCpu v)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        var kind = (uint)v.X[SbiDispatcher.A0];
        if (kind != DefaultRetentiveSuspend && kind != DefaultNonRetentiveSuspend)
        {
            return SbiDispatcher.Return(ref v, new SbiResult(SbiError.InvalidParam));
        }

        var entry = v.X[SbiDispatcher.A1];
        var argument = v.X[SbiDispatcher.A2];
        if (kind == DefaultNonRetentiveSuspend && ((entry & 1) != 0 || !v.Memory.Contains(entry, 4)))
        {
            return SbiDispatcher.Return(ref v, new SbiResult(SbiError.InvalidAddress));
        }

        if (kind == DefaultRetentiveSuspend)
        {
            SbiDispatcher.Return(ref v, SbiResult.Success());
            v.Pc += sizeof(uint);
        }
        else
        {
            // It wakes as a start does: MMU and interrupts off, only pending interrupts kept.
            v.X[SbiDispatcher.A0] = (ulong)v.Index;
            v.X[SbiDispatcher.A1] = argument;
            v.Pc = entry;
            mode.Restart(ref host, ref v);
        }

        return HartWait.Begin(mode, ref host, ref v, HartState.Suspended);
    }

    private static bool Exists(in VCpu v, ulong hart) => hart < (ulong)v.GuestHarts;
}
