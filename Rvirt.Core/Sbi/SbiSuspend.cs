using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>System suspend (SBI 2.0 §13): the guest's machine sleeps in RAM until an interrupt comes that its hart has enabled.</summary>
[ColdPath]
internal static class SbiSuspend
{
    private const uint SuspendToRam = 0;

    internal static TrapOutcome Call<TMode, THost>(TMode mode, ref THost host, ref VCpu v, ulong function)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        if (function != 0)
        {
            return SbiDispatcher.Return(ref v, SbiDispatcher.NotSupported);
        }

        // sleep_type has 32 bits.
        var entry = v.X[SbiDispatcher.A1];
        var error = (uint)v.X[SbiDispatcher.A0] != SuspendToRam ? SbiError.InvalidParam
            : !SbiHartState.IsEntry(v, entry) ? SbiError.InvalidAddress
            : !OthersAreStopped(v) ? SbiError.Denied
            : SbiError.Success;
        return error == SbiError.Success
            ? SbiHartState.Sleep(mode, ref host, ref v, entry, v.X[SbiDispatcher.A2])
            : SbiDispatcher.Return(ref v, new SbiResult(error));
    }

    /// <summary>Whether the caller is the guest's only hart that is not stopped. None of the others starts meanwhile: only a hart that runs could start it.</summary>
    private static unsafe bool OthersAreStopped(in VCpu v)
    {
        for (var i = 0; i < v.GuestHarts; i++)
        {
            // SAFETY: Siblings holds GuestHarts pointers for as long as the guest lives.
            if (i != v.Index && v.Siblings[i]->State != HartState.Stopped)
            {
                return false;
            }
        }

        return true;
    }
}
