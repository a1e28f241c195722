using System;

namespace Rvirt.Core.Images;

/// <summary>Where the initial RAM disk and the device tree go in a guest's RAM, so that kernels and boot loaders leave them alone.</summary>
/// <remarks>
/// As QEMU does it: the device tree at the last 2 MiB boundary that leaves it room below the end of RAM or 3 GiB, the RAM disk at half
/// of RAM but no further than 128 MiB in; where that does not fit, as high as it can.
/// </remarks>
public readonly struct GuestLayout
{
    private const ulong TreeAlignment = 0x200000;
    private const ulong PageSize = 0x1000;
    private const ulong PreferredInitrdOffset = 0x8000000;
    private const ulong TreeCeiling = 0xc0000000;

    private GuestLayout(ulong initrd, ulong tree)
    {
        Initrd = initrd;
        DeviceTree = tree;
    }

    /// <summary>Guest physical address of the initial RAM disk.</summary>
    public readonly ulong Initrd;

    /// <summary>Guest physical address of the device tree.</summary>
    public readonly ulong DeviceTree;

    /// <summary>Finds the places.</summary>
    /// <param name="kernel">The kernel, checked for the same RAM.</param>
    /// <param name="ramBase">Guest physical address of the RAM.</param>
    /// <param name="ramLength">Bytes of RAM.</param>
    /// <param name="initrdLength">Bytes of the initial RAM disk, 0 for none.</param>
    /// <param name="treeLength">Most bytes that the device tree will have.</param>
    /// <param name="layout">The places.</param>
    public static ImageError Place(in KernelImage kernel, ulong ramBase, ulong ramLength, ulong initrdLength, ulong treeLength, out GuestLayout layout)
    {
        layout = default;
        var end = ramBase + ramLength;
        var ceiling = ramBase < TreeCeiling ? Math.Min(end, TreeCeiling) : end;
        if (treeLength > ceiling - ramBase)
        {
            return ImageError.NoRoom;
        }

        var tree = (ceiling - treeLength) & ~(TreeAlignment - 1);
        if (tree < kernel.End)
        {
            // The kernel may reach beyond 3 GiB, or leave no boundary free.
            tree = (end - treeLength) & ~(PageSize - 1);
        }

        if (tree < kernel.End)
        {
            return ImageError.NoRoom;
        }

        var first = (kernel.End + PageSize - 1) & ~(PageSize - 1);
        if (initrdLength == 0)
        {
            layout = new GuestLayout(0, tree);
            return ImageError.None;
        }

        if (first > tree || initrdLength > tree - first)
        {
            return ImageError.NoRoom;
        }

        var initrd = ramBase + (Math.Min(ramLength / 2, PreferredInitrdOffset) & ~(PageSize - 1));
        if (initrd < first || initrd > tree || initrdLength > tree - initrd)
        {
            initrd = (tree - initrdLength) & ~(PageSize - 1);
        }

        layout = new GuestLayout(initrd, tree);
        return ImageError.None;
    }
}
