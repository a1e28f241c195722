namespace Rvirt.Testing.Devices;

/// <summary>What a <see cref="FakeVirtioDevice"/> stands on: memory it may touch, and an interrupt line.</summary>
// SAFETY: who gives a pointer answers for all bytes of the range that it was asked for, for as long as the board lives.
public unsafe interface IDeviceBoard
{
    /// <summary>Memory for the device to touch.</summary>
    /// <param name="address">Physical address of its first byte.</param>
    /// <param name="length">Its bytes.</param>
    /// <returns>A pointer to the first of them.</returns>
    /// <exception cref="System.InvalidOperationException">The range is not the device's: the bug these tests look for.</exception>
    byte* Dma(ulong address, ulong length);

    /// <summary>Drives the line of an interrupt source.</summary>
    /// <param name="source">Its number at the PLIC.</param>
    /// <param name="high">Whether the device asks for service.</param>
    void SetLine(uint source, bool high);
}
