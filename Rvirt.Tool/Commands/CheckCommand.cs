using System.CommandLine;
using System.IO;
using System.Text;
using Rvirt.Core.DeviceTree;
using Spectre.Console;

namespace Rvirt.Tool.Commands;

/// <summary><c>check BLOB</c>: reads a blob with the hypervisor's own parser and names what it would refuse.</summary>
public static class CheckCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var blob = new Argument<FileInfo>("blob") { Description = "The blob to check." };
        var command = new Command("check", "Reads a blob as Rvirt does and names what it refuses.") { blob };
        command.SetAction(result => Check(result.GetValue(blob)!, quiet: false));
        return command;
    }

    /// <summary>Checks a blob; prints what is in it unless told to be quiet, and what is wrong with it always.</summary>
    /// <returns>The exit status: 0 when Rvirt takes it.</returns>
    public static unsafe int Check(FileInfo blob, bool quiet)
    {
        if (!blob.Exists)
        {
            return Report.Fail($"cannot read {blob.FullName}");
        }

        var bytes = File.ReadAllBytes(blob.FullName);
        // SAFETY: the array stays pinned while the reader uses the pointer, and its length goes along.
        fixed (byte* start = bytes)
        {
            var error = FdtReader.Open(start, (ulong)bytes.Length, out var tree);
            if (error != FdtError.None)
            {
                return Report.Fail($"{blob.Name}: {Encoding.UTF8.GetString(FdtErrorText.Of(error))}");
            }

            if (!tree.IsCompatible(tree.Root, "rvirt,guests"u8))
            {
                return Report.Fail($"{blob.Name}: its root is not compatible with \"rvirt,guests\" (docs/guests.md)");
            }

            var table = new Table().AddColumns("guest", "kernel", "initrd", "memory", "harts", "devices", "command line");
            var count = 0;
            foreach (var node in tree.Children(tree.Root))
            {
                if (!tree.IsCompatible(node, "rvirt,guest"u8))
                {
                    continue;
                }

                count++;
                var name = Encoding.UTF8.GetString(tree.Name(node));
                if (!tree.TryProperty(node, "kernel"u8, out var kernel) || kernel.Length == 0)
                {
                    return Report.Fail($"{blob.Name}: {name} has no kernel");
                }

                var label = tree.TryProperty(node, "label"u8, out var text) && text.TryString(out var span) ? Encoding.UTF8.GetString(span) : name;
                var arguments = tree.TryProperty(node, "bootargs"u8, out text) && text.TryString(out span) ? Encoding.UTF8.GetString(span) : "";
                var initrd = tree.TryProperty(node, "initrd"u8, out var property) ? Size((ulong)property.Length) : "none";
                var memory = tree.TryUInt64(node, "memory"u8, out var size) ? Size(size) : "a share";
                var harts = tree.TryUInt32(node, "harts"u8, out var number) ? number : 1;
                var devices = new StringBuilder();
                if (tree.TryProperty(node, "devices"u8, out var slots))
                {
                    for (var index = 0; slots.TryCell(index, out var slot); index++)
                    {
                        devices.Append(index == 0 ? "" : " ").Append(slot);
                    }
                }

                table.AddRow(
                    Markup.Escape(label), Size((ulong)kernel.Length), initrd, memory, $"{harts}", devices.ToString(), Markup.Escape(arguments));
            }

            if (count == 0)
            {
                return Report.Fail($"{blob.Name}: it describes no guest");
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
