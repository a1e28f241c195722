using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Driver of a PLIC as its specification has it (PLIC 1.0.0 §3), which SiFive's is.</summary>
public struct HostSiFivePlic : IHostPlic
{
    private const ulong EnableOffset = 0x2000;
    private const ulong EnableStride = 0x80;
    private const ulong ContextOffset = 0x20_0000;
    private const ulong ContextStride = 0x1000;
    private const ulong ClaimOffset = 4;
    private const uint Words = 128 / 32;

    private ulong _base;

    /// <inheritdoc/>
    public static ReadOnlySpan<byte> Compatible => "sifive,plic-1.0.0\0riscv,plic0\0thead,c900-plic"u8;

    /// <inheritdoc/>
    public void Initialize(in HostDevice plic) => _base = plic.Base;

    /// <inheritdoc/>
    public readonly void OpenContext<THost>(ref THost host, uint context)
        where THost : struct, IMmio
    {
        for (var word = 0u; word < Words; word++)
        {
            host.Write32(_base + EnableOffset + (EnableStride * context) + (4 * word), 0);
        }

        host.Write32(_base + ContextOffset + (ContextStride * context), 0);
    }

    /// <inheritdoc/>
    public readonly void Enable<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio
    {
        host.Write32(_base + (4 * source), 1);
        SetEnable(ref host, context, source, true);
    }

    /// <inheritdoc/>
    public readonly void Disable<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio =>
        SetEnable(ref host, context, source, false);

    /// <inheritdoc/>
    public readonly uint Claim<THost>(ref THost host, uint context)
        where THost : struct, IMmio =>
        host.Read32(_base + ContextOffset + (ContextStride * context) + ClaimOffset);

    /// <inheritdoc/>
    public readonly void Complete<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio =>
        host.Write32(_base + ContextOffset + (ContextStride * context) + ClaimOffset, source);

    private readonly void SetEnable<THost>(ref THost host, uint context, uint source, bool on)
        where THost : struct, IMmio
    {
        var address = _base + EnableOffset + (EnableStride * context) + (4 * (source / 32));
        var bit = 1u << (int)(source % 32);
        var enables = host.Read32(address);
        host.Write32(address, on ? enables | bit : enables & ~bit);
    }
}
