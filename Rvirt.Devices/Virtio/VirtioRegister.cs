namespace Rvirt.Devices.Virtio;

/// <summary>Offsets of the virtio-mmio registers (virtio 1.2 §4.2.2, legacy ones §4.2.4). All are 32 bits wide.</summary>
public static class VirtioRegister
{
    /// <summary>Reads <see cref="MagicValue"/>.</summary>
    public const uint Magic = 0x000;

    /// <summary>1: legacy; 2: modern.</summary>
    public const uint Version = 0x004;

    /// <summary>Kind of device; 0: none.</summary>
    public const uint DeviceId = 0x008;

    /// <summary>Who made it.</summary>
    public const uint VendorId = 0x00c;

    /// <summary>32 of the features offered, chosen by <see cref="DeviceFeaturesSelect"/>.</summary>
    public const uint DeviceFeatures = 0x010;

    /// <summary>0: features 0 to 31; 1: 32 to 63.</summary>
    public const uint DeviceFeaturesSelect = 0x014;

    /// <summary>32 of the features the driver takes, chosen by <see cref="DriverFeaturesSelect"/>.</summary>
    public const uint DriverFeatures = 0x020;

    /// <summary>As <see cref="DeviceFeaturesSelect"/>.</summary>
    public const uint DriverFeaturesSelect = 0x024;

    /// <summary>Legacy: unit of <see cref="QueuePageNumber"/> in bytes.</summary>
    public const uint GuestPageSize = 0x028;

    /// <summary>The queue that the following registers mean.</summary>
    public const uint QueueSelect = 0x030;

    /// <summary>Largest size of the queue; 0: it does not exist.</summary>
    public const uint QueueSizeMax = 0x034;

    /// <summary>Size of the queue in descriptors.</summary>
    public const uint QueueSize = 0x038;

    /// <summary>Legacy: alignment of the used ring in bytes.</summary>
    public const uint QueueAlign = 0x03c;

    /// <summary>Legacy: where the queue starts, in units of <see cref="GuestPageSize"/>; 0 stops it.</summary>
    public const uint QueuePageNumber = 0x040;

    /// <summary>Modern: 1 starts the queue, 0 stops it.</summary>
    public const uint QueueReady = 0x044;

    /// <summary>Takes the number of a queue that has new buffers.</summary>
    public const uint QueueNotify = 0x050;

    /// <summary>Bit 0: used buffers; bit 1: configuration changed.</summary>
    public const uint InterruptStatus = 0x060;

    /// <summary>Clears bits of <see cref="InterruptStatus"/>.</summary>
    public const uint InterruptAcknowledge = 0x064;

    /// <summary>Status of the driver; 0 resets the device.</summary>
    public const uint Status = 0x070;

    /// <summary>Modern: address of the descriptor table.</summary>
    public const uint QueueDescriptorsLow = 0x080;

    /// <summary>Upper half.</summary>
    public const uint QueueDescriptorsHigh = 0x084;

    /// <summary>Modern: address of the available ring.</summary>
    public const uint QueueAvailableLow = 0x090;

    /// <summary>Upper half.</summary>
    public const uint QueueAvailableHigh = 0x094;

    /// <summary>Modern: address of the used ring.</summary>
    public const uint QueueUsedLow = 0x0a0;

    /// <summary>Upper half.</summary>
    public const uint QueueUsedHigh = 0x0a4;

    /// <summary>Modern: size and place of a shared memory region; all ones: none.</summary>
    public const uint SharedMemoryLengthLow = 0x0b0;

    /// <summary>The first of the two registers of its address.</summary>
    public const uint SharedMemoryBaseLow = 0x0b8;

    /// <summary>Modern: changes with the configuration.</summary>
    public const uint ConfigurationGeneration = 0x0fc;

    /// <summary>Where the device's own configuration space starts.</summary>
    public const uint Configuration = 0x100;

    /// <summary>Bytes of a slot, configuration space among them, as on the board that guests see. What lies behind them answers nothing.</summary>
    public const uint SlotBytes = 0x200;

    /// <summary>"virt".</summary>
    public const uint MagicValue = 0x7472_6976;
}
