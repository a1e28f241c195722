namespace Rvirt.Devices.Virtio;

/// <summary>Why a guest with a device cannot go back to what it was.</summary>
public enum SnapshotObstacle : byte
{
    /// <summary>Nothing: the device knows only what its driver told it.</summary>
    None,

    /// <summary>A disk that can be written would stay as it is, and be torn from the RAM that knows what is on it.</summary>
    Disk,

    /// <summary>The device keeps state of its own, such as open files or connections.</summary>
    Device,
}
