using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Driver of a board that a pin of a SiFive GPIO controller resets (SiFive's manuals of its chips, chapter on GPIO): the machine ends by starting again, with no status.</summary>
/// <remarks>Other pins stay as they are: one may be the reset of a device.</remarks>
public struct HostGpioRestart : IHostReset
{
    private const ulong OutputEnable = 0x8;
    private const ulong OutputValue = 0xc;
    private const uint Pins = 32;
    private const uint ActiveLow = 1;

    private ulong _base;
    private uint _pin;
    private bool _activeLow;

    /// <inheritdoc/>
    public static ReadOnlySpan<byte> Compatible => "gpio-restart"u8;

    /// <summary>Finds the controller whose pin the node names.</summary>
    /// <inheritdoc/>
    public static bool TryLocate(in FdtReader tree, FdtNode node, out ulong address, out ulong size)
    {
        address = 0;
        size = 0;
        if (!tree.TryProperty(node, "gpios"u8, out var gpios) || !gpios.TryCell(0, out var controller) || !gpios.TryCell(1, out var pin) || pin >= Pins)
        {
            return false;
        }

        foreach (var other in tree.Descendants(tree.Root))
        {
            if (tree.TryUInt32(other, "phandle"u8, out var phandle) && phandle == controller)
            {
                return tree.IsCompatible(other, "sifive,gpio0"u8) && tree.TryReg(other, 0, out address, out size);
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Initialize(in HostDevice reset)
    {
        _base = reset.Base;
        if (reset.Tree.TryProperty(reset.Node, "gpios"u8, out var gpios) && gpios.TryCell(1, out _pin) && gpios.TryCell(2, out var flags))
        {
            _activeLow = (flags & ActiveLow) != 0;
        }
    }

    /// <inheritdoc/>
    public readonly void End<THost>(ref THost host, uint status)
        where THost : struct, IMmio
    {
        var pin = 1u << (int)_pin;
        Set(ref host, OutputValue, pin, _activeLow);
        Set(ref host, OutputEnable, pin, high: true);
        Set(ref host, OutputValue, pin, !_activeLow);
    }

    private readonly void Set<THost>(ref THost host, ulong register, uint pin, bool high)
        where THost : struct, IMmio
    {
        var others = host.Read32(_base + register) & ~pin;
        host.Write32(_base + register, others | (high ? pin : 0));
    }
}
