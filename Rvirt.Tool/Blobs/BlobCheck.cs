using System.IO;
using System.Text;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Tool.Reporting;
using Spectre.Console;

namespace Rvirt.Tool.Blobs;

/// <summary>Reads a blob as Rvirt does, and names what it refuses.</summary>
public static class BlobCheck
{
    /// <summary>RAM taken for a guest whose share is not known before it runs: kernels are refused that fit no machine.</summary>
    private const ulong LargestShare = 1UL << 40;

    /// <summary>Checks a blob; prints what is in it unless told to be quiet, and what is wrong with it always.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="quiet">Whether to print only what is wrong.</param>
    /// <param name="name">What messages call it, where that is not its file's name.</param>
    /// <returns>The exit status: 0 when Rvirt takes it.</returns>
    public static unsafe int Run(FileInfo blob, bool quiet, string? name = null)
    {
        name ??= blob.Name;
        if (!blob.Exists)
        {
            return Report.Fail($"cannot read {blob.FullName}");
        }

        var bytes = File.ReadAllBytes(blob.FullName);
        // SAFETY: the array stays pinned while the reader uses the pointer, and its length goes along.
        fixed (byte* start = bytes)
        {
            var error = GuestBlob.Read(start, (ulong)bytes.Length, default, out var guests);
            if (error == GuestBlobError.WrongTree)
            {
                return Report.Fail($"{name}: {Encoding.UTF8.GetString(FdtErrorText.Of(guests.TreeError))}");
            }

            if (error != GuestBlobError.None)
            {
                return Report.Fail($"{name}: guest {guests.Count}: {Encoding.UTF8.GetString(GuestBlobErrorText.Of(error))}{Encoding.UTF8.GetString(guests.Unknown.Name)} (docs/guests.md)");
            }

            var table = new Table().AddColumns("guest", "kernel", "initrd", "memory", "harts", "share", "devices", "command line");
            for (var index = 0; index < guests.Count; index++)
            {
                ref var guest = ref guests.Guests[index];
                var label = Encoding.UTF8.GetString(guest.Label);
                var memory = guest.MemorySize == 0 ? LargestShare : guest.MemorySize;
                var wrong = KernelImage.Check(guest.Kernel.Pointer, (ulong)guest.Kernel.Length, GuestBoard.Standard.MemoryBase, memory, out var kernel);
                if (wrong == ImageError.None)
                {
                    wrong = GuestLayout.Place(
                        kernel, GuestBoard.Standard.MemoryBase, memory, (ulong)guest.Initrd.Length, GuestDeviceTree.SuggestedBufferLength, out _);
                }

                if (wrong != ImageError.None)
                {
                    return Report.Fail($"{name}: guest {label}: {Encoding.UTF8.GetString(ImageErrorText.Of(wrong))}");
                }

                var devices = new StringBuilder();
                for (var slot = 0; slot < guest.DeviceCount; slot++)
                {
                    devices.Append(slot == 0 ? "" : " ").Append(guest.DeviceOrder[slot]);
                }

                if (guest.RamDisk.Length != 0)
                {
                    devices.Append(guest.DeviceCount == 0 ? "" : " ").Append("disk of ").Append(Size((ulong)guest.RamDisk.Length));
                }

                if (guest.Disk.Length != 0)
                {
                    devices.Append(devices.Length == 0 ? "" : " ").Append("partition ").Append(Encoding.UTF8.GetString(guest.Disk)).Append(guest.DiskIsReadOnly ? ", read-only" : "");
                }

                if (guest.Network != GuestNetworkKind.None)
                {
                    devices.Append(devices.Length == 0 ? "" : " ").Append(guest.Network == GuestNetworkKind.Private ? "private network" : "network");
                }

                table.AddRow(
                    Markup.Escape(label) + (guest.Autostart ? "" : " (not started)"),
                    $"{Size((ulong)guest.Kernel.Length)} {kernel.Kind}",
                    guest.Initrd.Length == 0 ? "none" : Size((ulong)guest.Initrd.Length),
                    (guest.MemorySize == 0 ? "a share" : Size(guest.MemorySize)) + (guest.Snapshot ? ", twice" : ""),
                    $"{guest.HartCount}",
                    guest.Pinned ? "pinned" : $"{guest.Share}",
                    Markup.Escape(devices.ToString()),
                    Markup.Escape(Encoding.UTF8.GetString(guest.BootArguments)));
            }

            if (!quiet)
            {
                AnsiConsole.Write(table);
            }
        }

        return 0;
    }

    private static string Size(ulong bytes) => bytes >= 1 << 20 ? $"{bytes >> 20} MiB" : $"{(bytes + 1023) >> 10} KiB";
}
