using System;

namespace Rvirt.Devices.Virtio;

/// <summary>What a back end has to tell the driver when it has done its work.</summary>
[Flags]
public enum VirtioNews : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It gave chains back, and the driver wants an interrupt for that; bit 0 of <see cref="VirtioRegister.InterruptStatus"/>.</summary>
    UsedBuffers = 1,

    /// <summary>The configuration space or the device's status changed; bit 1 there.</summary>
    ConfigurationChanged = 2,

    /// <summary>A queue stopped for a fault, which <see cref="IVirtioDevice.TakeFault"/> names.</summary>
    Fault = 4,
}
