using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Reporting;
using Spectre.Console;

namespace Rvirt.Tool.Commands;

/// <summary><c>blob -o OUT [--guest KEY=VALUE,...]... [SOURCE.dts]</c>: packs guests into one file that Rvirt takes as its initrd.</summary>
public static class BlobCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var output = new Option<FileInfo>("--output", "-o") { Description = "The blob to write.", Required = true };
        var guests = new Option<string[]>("--guest", "-g")
        {
            Description = "A guest: name=N,kernel=FILE[,initrd=FILE][,memory=512M][,harts=1][,share=100][,pinned=0][,autostart=1][,snapshot=0][,devices=7+6][,ramdisk=FILE][,disk=LABEL][,disk-readonly=0][,append=...] (append takes the rest; in other values two commas are one). "
                + "devices are host virtio-mmio slots; ramdisk is what a disk in memory begins with at each start, disk the label of a partition of the host's disk.",
        };
        var source = new Argument<FileInfo?>("source") { Description = "A device-tree source instead of --guest.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("blob", "Packs guests into one blob.") { output, guests, source };
        command.SetAction(result => Run(result.GetValue(output)!, result.GetValue(guests) ?? [], result.GetValue(source)));
        return command;
    }

    private static int Run(FileInfo output, string[] texts, FileInfo? source)
    {
        try
        {
            if ((source is null) == (texts.Length == 0))
            {
                return Report.Fail("give guests by --guest, or a device-tree source, but not both");
            }

            var status = source is null
                ? BlobFile.Pack([.. texts.Select(GuestSpec.Parse)], output.FullName)
                : BlobFile.Compile(source.FullName, output.FullName);
            if (status == 0)
            {
                output.Refresh();
                AnsiConsole.MarkupLineInterpolated($"blob: {output.Name}, {output.Length >> 20} MiB");
            }

            return status;
        }
        catch (Exception problem) when (problem is FormatException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return Report.Fail(problem.Message);
        }
    }
}
