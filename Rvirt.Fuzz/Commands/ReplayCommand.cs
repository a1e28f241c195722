using System.CommandLine;
using System.IO;
using Rvirt.Fuzz.Targets;

namespace Rvirt.Fuzz.Commands;

/// <summary>Feeds a target with one file, under a debugger for example.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var target = FuzzOptions.Target();
        var file = new Argument<FileInfo>("file") { Description = "The input" };
        var command = new Command("replay", "Feeds a target with one input") { target, file };
        command.SetAction(result =>
        {
            FuzzTargets.Get(result.GetValue(target)!).Run(File.ReadAllBytes(result.GetValue(file)!.FullName));
            FuzzOptions.Say("nothing wrong with it");
        });
        return command;
    }
}
