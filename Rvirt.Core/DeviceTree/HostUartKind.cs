namespace Rvirt.Core.DeviceTree;

/// <summary>Kinds of UART that the hypervisor recognises. Not all have a driver: a console on another one is refused by name.</summary>
public enum HostUartKind : byte
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>16550A.</summary>
    Ns16550A,

    /// <summary>SiFive.</summary>
    SiFive,

    /// <summary>Another one, which <c>stdout-path</c> names.</summary>
    Unknown,
}
