namespace Rvirt.Devices.Virtio;

/// <summary>Bits of the device status (virtio 1.2 §2.1).</summary>
public static class VirtioStatus
{
    /// <summary>The driver has seen the device.</summary>
    public const byte Acknowledge = 1;

    /// <summary>The driver can drive it.</summary>
    public const byte Driver = 2;

    /// <summary>The driver is ready.</summary>
    public const byte DriverOk = 4;

    /// <summary>The features are agreed.</summary>
    public const byte FeaturesOk = 8;

    /// <summary>The device met an error it cannot leave without a reset.</summary>
    public const byte NeedsReset = 64;

    /// <summary>The driver gave up.</summary>
    public const byte Failed = 128;
}
