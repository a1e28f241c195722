namespace Rvirt.Core.VirtualHart;

/// <summary>What a guest asked its machine to do, through the test device or SBI system reset.</summary>
public enum GuestEvent : byte
{
    /// <summary>Nothing: the guest runs on.</summary>
    None,

    /// <summary>Power off: the guest ends well.</summary>
    Shutdown,

    /// <summary>Reset: the guest starts again from its images.</summary>
    Reboot,

    /// <summary>The guest reported that it failed.</summary>
    Fail,

    /// <summary>A device has something to do at another time than before, such as the alarm of the guest's clock: the guest runs on, and the hart's timer has to follow.</summary>
    Alarm,
}
