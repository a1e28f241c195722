namespace Rvirt.Devices.Virtio;

/// <summary>Why a queue was stopped. All but the last are the guest's doing. Clauses are of virtio 1.2, of a driver's duties where nothing else is said.</summary>
public enum QueueFault : byte
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Its size, address or alignment is not one a queue can have, or not all of it is RAM (§2.7, §2.7.1).</summary>
    Layout,

    /// <summary>The available index moved by more than the queue's size (§2.7, §2.7.6.1).</summary>
    AvailableIndex,

    /// <summary>A descriptor index is not less than the size of its table (§2.7.5).</summary>
    DescriptorIndex,

    /// <summary>A chain has more descriptors than its table: it loops (§2.7.5, §2.7.5.2).</summary>
    Loop,

    /// <summary>A buffer is empty or not all RAM (§2.7.5), or a chain names more than 4 GiB (§2.7.5.2).</summary>
    Buffer,

    /// <summary>A buffer to read follows one to write (§2.7.4.2).</summary>
    Order,

    /// <summary>An indirect table that is nested, chained, not agreed on (§2.7.5.3.1), of a bad size or place (§2.7.5.3).</summary>
    Indirect,

    /// <summary>A chain is longer than the host's queue: a device may have such a limit (§2.7.4.1).</summary>
    TooLong,

    /// <summary>A queue that was stopped is to start again while the host's device has buffers of it: only a reset takes them back (§3.3.1).</summary>
    InFlight,

    /// <summary>The host's device returned what it was never given (§2.7.8).</summary>
    Device,
}
