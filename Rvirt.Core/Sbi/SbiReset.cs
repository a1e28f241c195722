using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>System reset (SBI 2.0 §10).</summary>
internal static class SbiReset
{
    private const uint SystemFailure = 1;

    internal static TrapOutcome Call(ref VCpu v, ulong function)
    {
        if (function != 0)
        {
            return SbiDispatcher.Return(ref v, SbiDispatcher.NotSupported);
        }

        var reason = (uint)v.X[SbiDispatcher.A1];
        if (reason > SystemFailure)
        {
            return SbiDispatcher.Return(ref v, new SbiResult(SbiError.InvalidParam));
        }

        switch ((uint)v.X[SbiDispatcher.A0])
        {
            case 0:
                return GuestStop.AfterEvent(ref v, reason == SystemFailure ? GuestEvent.Fail : GuestEvent.Shutdown, reason);
            case 1:
            case 2:
                return GuestStop.AfterEvent(ref v, GuestEvent.Reboot, 0);
            default:
                return SbiDispatcher.Return(ref v, new SbiResult(SbiError.InvalidParam));
        }
    }
}
