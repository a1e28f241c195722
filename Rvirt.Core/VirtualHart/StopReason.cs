namespace Rvirt.Core.VirtualHart;

/// <summary>Why a guest stopped.</summary>
public enum StopReason : byte
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>It powered off.</summary>
    Shutdown,

    /// <summary>It asked for a reset.</summary>
    Reboot,

    /// <summary>It reported a failure through the test device or a system-failure reset.</summary>
    Failure,

    /// <summary>All its harts are stopped: nothing can wake it.</summary>
    AllHartsStopped,

    /// <summary>Its page tables map addresses that the hypervisor needs on this host.</summary>
    WindowCollision,

    /// <summary>It was stopped from outside.</summary>
    Requested,

    /// <summary>It went where it is shut out: it used what it is not offered, or the hart found it at an address that its tables cannot lead to.</summary>
    Forbidden,
}
