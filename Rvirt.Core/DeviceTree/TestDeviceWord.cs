namespace Rvirt.Core.DeviceTree;

/// <summary>What a SiFive test device is told by a write of its one register: the guest's, the device tree that names it, and the host's.</summary>
public static class TestDeviceWord
{
    /// <summary>The machine has failed; the status is in the upper half.</summary>
    public const uint Fail = 0x3333;

    /// <summary>Power off.</summary>
    public const uint Pass = 0x5555;

    /// <summary>Restart.</summary>
    public const uint Reset = 0x7777;

    /// <summary>Where the status of a failure starts.</summary>
    public const int StatusShift = 16;
}
