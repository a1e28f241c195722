namespace Rvirt.Core.DeviceTree;

/// <summary>Kinds of UART that the hypervisor has a driver for.</summary>
public enum HostUartKind : byte
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>16550A.</summary>
    Ns16550A,

    /// <summary>SiFive.</summary>
    SiFive,
}
