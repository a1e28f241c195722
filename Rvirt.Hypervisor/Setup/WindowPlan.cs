using Rvirt.Core.DeviceTree;
using Rvirt.Hypervisor.Host;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Setup;

/// <summary>What of the host the window has to map: all that is touched through it while guests run.</summary>
internal static class WindowPlan
{
    /// <summary>Maps the RAM, and the registers of every device that the hypervisor touches.</summary>
    /// <param name="description">The host.</param>
    /// <param name="abilities">What it offers, where the time is among it.</param>
    /// <param name="translation">The window.</param>
    /// <returns>False where the window does not reach one of them.</returns>
    internal static bool TryMap(in HostDescription description, in HostAbilities abilities, ref HostTranslation translation)
    {
        for (var i = 0; i < description.MemoryBankCount; i++)
        {
            if (!translation.TryMap(description.MemoryBanks[i].Base, description.MemoryBanks[i].Size))
            {
                return false;
            }
        }

        for (var i = 0; description.TryDevice(i, out var registers, out _); i++)
        {
            if (registers.Size != 0 && !translation.TryMap(registers.Base, registers.Size))
            {
                return false;
            }
        }

        return abilities.TimeRegister == 0 || translation.TryMap(abilities.TimeRegister, sizeof(ulong));
    }
}
