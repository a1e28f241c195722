namespace Rvirt.Testing.Devices;

/// <summary>What a <see cref="FakeVirtioDevice"/> stands on: memory it may touch, and an interrupt line.</summary>
public unsafe interface IDeviceBoard
{
    /// <summary>Memory for the device to touch.</summary>
    /// <exception cref="System.InvalidOperationException">The range is not the device's: the bug these tests look for.</exception>
    byte* Dma(ulong address, ulong length);

    /// <summary>Drives the line of an interrupt source.</summary>
    void SetLine(uint source, bool high);
}
