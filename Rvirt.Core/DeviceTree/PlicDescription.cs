namespace Rvirt.Core.DeviceTree;

/// <summary>The host's PLIC.</summary>
public struct PlicDescription
{
    /// <summary>Address of its registers.</summary>
    public ulong Base;

    /// <summary>Bytes of its registers.</summary>
    public ulong Size;

    /// <summary>Interrupt sources (<c>riscv,ndev</c>), numbered from 1.</summary>
    public uint Sources;
}
