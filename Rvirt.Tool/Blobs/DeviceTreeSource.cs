using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;

namespace Rvirt.Tool.Blobs;

/// <summary>Writes guests as device-tree source, in the binding of docs/guests.md.</summary>
public static class DeviceTreeSource
{
    /// <summary>The source text for these guests; files go in by /incbin/ with absolute paths.</summary>
    public static string Write(IReadOnlyList<GuestSpec> guests)
    {
        var text = new StringBuilder();
        text.Append("/dts-v1/;\n\n/ {\n\tcompatible = \"rvirt,guests\";\n\t#address-cells = <1>;\n\t#size-cells = <0>;\n");
        for (var index = 0; index < guests.Count; index++)
        {
            var guest = guests[index];
            text.Append(CultureInfo.InvariantCulture, $"\n\tguest@{index:x} {{\n");
            text.Append("\t\tcompatible = \"rvirt,guest\";\n");
            text.Append(CultureInfo.InvariantCulture, $"\t\treg = <{index}>;\n");
            text.Append(CultureInfo.InvariantCulture, $"\t\tlabel = {Quote(guest.Name)};\n");
            text.Append(CultureInfo.InvariantCulture, $"\t\tkernel = /incbin/({Quote(Path.GetFullPath(guest.Kernel))});\n");
            if (guest.Initrd is not null)
            {
                text.Append(CultureInfo.InvariantCulture, $"\t\tinitrd = /incbin/({Quote(Path.GetFullPath(guest.Initrd))});\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"\t\tbootargs = {Quote(guest.Append)};\n");
            text.Append(CultureInfo.InvariantCulture, $"\t\tharts = <{guest.Harts}>;\n");
            text.Append(CultureInfo.InvariantCulture, $"\t\tshare = <{guest.Share}>;\n");
            text.Append(CultureInfo.InvariantCulture, $"\t\tpinned = <{(guest.Pinned ? 1 : 0)}>;\n");
            text.Append(CultureInfo.InvariantCulture, $"\t\tautostart = <{(guest.Autostart ? 1 : 0)}>;\n");
            text.Append(CultureInfo.InvariantCulture, $"\t\tsnapshot = <{(guest.Snapshot ? 1 : 0)}>;\n");
            if (guest.Memory is { } memory)
            {
                text.Append(CultureInfo.InvariantCulture, $"\t\tmemory = <0x{memory >> 32:x} 0x{memory & 0xffffffff:x}>;\n");
            }

            if (guest.Devices is { } devices)
            {
                text.Append(CultureInfo.InvariantCulture, $"\t\tdevices = <{string.Join(' ', devices.Select(slot => slot.ToString(CultureInfo.InvariantCulture)))}>;\n");
            }

            if (guest.RamDisk is not null)
            {
                text.Append(CultureInfo.InvariantCulture, $"\t\tramdisk = /incbin/({Quote(Path.GetFullPath(guest.RamDisk))});\n");
            }

            if (guest.Network is not null)
            {
                text.Append(guest.Network == "private" ? "\t\tnetwork = \"private\";\n" : "\t\tnetwork;\n");
            }

            if (guest.Mac is { } mac)
            {
                text.Append(CultureInfo.InvariantCulture, $"\t\tmac = [{mac.Replace(':', ' ')}];\n");
            }

            if (guest.Disk is not null)
            {
                text.Append(CultureInfo.InvariantCulture, $"\t\tdisk = {Quote(guest.Disk)};\n");
            }

            if (guest.DiskReadOnly)
            {
                text.Append("\t\tdisk-readonly;\n");
            }

            text.Append("\t};\n");
        }

        return text.Append("};\n").ToString();
    }

    /// <summary>A device-tree string literal.</summary>
    private static string Quote(string text) =>
        "\"" + text.Replace("\\", "\\\\", System.StringComparison.Ordinal).Replace("\"", "\\\"", System.StringComparison.Ordinal) + "\"";
}
