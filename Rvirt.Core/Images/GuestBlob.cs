using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Disks;

namespace Rvirt.Core.Images;

/// <summary>
/// What the boot loader hands over as an initial RAM disk: one kernel, or a device tree that describes guests:
/// <code>
/// / {
///     compatible = "rvirt,guests";
///     guest-0 {
///         compatible = "rvirt,guest";
///         label = "one";                      // optional: names its console lines; else the node's name does
///         kernel = /incbin/("Image");
///         initrd = /incbin/("initrd");        // optional
///         bootargs = "console=ttyS0";         // optional
///         harts = &lt;1&gt;;                   // optional: 1
///         memory = &lt;0x0 0x20000000&gt;;     // optional: bytes, a multiple of 2 MiB
///         devices = &lt;7 6&gt;;               // optional: the host's virtio-mmio slots, in the guest's order
///         ramdisk = /incbin/("root.img");     // optional: a disk in memory, in the slot behind those; each start begins with the file
///         network = "private";                // optional: a network card that leads to other guests alone; network; is one on the machine's wire
///         mac = [52 54 00 72 76 01];          // optional: its address; else 52:54:00:72:76 and the guest's number from 1 on
///         disk = "rvirt.one";                 // optional: label of a partition of a disk of the host, in the slot behind that
///         disk-readonly;                      // optional: it is not written, and may be other guests' too
///         share = &lt;100&gt;;                 // optional: 100; of the host's harts, where guests have to share them
///         pinned = &lt;0&gt;;                  // optional: 0; 1 gives each of its harts one of the host's to itself
///         autostart = &lt;1&gt;;               // optional: 1; 0 leaves it to be started later
///         snapshot = &lt;0&gt;;                // optional: 0; 1 keeps as much RAM again for a snapshot
///     };
/// };
/// </code>
/// </summary>
/// <remarks>
/// A property of a guest that is not in the list is refused, so that a misspelt one is noticed; <c>reg</c> and <c>phandle</c> mean
/// nothing. Nodes that are not compatible with <c>rvirt,guest</c> are passed over.
/// </remarks>
public struct GuestBlob
{
    /// <summary>Most guests.</summary>
    public const int MaximumGuests = 16;

    /// <summary>Most harts of a guest.</summary>
    public const int MaximumHarts = GuestBoard.MaximumHarts;

    /// <summary>The greatest share.</summary>
    public const int MaximumShare = 10000;

    private const uint UsualShare = 100;
    private const int MaximumLabelLength = 31;
    private const ulong MemoryUnit = 0x200000;

    // Of a virtio disk (virtio 1.2 §5.2.4).
    private const int SectorBytes = 512;

    // 52:54:00:72:76, the first byte the lowest; a guest's number comes behind it.
    private const ulong OwnAddresses = 0x76_7200_5452;
    private const int LastByteShift = 40;
    private const int MacBytes = 6;

    /// <summary>The guests, in the order of the blob.</summary>
    public GuestList Guests;

    /// <summary>Entries of <see cref="Guests"/>. On an error, the index of the guest that it is about.</summary>
    public int Count;

    /// <summary>What is wrong with the device tree on <see cref="GuestBlobError.WrongTree"/>.</summary>
    public FdtError TreeError;

    /// <summary>The property that Rvirt does not know on <see cref="GuestBlobError.UnknownProperty"/>; its name is empty on any other.</summary>
    public FdtProperty Unknown;

    /// <summary>Guests.</summary>
    [InlineArray(MaximumGuests)]
    public struct GuestList
    {
        private GuestBlobEntry _first;
    }

    /// <summary>Reads what was handed over.</summary>
    /// <param name="file">The first byte of the initial RAM disk.</param>
    /// <param name="length">Its size in bytes, 0 where there is none.</param>
    /// <param name="bootArguments">The command line of the host's <c>/chosen</c>, for a kernel handed over alone.</param>
    /// <param name="blob">The guests. Kernels are not looked at: <see cref="KernelImage.Check"/> does.</param>
    public static unsafe GuestBlobError Read(byte* file, ulong length, FdtProperty bootArguments, out GuestBlob blob)
    {
        blob = default;
        if (length == 0)
        {
            return GuestBlobError.NoKernel;
        }

        if (length > int.MaxValue)
        {
            return GuestBlobError.TooLarge;
        }

        // SAFETY: the caller vouches for length bytes that stay; nobody looks past them, as both readers are told the length.
        if (!FdtReader.HasMagic(file, length))
        {
            blob.Guests[0] = new GuestBlobEntry
            {
                Kernel = FdtProperty.FromMemory(file, (int)length),
                BootArgumentsProperty = bootArguments,
                HartCount = 1,
                Share = UsualShare,
                Autostart = true,
            };
            blob.Count = 1;
            return blob.Guests[0].BootArguments.Length > GuestDeviceTree.MaximumBootArguments ? GuestBlobError.LongBootArguments : GuestBlobError.None;
        }

        blob.TreeError = FdtReader.Open(file, length, out var tree);
        if (blob.TreeError != FdtError.None)
        {
            return GuestBlobError.WrongTree;
        }

        return tree.IsCompatible(tree.Root, "rvirt,guests"u8) ? ReadGuests(tree, ref blob) : GuestBlobError.NotGuests;
    }

    private static unsafe GuestBlobError ReadGuests(in FdtReader tree, ref GuestBlob blob)
    {
        var given = 0;
        foreach (var node in tree.Children(tree.Root))
        {
            if (!tree.IsCompatible(node, "rvirt,guest"u8))
            {
                continue;
            }

            if (blob.Count == MaximumGuests)
            {
                return GuestBlobError.TooManyGuests;
            }

            ref var guest = ref blob.Guests[blob.Count];
            var name = tree.Name(node);

            // SAFETY: the name lies in the blob, which is not moved as long as it is read.
            guest.NameProperty = FdtProperty.FromMemory((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(name)), name.Length);
            guest.HartCount = 1;
            guest.Share = UsualShare;
            guest.Autostart = true;
            foreach (var property in tree.Properties(node))
            {
                var error = ReadProperty(property, ref guest);
                if (error != GuestBlobError.None)
                {
                    blob.Unknown = error == GuestBlobError.UnknownProperty ? property : default;
                    return error;
                }
            }

            if (guest.Kernel.Length == 0)
            {
                return GuestBlobError.GuestWithoutKernel;
            }

            if (guest.Mac != 0 && guest.Network == GuestNetworkKind.None)
            {
                return GuestBlobError.WrongMac;
            }

            if (guest.Mac == 0)
            {
                guest.Mac = OwnAddresses | ((ulong)(blob.Count + 1) << LastByteShift);
            }

            if (guest.DiskIsReadOnly && guest.Disk.Length == 0)
            {
                return GuestBlobError.WrongDisk;
            }

            if ((given & guest.Devices) != 0)
            {
                return GuestBlobError.DeviceGivenTwice;
            }

            given |= guest.Devices;
            for (var other = 0; other < blob.Count; other++)
            {
                if (blob.Guests[other].Label.SequenceEqual(guest.Label))
                {
                    return GuestBlobError.SameLabel;
                }

                if (guest.Network != GuestNetworkKind.None && blob.Guests[other].Network != GuestNetworkKind.None && blob.Guests[other].Mac == guest.Mac)
                {
                    return GuestBlobError.SameMac;
                }

                if (guest.Disk.Length != 0 && blob.Guests[other].Disk.SequenceEqual(guest.Disk) && !(guest.DiskIsReadOnly && blob.Guests[other].DiskIsReadOnly))
                {
                    return GuestBlobError.DiskGivenTwice;
                }
            }

            blob.Count++;
        }

        return blob.Count == 0 ? GuestBlobError.NoGuest : GuestBlobError.None;
    }

    private static GuestBlobError ReadProperty(FdtProperty property, ref GuestBlobEntry guest)
    {
        var name = property.Name;
        if (name.SequenceEqual("kernel"u8))
        {
            guest.Kernel = property;
        }
        else if (name.SequenceEqual("initrd"u8))
        {
            guest.Initrd = property;
        }
        else if (name.SequenceEqual("label"u8))
        {
            guest.NameProperty = property;
            return IsLabel(property, MaximumLabelLength) ? GuestBlobError.None : GuestBlobError.WrongLabel;
        }
        else if (name.SequenceEqual("bootargs"u8))
        {
            guest.BootArgumentsProperty = property;
            return !property.TryString(out var text) ? GuestBlobError.WrongBootArguments
                : text.Length > GuestDeviceTree.MaximumBootArguments ? GuestBlobError.LongBootArguments
                : GuestBlobError.None;
        }
        else if (name.SequenceEqual("harts"u8))
        {
            var valid = property.TryUInt32(out var count) && count is > 0 and <= MaximumHarts;
            guest.HartCount = (int)count;
            return valid ? GuestBlobError.None : GuestBlobError.WrongHarts;
        }
        else if (name.SequenceEqual("memory"u8))
        {
            var valid = property.TryUInt64(out guest.MemorySize) && guest.MemorySize != 0 && (guest.MemorySize & (MemoryUnit - 1)) == 0;
            return valid ? GuestBlobError.None : GuestBlobError.WrongMemory;
        }
        else if (name.SequenceEqual("devices"u8))
        {
            return ReadDevices(property, ref guest);
        }
        else if (name.SequenceEqual("ramdisk"u8))
        {
            guest.RamDisk = property;
            guest.HasDevices = true;
            return property.Length != 0 && property.Length % SectorBytes == 0 ? GuestBlobError.None : GuestBlobError.WrongRamDisk;
        }
        else if (name.SequenceEqual("network"u8))
        {
            guest.HasDevices = true;
            guest.Network = property.Length == 0 ? GuestNetworkKind.Wire : GuestNetworkKind.Private;
            return property.Length == 0 || (property.TryString(out var which) && which.SequenceEqual("private"u8)) ? GuestBlobError.None : GuestBlobError.WrongNetwork;
        }
        else if (name.SequenceEqual("mac"u8))
        {
            return TryMac(property, out guest.Mac) ? GuestBlobError.None : GuestBlobError.WrongMac;
        }
        else if (name.SequenceEqual("disk"u8))
        {
            guest.DiskProperty = property;
            guest.HasDevices = true;
            return IsLabel(property, PartitionTable.MaximumLabelLength) ? GuestBlobError.None : GuestBlobError.WrongDisk;
        }
        else if (name.SequenceEqual("disk-readonly"u8))
        {
            guest.DiskIsReadOnly = true;
            return property.Length == 0 ? GuestBlobError.None : GuestBlobError.WrongDisk;
        }
        else if (name.SequenceEqual("share"u8))
        {
            return property.TryUInt32(out guest.Share) && guest.Share is > 0 and <= MaximumShare ? GuestBlobError.None : GuestBlobError.WrongShare;
        }
        else if (name.SequenceEqual("pinned"u8))
        {
            return TryFlag(property, out guest.Pinned) ? GuestBlobError.None : GuestBlobError.WrongPinned;
        }
        else if (name.SequenceEqual("autostart"u8))
        {
            return TryFlag(property, out guest.Autostart) ? GuestBlobError.None : GuestBlobError.WrongAutostart;
        }
        else if (name.SequenceEqual("snapshot"u8))
        {
            return TryFlag(property, out guest.Snapshot) ? GuestBlobError.None : GuestBlobError.WrongSnapshot;
        }
        else if (!name.SequenceEqual("compatible"u8) && !name.SequenceEqual("reg"u8) && !name.SequenceEqual("phandle"u8))
        {
            return GuestBlobError.UnknownProperty;
        }

        return GuestBlobError.None;
    }

    private static GuestBlobError ReadDevices(FdtProperty property, ref GuestBlobEntry guest)
    {
        guest.HasDevices = true;
        if ((property.Length & 3) != 0)
        {
            return GuestBlobError.WrongDevices;
        }

        for (var i = 0; property.TryCell(i, out var slot); i++)
        {
            if (slot >= HostDescription.MaximumVirtioSlots)
            {
                return GuestBlobError.WrongDevices;
            }

            if (((guest.Devices >> (int)slot) & 1) != 0)
            {
                return GuestBlobError.DeviceGivenTwice;
            }

            guest.Devices |= (byte)(1 << (int)slot);
            guest.DeviceOrder[guest.DeviceCount++] = (byte)slot;
        }

        return GuestBlobError.None;
    }

    // IEEE 802-2014 §8.2: the lowest bit of the first byte says a group's.
    private static bool TryMac(FdtProperty property, out ulong address)
    {
        address = 0;
        var bytes = property.Bytes;
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            address = (address << 8) | bytes[i];
        }

        return bytes.Length == MacBytes && address != 0 && (address & 1) == 0;
    }

    private static bool TryFlag(FdtProperty property, out bool flag)
    {
        var valid = property.TryUInt32(out var value) && value <= 1;
        flag = value == 1;
        return valid;
    }

    private static bool IsLabel(FdtProperty property, int longest)
    {
        if (!property.TryString(out var text) || text.Length == 0 || text.Length > longest)
        {
            return false;
        }

        foreach (var letter in text)
        {
            if (letter is not ((>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'0' and <= (byte)'9')
                or (byte)'-' or (byte)'.' or (byte)'_'))
            {
                return false;
            }
        }

        return true;
    }
}
