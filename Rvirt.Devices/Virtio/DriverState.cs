namespace Rvirt.Devices.Virtio;

/// <summary>What a driver has told a device, beside where its queues are.</summary>
internal struct DriverState
{
    /// <summary>The status that the guest sees; 0: no driver is there.</summary>
    public byte Status;

    /// <summary>Whether features were agreed on.</summary>
    public bool HasAgreed;

    /// <summary>Those.</summary>
    public ulong Features;

    /// <summary>A bit for each queue that was started.</summary>
    public uint Started;
}
