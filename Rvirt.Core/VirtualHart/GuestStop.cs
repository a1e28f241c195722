
namespace Rvirt.Core.VirtualHart;

/// <summary>Turns what a guest asked of its machine into the way it stops.</summary>
internal static class GuestStop
{
    /// <summary>Resume where nothing was asked, else Stop with the reason.</summary>
    public static TrapOutcome AfterEvent(ref VCpu v, GuestEvent machineEvent, uint failureCode)
    {
        if (machineEvent == GuestEvent.None)
        {
            return TrapOutcome.Resume;
        }

        v.StopReason = machineEvent switch
        {
            GuestEvent.Shutdown => StopReason.Shutdown,
            GuestEvent.Reboot => StopReason.Reboot,
            _ => StopReason.Failure,
        };
        v.FailureCode = failureCode;
        return TrapOutcome.Stop;
    }
}
