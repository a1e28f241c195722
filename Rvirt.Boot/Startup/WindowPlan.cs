using Rvirt.Core.DeviceTree;
using Rvirt.Mmu;

namespace Rvirt.Boot.Startup;

/// <summary>What of the host the window has to map: all that is touched through it while guests run.</summary>
internal static class WindowPlan
{
    private const ulong TestDeviceSize = 4;
    private const ulong ClockSize = 8;

    /// <summary>Maps the RAM, the PLIC, the console's UART, the virtio slots, the clock and the test device.</summary>
    /// <param name="description">The host.</param>
    /// <param name="translation">The window.</param>
    /// <returns>False where the window does not reach one of them.</returns>
    internal static bool TryMap(in HostDescription description, ref HostTranslation translation)
    {
        var host = description;
        var mapped = translation.TryMap(host.Plic.Base, host.Plic.Size)
            && (host.Uart.Kind == HostUartKind.None || translation.TryMap(host.Uart.Base, host.Uart.Size))
            && (host.Clock == 0 || translation.TryMap(host.Clock, ClockSize))
            && (host.TestDevice == 0 || translation.TryMap(host.TestDevice, TestDeviceSize));
        for (var i = 0; i < host.MemoryBankCount && mapped; i++)
        {
            mapped = translation.TryMap(host.MemoryBanks[i].Base, host.MemoryBanks[i].Size);
        }

        for (var i = 0; i < host.VirtioSlotCount && mapped; i++)
        {
            mapped = translation.TryMap(host.VirtioSlots[i].Base, host.VirtioSlots[i].Size);
        }

        return mapped;
    }
}
