using System;

namespace Rvirt.Core.DeviceTree;

/// <summary>What the hypervisor recognises in a host's device tree: for each <c>compatible</c>, the kind of device.</summary>
public static class HostDeviceTable
{
    /// <summary>Finds what a node is.</summary>
    /// <param name="compatible">The node's <c>compatible</c>.</param>
    /// <param name="uart">Which kind of UART, where it is one.</param>
    /// <returns>None where no row has one of its names.</returns>
    public static HostDeviceKind Find(in FdtProperty compatible, out HostUartKind uart)
    {
        for (var row = 0; TryRow(row, out var name, out var kind, out uart); row++)
        {
            if (compatible.HasString(name))
            {
                return kind;
            }
        }

        uart = HostUartKind.None;
        return HostDeviceKind.None;
    }

    private static bool TryRow(int row, out ReadOnlySpan<byte> name, out HostDeviceKind kind, out HostUartKind uart)
    {
        uart = HostUartKind.None;
        switch (row)
        {
            case 0: name = "ns16550a"u8; kind = HostDeviceKind.Uart; uart = HostUartKind.Ns16550A; return true;
            case 1: name = "sifive,uart0"u8; kind = HostDeviceKind.Uart; uart = HostUartKind.SiFive; return true;
            case 2: name = "virtio,mmio"u8; kind = HostDeviceKind.VirtioSlot; return true;
            case 3: name = "sifive,test0"u8; kind = HostDeviceKind.TestDevice; return true;
            case 4: name = "sifive,test1"u8; kind = HostDeviceKind.TestDevice; return true;
            case 5: name = "google,goldfish-rtc"u8; kind = HostDeviceKind.Clock; return true;
            case 6: name = "sifive,plic-1.0.0"u8; kind = HostDeviceKind.Plic; return true;
            case 7: name = "riscv,plic0"u8; kind = HostDeviceKind.Plic; return true;
            default: name = default; kind = HostDeviceKind.None; return false;
        }
    }
}
