using System;
using System.CommandLine;
using System.IO;
using System.Threading;
using Rvirt.Tool.Files;
using Rvirt.Tool.Terminals;
using Rvirt.Tool.Traces;

namespace Rvirt.Tool.Commands;

/// <summary><c>trace FILE</c>: the last traps of a running machine's harts, for a viewer of traces or as a picture.</summary>
public static class TraceCommand
{
    private const double LongestWait = 3600;

    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var file = new Argument<FileInfo>("file") { Description = "Where to: FILE.json for Perfetto or Chrome, FILE.svg for a picture of causes and places." };
        var seconds = new Option<double>("--for") { Description = "Seconds for which the machine notes traps down.", DefaultValueFactory = _ => 1 };
        var timebase = new Option<uint>("--timebase") { Description = "Ticks of time in a second, as timebase-frequency of the machine's tree; QEMU's virt board has ten million.", DefaultValueFactory = _ => 10_000_000 };
        var choice = new LineChoice();
        var command = new Command("trace", "Writes the last traps of a running machine's harts as a trace or a picture.") { file, seconds, timebase };
        choice.AddTo(command);
        command.SetAction(result => MakeCommand.Guarded(() => result.GetValue(seconds) is >= 0 and <= LongestWait and var wait
            ? Run(choice.Of(result), Lines.Real, result.GetValue(file)!.FullName, result.GetValue(timebase), () => Thread.Sleep(TimeSpan.FromSeconds(wait)), Console.Error)
            : throw new FormatException($"--for is 0 to {LongestWait} seconds")));
        return command;
    }

    /// <summary>Takes the traps and writes the file, whole or not at all.</summary>
    /// <returns>The exit status.</returns>
    /// <exception cref="FormatException">The file's name or the timebase is none.</exception>
    /// <exception cref="IOException">The monitor refuses, or the file cannot be written.</exception>
    public static int Run(LineChoice.Chosen line, ILines lines, string file, uint timebase, Action wait, TextWriter says)
    {
        var kind = Path.GetExtension(file);
        if (kind is not (".json" or ".svg"))
        {
            throw new FormatException($"{file}: the name ends in .json or .svg, which says what is written");
        }

        if (timebase == 0)
        {
            throw new FormatException("--timebase is 1 or more");
        }

        using var monitor = line.Open(lines);
        var traps = TrapTrace.Take(monitor, wait);
        using var content = new MemoryStream();
        if (kind == ".json")
        {
            ChromeTrace.Write(traps, timebase, content);
        }
        else
        {
            TrapPicture.Write(traps, content);
        }

        content.Position = 0;
        WholeFile.OnDisk.Make(file, unfinished =>
        {
            WholeFile.OnDisk.Fill(unfinished, content);
            return true;
        });
        says.WriteLine($"{file}: {traps.Count} traps");
        return 0;
    }
}
