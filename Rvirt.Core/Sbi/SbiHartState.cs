using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>Hart state management (SBI 2.0 §9).</summary>
/// <remarks>A hart is started by one of those who ask, which takes it from stopped to start-pending; it stops by itself, and is stopped once no instruction follows.</remarks>
[ColdPath]
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
                return Start(ref v, v.X[SbiDispatcher.A0], v.X[SbiDispatcher.A1], v.X[SbiDispatcher.A2]);
            case 1:
                v.State = HartState.StopPending;
                return TrapOutcome.HartStop;
            case 2:
                return SbiDispatcher.Return(ref v, Exists(v, v.X[SbiDispatcher.A0])
                    ? SbiResult.Success((ulong)Sibling(v, v.X[SbiDispatcher.A0]).State)
                    : new SbiResult(SbiError.InvalidParam));
            case 3:
                return Suspend(mode, ref host, ref v);
            default:
                return SbiDispatcher.Return(ref v, SbiDispatcher.NotSupported);
        }
    }

    private static TrapOutcome Start(ref VCpu v, ulong hart, ulong entry, ulong argument)
    {
        if (!Exists(v, hart))
        {
            return SbiDispatcher.Return(ref v, new SbiResult(SbiError.InvalidParam));
        }

        ref var target = ref Sibling(v, hart);
        if (target.State == HartState.Stopped && !IsEntry(v, entry))
        {
            return SbiDispatcher.Return(ref v, new SbiResult(SbiError.InvalidAddress));
        }

        if (!target.TryTakeStopped())
        {
            return SbiDispatcher.Return(ref v, new SbiResult(SbiError.AlreadyAvailable));
        }

        SbiDispatcher.Return(ref v, SbiResult.Success());
        v.Pc += sizeof(uint);
        v.Named = new HartStartCall { Hart = (int)hart, Entry = entry, Argument = argument };
        return TrapOutcome.HartStart;
    }

    private static TrapOutcome Suspend<TMode, THost>(TMode mode, ref THost host, ref VCpu v)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        var kind = (uint)v.X[SbiDispatcher.A0];
        if (kind is not (DefaultRetentiveSuspend or DefaultNonRetentiveSuspend))
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

    // SAFETY: Siblings holds GuestHarts pointers for as long as the guest lives, and callers have checked that the hart is one of them.
    private static unsafe ref VCpu Sibling(in VCpu v, ulong hart) => ref *v.Siblings[hart];

    private static bool Exists(in VCpu v, ulong hart) => hart < (ulong)v.GuestHarts;
}
