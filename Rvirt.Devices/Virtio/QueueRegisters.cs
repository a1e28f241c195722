namespace Rvirt.Devices.Virtio;

/// <summary>What the guest has written about one queue. Nothing of it is believed before the queue starts.</summary>
internal struct QueueRegisters
{
    /// <summary>Size and addresses. A legacy queue's addresses follow from its page number.</summary>
    public QueuePlace Place;

    /// <summary>Legacy: alignment of the used ring.</summary>
    public uint Align;

    /// <summary>Legacy: page number the queue starts at.</summary>
    public uint PageNumber;
}
