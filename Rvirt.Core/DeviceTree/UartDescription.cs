namespace Rvirt.Core.DeviceTree;

/// <summary>A UART of the host.</summary>
public struct UartDescription
{
    /// <summary>What it is.</summary>
    public HostUartKind Kind;

    /// <summary>What its node calls itself (<c>compatible</c>); lies in the device tree.</summary>
    public FdtProperty Compatible;

    /// <summary>Address of its registers.</summary>
    public ulong Base;

    /// <summary>Bytes of its registers.</summary>
    public ulong Size;

    /// <summary>Its PLIC source, or 0.</summary>
    public uint Interrupt;

    /// <summary>Its input clock in Hz (<c>clock-frequency</c>), or 0.</summary>
    public uint ClockFrequency;

    /// <summary>Register n is at n shifted left by this (<c>reg-shift</c>).</summary>
    public byte RegisterShift;
}
