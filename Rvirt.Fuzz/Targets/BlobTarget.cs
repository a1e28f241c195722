using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Fuzz.Engine;
using Rvirt.Testing.Memory;

namespace Rvirt.Fuzz.Targets;

/// <summary>The guest blob. What it finds lies in the blob, gives no device twice, and is as many guests as a second reader sees.</summary>
internal sealed unsafe class BlobTarget : IFuzzTarget
{
    public string Name => "blob";

    public int MaximumLength => 4096;

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[] { "rvirt,guests", "rvirt,guest", "compatible", "kernel", "initrd", "label", "bootargs", "harts", "memory", "devices", "ramdisk", "network", "private", "mac", "disk", "disk-readonly", "reg", "phandle" }.Select(text => Encoding.ASCII.GetBytes(text + "\0")),
        [0, 0, 0, 1], [0, 0, 0, 2], [0, 0, 0, 3], [0, 0x20, 0, 0], [0, 0, 0, 7],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        using var buffer = new GuardedBuffer(input);
        var error = GuestBlob.Read(buffer.Pointer, buffer.Length, default, out var blob);
        FuzzException.Require(blob.Count is >= 0 and <= GuestBlob.MaximumGuests, "more guests than there is room for");
        if (error != GuestBlobError.None)
        {
            return;
        }

        FuzzException.Require(blob.Count > 0, "no guest, and no error");
        var given = 0;
        var labels = new HashSet<string>();
        var addresses = new HashSet<ulong>();
        var disks = new HashSet<string>();
        for (var i = 0; i < blob.Count; i++)
        {
            var guest = blob.Guests[i];
            RequireInside(guest.Kernel, buffer);
            RequireInside(guest.Initrd, buffer);
            RequireInside(guest.RamDisk, buffer);
            FuzzException.Require((guest.RamDisk.Length & 511) == 0 && (guest.RamDisk.Length == 0 || guest.HasDevices), "a disk in memory that cannot be");
            FuzzException.Require(guest.Kernel.Length > 0 && guest.HartCount is > 0 and <= GuestBlob.MaximumHarts && (guest.MemorySize & 0x1f_ffff) == 0, "a guest that cannot be");
            FuzzException.Require((given & guest.Devices) == 0, "a device is given twice");
            given |= guest.Devices;
            FuzzException.Require(labels.Add(Encoding.Latin1.GetString(guest.Label)), "two guests of one name");
            FuzzException.Require(guest.Network == GuestNetworkKind.None || (guest.Mac != 0 && (guest.Mac & 1) == 0 && guest.Mac >> 48 == 0), "no address of a card");
            FuzzException.Require(guest.Network == GuestNetworkKind.None || addresses.Add(guest.Mac), "two cards of one address");
            FuzzException.Require(guest.Disk.Length <= 36 && (guest.Disk.Length != 0 || !guest.DiskIsReadOnly), "a partition that cannot be");
            FuzzException.Require(guest.Disk.Length == 0 || disks.Add(Encoding.Latin1.GetString(guest.Disk)) || guest.DiskIsReadOnly, "a partition is given twice to be written");
            var order = 0;
            for (var device = 0; device < guest.DeviceCount; device++)
            {
                order |= 1 << guest.DeviceOrder[device];
            }

            FuzzException.Require(order == guest.Devices && guest.BootArguments.IndexOf((byte)0) < 0, "devices or command line disagree");
        }

        CheckTree(input, blob.Count);
    }

    private static void CheckTree(ReadOnlySpan<byte> input, int count)
    {
        if (input.StartsWith((ReadOnlySpan<byte>)[0xd0, 0x0d, 0xfe, 0xed]))
        {
            var root = PlainTree.Read(input.ToArray());
            FuzzException.Require(root is not null && root.Strings("compatible").Contains("rvirt,guests"), "guests in what is no blob");
            FuzzException.Require(root!.Children.Count(c => c.Strings("compatible").Contains("rvirt,guest")) == count, "a guest was missed");
        }
    }

    private static void RequireInside(FdtProperty property, GuardedBuffer buffer) => FuzzException.Require(
        property.Length == 0 || (property.Pointer >= buffer.Pointer && property.Pointer + property.Length <= buffer.Pointer + buffer.Length), "a file outside of the blob");
}
