namespace Rvirt.Devices.Virtio;

/// <summary>Why a queue was stopped. All but the last are the guest's doing.</summary>
public enum QueueFault : byte
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Its size, address or alignment is not one a queue can have, or not all of it is RAM.</summary>
    Layout,

    /// <summary>The available index moved by more than the queue's size.</summary>
    AvailableIndex,

    /// <summary>A descriptor index is not less than the size of its table.</summary>
    DescriptorIndex,

    /// <summary>A chain has more descriptors than its table: it loops.</summary>
    Loop,

    /// <summary>A buffer is empty or not all RAM, or a chain names more than 4 GiB.</summary>
    Buffer,

    /// <summary>A buffer to read follows one to write.</summary>
    Order,

    /// <summary>An indirect table that is nested, chained, not agreed on, of a bad size or place.</summary>
    Indirect,

    /// <summary>A chain is longer than the host's queue.</summary>
    TooLong,

    /// <summary>A queue that was stopped is to start again while the host's device has buffers of it.</summary>
    InFlight,

    /// <summary>The host's device returned what it was never given.</summary>
    Device,
}
