using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>Hart state management (SBI 2.0 §9), for guests of one hart.</summary>
internal static class SbiHartState
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

        if (kind == DefaultNonRetentiveSuspend)
        {
            var entry = v.X[SbiDispatcher.A1];
            return IsEntry(v, entry)
                ? Sleep(mode, ref host, ref v, entry, v.X[SbiDispatcher.A2])
                : SbiDispatcher.Return(ref v, new SbiResult(SbiError.InvalidAddress));
        }

        SbiDispatcher.Return(ref v, SbiResult.Success());
        v.Pc += sizeof(uint);
        return HartWait.Begin(mode, ref host, ref v, HartState.Suspended);
    }

    /// <summary>Sleeps, to wake as a start does: MMU and interrupts off, only pending interrupts kept.</summary>
    internal static TrapOutcome Sleep<TMode, THost>(TMode mode, ref THost host, ref VCpu v, ulong entry, ulong argument)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        v.X[SbiDispatcher.A0] = (ulong)v.Index;
        v.X[SbiDispatcher.A1] = argument;
        v.Pc = entry;
        mode.Restart(ref host, ref v);
        return HartWait.Begin(mode, ref host, ref v, HartState.Suspended);
    }

    /// <summary>Whether an instruction can stand there.</summary>
    internal static bool IsEntry(in VCpu v, ulong address) => (address & 1) == 0 && v.Memory.Contains(address, sizeof(uint));

    private static bool Exists(in VCpu v, ulong hart) => hart < (ulong)v.GuestHarts;
}
