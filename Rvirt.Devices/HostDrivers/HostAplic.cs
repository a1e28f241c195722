using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Driver of an APLIC that interrupts harts directly (AIA 1.0 §4): its domain for S-mode, in the place of a PLIC. A context is a hart's index there.</summary>
/// <remarks>
/// <para>A claim does not hold a source back, as a PLIC's does: it is masked from its claim to its completion. A source goes to one hart, the last that it was enabled for.</para>
/// <para>Firmware delegates the sources to this domain. Where Rvirt is in its place, this does it as a source is enabled.</para>
/// </remarks>
public struct HostAplic : IHostPlic
{
    private const ulong DomainConfiguration = 0x0000;
    private const ulong SourceConfiguration = 0x0004;
    private const ulong EnableByNumber = 0x1edc;
    private const ulong DisableByNumber = 0x1fdc;
    private const ulong Target = 0x3004;
    private const ulong Delivery = 0x4000;
    private const ulong DeliveryStride = 0x20;
    private const ulong Force = 0x04;
    private const ulong Threshold = 0x08;
    private const ulong ClaimInterrupt = 0x1c;

    private const uint InterruptsOn = 1 << 8;
    private const uint Delegated = 1 << 10;
    private const uint Inactive = 0;
    private const uint LevelHigh = 6;
    private const uint Priority = 1;
    private const int HartShift = 18;
    private const int IdentityShift = 16;
    private const uint SupervisorExternalInterrupt = 9;

    private ulong _base;
    private ulong _parent;
    private bool _isOpen;

    /// <inheritdoc/>
    public static ReadOnlySpan<byte> Compatible => "riscv,aplic"u8;

    /// <inheritdoc cref="IHostDriver.TryLocate"/>
    /// <remarks>A domain that sends messages names no interrupts of harts, and the one of M-mode names others.</remarks>
    public static bool TryLocate(in FdtReader tree, FdtNode node, out ulong address, out ulong size)
    {
        address = 0;
        size = 0;
        return tree.TryProperty(node, "interrupts-extended"u8, out var harts) && harts.TryCell(1, out var cause) && cause == SupervisorExternalInterrupt
            && tree.TryReg(node, 0, out address, out size);
    }

    /// <inheritdoc/>
    public void Initialize(in HostDevice plic)
    {
        _base = plic.Base;
        _parent = 0;
        _isOpen = false;
        if (!plic.OwnsMachineMode || !plic.TryUInt32("phandle"u8, out var own))
        {
            return;
        }

        foreach (var node in plic.Tree.Descendants(plic.Tree.Root))
        {
            if (plic.Tree.TryProperty(node, "riscv,children"u8, out var children) && children.TryCell(0, out var child) && child == own
                && plic.Tree.TryReg(node, 0, out var address, out _))
            {
                _parent = address;
            }
        }
    }

    /// <inheritdoc/>
    [ColdPath]
    public void OpenContext<THost>(ref THost host, uint context)
        where THost : struct, IMmio
    {
        if (!_isOpen)
        {
            // The hart that boots, before there are others. What firmware left is nobody's.
            _isOpen = true;
            for (var source = 1u; source < HostPlic<THost>.SourceLimit; source++)
            {
                host.Write32(OfSource(SourceConfiguration, source), Inactive);
            }

            host.Write32(_base + DomainConfiguration, InterruptsOn);
        }

        var delivery = _base + Delivery + (DeliveryStride * context);
        host.Write32(delivery + Force, 0);
        host.Write32(delivery + Threshold, 0);
        host.Write32(delivery, 1);
    }

    /// <inheritdoc/>
    [ColdPath]
    public readonly void Enable<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio
    {
        if (_parent != 0)
        {
            host.Write32(_parent + SourceConfiguration + (4 * (source - 1)), Delegated);
        }

        host.Write32(OfSource(SourceConfiguration, source), LevelHigh);
        host.Write32(OfSource(Target, source), (context << HartShift) | Priority);
        host.Write32(_base + EnableByNumber, source);
    }

    /// <inheritdoc/>
    /// <remarks>One that is inactive cannot be enabled: a completion that comes after this changes nothing.</remarks>
    [ColdPath]
    public readonly void Disable<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio
    {
        if (IsFor(ref host, context, source))
        {
            host.Write32(OfSource(SourceConfiguration, source), Inactive);
        }
    }

    /// <inheritdoc/>
    public readonly uint Claim<THost>(ref THost host, uint context)
        where THost : struct, IMmio
    {
        var source = host.Read32(_base + Delivery + (DeliveryStride * context) + ClaimInterrupt) >> IdentityShift;
        if (source != 0)
        {
            host.Write32(_base + DisableByNumber, source);
        }

        return source;
    }

    /// <inheritdoc/>
    public readonly void Complete<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio =>
        host.Write32(_base + EnableByNumber, source);

    private readonly bool IsFor<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio =>
        host.Read32(OfSource(Target, source)) >> HartShift == context;

    private readonly ulong OfSource(ulong registers, uint source) => _base + registers + (4 * (source - 1));
}
