namespace Rvirt.Devices.Virtio;

/// <summary>What the guest has written about one queue. Nothing of it is believed before the queue starts.</summary>
internal struct QueueRegisters
{
    /// <summary>Size in descriptors.</summary>
    public uint Size;

    /// <summary>Legacy: alignment of the used ring.</summary>
    public uint Align;

    /// <summary>Legacy: page number the queue starts at.</summary>
    public uint PageNumber;

    /// <summary>Modern: address of the descriptor table.</summary>
    public ulong Descriptors;

    /// <summary>Modern: address of the available ring.</summary>
    public ulong Available;

    /// <summary>Modern: address of the used ring.</summary>
    public ulong Used;

    /// <summary>Whether the host's device was given its ring, so that only a reset or a stop frees it.</summary>
    public bool HostStarted;
}
