using System.CommandLine;
using System.IO;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tool.Commands;

/// <summary><c>check BLOB</c>: reads a blob with the hypervisor's own parser and names what it would refuse.</summary>
public static class CheckCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var blob = new Argument<FileInfo>("blob") { Description = "The blob to check." };
        var command = new Command("check", "Reads a blob as Rvirt does and names what it refuses.") { blob };
        command.SetAction(result => BlobCheck.Run(result.GetValue(blob)!, quiet: false));
        return command;
    }
}
