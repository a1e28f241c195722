namespace Rvirt.Devices.Virtio;

/// <summary>Where a driver says that a queue is. Nothing of it is believed before <see cref="SplitQueue.TryPlace"/> has checked it.</summary>
public struct QueuePlace
{
    /// <summary>Size in descriptors.</summary>
    public uint Size;

    /// <summary>Guest physical address of the descriptor table.</summary>
    public ulong Descriptors;

    /// <summary>Of the available ring.</summary>
    public ulong Available;

    /// <summary>Of the used ring.</summary>
    public ulong Used;
}
