using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Hypervisor.Host;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Takes stock of the host's RAM, and moves what boot loaders scattered over it to one end.</summary>
internal static unsafe class HostMemory
{
    private const ulong Page = 4096;

    /// <summary>
    /// Finds the free RAM. The device tree and the initial RAM disk lie in the middle of it: they are moved down behind the image, so
    /// that guests get whole blocks.
    /// </summary>
    /// <param name="host">The hart.</param>
    /// <param name="info">What the entry assembly knew.</param>
    /// <param name="tree">The host's tree where it is now.</param>
    /// <param name="description">The host; on return it speaks of the new places.</param>
    /// <param name="drivers">The board's drivers, by which the tree was read.</param>
    /// <param name="map">Free RAM.</param>
    /// <returns>False where there is no room for that.</returns>
    internal static bool TryCompact<THost, TDrivers>(
        ref THost host, BootInfo* info, FdtReader tree, ref HostDescription description, in TDrivers drivers, out MemoryMap map)
        where THost : unmanaged, IHypervisorHost
        where TDrivers : struct, IHostDriverTable
    {
        var initrd = description.InitrdStart;
        var initrdLength = description.InitrdEnd - initrd;
        var treeLength = (ulong)tree.Length;

        // The tree first: nothing may be written over the RAM disk yet.
        map = Free(info, description);
        Remove(ref map, initrd, initrdLength);
        Remove(ref map, info->DeviceTree, treeLength);
        if (!map.TryTake(RoundUp(treeLength), Page, out var treeAddress))
        {
            return false;
        }

        // SAFETY: free RAM of that size, apart from the old place.
        Buffer.MemoryCopy(tree.Blob, host.Memory.Pointer(treeAddress), treeLength, treeLength);
        if (FdtReader.Open(host.Memory.Pointer(treeAddress), treeLength, out var moved) != FdtError.None
            || HostTree.Read(moved, info->HartId, info->Reach, drivers, out description) != HostTreeError.None)
        {
            return false;
        }

        // The RAM disk may slide down over its own old place, and over the tree's.
        map = Free(info, description);
        Remove(ref map, treeAddress, treeLength);
        if (!map.TryTake(RoundUp(initrdLength), Page, out var initrdAddress) || initrdAddress > initrd)
        {
            map = Free(info, description);
            Remove(ref map, treeAddress, treeLength);
            Remove(ref map, initrd, initrdLength);
            return true;
        }

        // SAFETY: both places are RAM of that size; MemoryCopy allows them to overlap.
        Buffer.MemoryCopy(host.Memory.Pointer(initrd), host.Memory.Pointer(initrdAddress), initrdLength, initrdLength);
        description.InitrdStart = initrdAddress;
        description.InitrdEnd = initrdAddress + initrdLength;

        // Its old place becomes some guest's RAM, and it holds every guest's images.
        var left = Math.Max(initrd, description.InitrdEnd);
        Clear(host.Memory.Pointer(left), initrd + initrdLength - left);
        return true;
    }

    /// <summary>Takes zeroed, page-aligned memory for good.</summary>
    /// <returns>Null where there is none left.</returns>
    internal static byte* Take<THost>(ref THost host, ref MemoryMap map, ulong length, ulong alignment = Page)
        where THost : unmanaged, IHypervisorHost
    {
        length = RoundUp(length);
        if (!map.TryTake(length, alignment, out var address))
        {
            return null;
        }

        // SAFETY: the map just gave the range out, so it is free RAM and nobody else's.
        var pointer = host.Memory.Pointer(address);
        Clear(pointer, length);
        return pointer;
    }

    private static void Clear(byte* start, ulong length)
    {
        for (var offset = 0UL; offset < length; offset += Page)
        {
            // SAFETY: the caller owns the range.
            Unsafe.InitBlock(start + offset, 0, (uint)Math.Min(Page, length - offset));
        }
    }

    // RAM without the firmware's part and the image. What lies below the image is the firmware's, whether it says so or not.
    private static MemoryMap Free(BootInfo* info, in HostDescription description)
    {
        var map = default(MemoryMap);
        for (var i = 0; i < description.MemoryBankCount; i++)
        {
            // By lengths: what is rounded may be behind the last address.
            var bank = description.MemoryBanks[i];
            var odd = RoundUp(bank.Base) - bank.Base;
            map.Add(bank.Base + odd, (Math.Max(bank.Size, odd) - odd) & ~(Page - 1));
        }

        // Once all banks are there: they may overlap.
        for (var i = 0; i < description.MemoryBankCount; i++)
        {
            var bank = description.MemoryBanks[i];
            if (info->ImageStart - bank.Base < bank.Size)
            {
                map.Remove(bank.Base, RoundUp(info->ImageEnd) - bank.Base);
            }
        }

        // Where the window has no pages of which a part is reserved, all of such a page is nobody's.
        var grain = info->WindowTables == 0 ? Page : HostTranslation.SmallPage;
        for (var i = 0; i < description.ReservationCount; i++)
        {
            Remove(ref map, description.Reservations[i].Base, description.Reservations[i].Size, grain);
        }

        return map;
    }

    // By the last byte, which may be the last there is. All addresses together are one more than a length can say.
    private static void Remove(ref MemoryMap map, ulong start, ulong length, ulong grain = Page)
    {
        if (length == 0)
        {
            return;
        }

        var first = start & ~(grain - 1);
        var last = (start + length - 1) | (grain - 1);
        map.Remove(first, Math.Max(last - first, last - first + 1));
    }

    private static ulong RoundUp(ulong value) => (value + Page - 1) & ~(Page - 1);
}
