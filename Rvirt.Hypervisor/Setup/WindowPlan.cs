using Rvirt.Core.DeviceTree;
using Rvirt.Hypervisor.Host;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Setup;

/// <summary>What of the host the window has to map: all that is touched through it while guests run.</summary>
// SAFETY: the window's tables have an entry for each page of its reach; what the entry assembly knew is read only.
internal static unsafe class WindowPlan
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

    /// <summary>
    /// In a window of small pages: unmaps all that is not used, and pages that have memory of the firmware in them, whose edges PMP may have.
    /// Their other memory is nobody's (<see cref="HostMemory"/>).
    /// </summary>
    /// <param name="tables">The window's tables, which map it whole.</param>
    /// <param name="info">Where the image is.</param>
    /// <param name="description">The host.</param>
    /// <param name="abilities">What it offers.</param>
    internal static void LeaveOutEdges(ulong* tables, BootInfo* info, in HostDescription description, in HostAbilities abilities)
    {
        for (var page = 0UL; page < info->Reach; page += HostTranslation.SmallPage)
        {
            if (!IsNeeded(page, info, description) && (IsFirmwares(page, info, description) || !IsUsed(page, description, abilities)))
            {
                tables[page / HostTranslation.SmallPage] = 0;
            }
        }
    }

    // What runs and is read now, wherever it lies.
    private static bool IsNeeded(ulong page, BootInfo* info, in HostDescription description) =>
        Overlaps(page, info->OpenStart, info->ImageEnd - info->OpenStart)
        || Overlaps(page, description.InitrdStart, description.InitrdEnd - description.InitrdStart);

    // What lies below the image is, whether the tree says so or not; so is the image's own part that is closed.
    private static bool IsFirmwares(ulong page, BootInfo* info, in HostDescription description)
    {
        for (var i = 0; i < description.ReservationCount; i++)
        {
            if (Overlaps(page, description.Reservations[i].Base, description.Reservations[i].Size))
            {
                return true;
            }
        }

        for (var i = 0; i < description.MemoryBankCount; i++)
        {
            var bank = description.MemoryBanks[i];
            if (info->OpenStart - bank.Base < bank.Size && Overlaps(page, bank.Base, info->OpenStart - bank.Base))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsUsed(ulong page, in HostDescription description, in HostAbilities abilities)
    {
        for (var i = 0; i < description.MemoryBankCount; i++)
        {
            if (Overlaps(page, description.MemoryBanks[i].Base, description.MemoryBanks[i].Size))
            {
                return true;
            }
        }

        for (var i = 0; description.TryDevice(i, out var registers, out _); i++)
        {
            if (Overlaps(page, registers.Base, registers.Size))
            {
                return true;
            }
        }

        return abilities.TimeRegister != 0 && Overlaps(page, abilities.TimeRegister, sizeof(ulong));
    }

    // Lengths do not reach past the end of addresses: the tree's reading has seen to that, or they are cut here.
    private static bool Overlaps(ulong page, ulong start, ulong length) =>
        start >= page ? start - page < HostTranslation.SmallPage && length != 0 : page - start < length;
}
