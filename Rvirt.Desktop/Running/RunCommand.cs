using System;
using System.CommandLine;
using System.IO;
using Spectre.Console;

namespace Rvirt.Desktop.Running;

/// <summary><c>run --kernel FILE ...</c>: runs a guest until it ends, says something or has used up its instructions.</summary>
internal static class RunCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var kernel = new Option<FileInfo>("--kernel", "-k") { Description = "An ELF, a flat Image or flat code for S-mode.", Required = true };
        var initrd = new Option<FileInfo?>("--initrd", "-i") { Description = "Its initial RAM disk." };
        var disk = new Option<FileInfo?>("--disk", "-d") { Description = "A raw disk for virtio slot 0; the file is never changed." };
        var append = new Option<string>("--append", "-a") { Description = "Its command line.", DefaultValueFactory = _ => "console=ttyS0" };
        var memory = new Option<int>("--memory", "-m") { Description = "Its RAM in MiB.", DefaultValueFactory = _ => 128 };
        var guests = new Option<int>("--guests", "-g") { Description = "That many guests under Rvirt, each on a hart of its own.", DefaultValueFactory = _ => 1 };
        var native = new Option<bool>("--native") { Description = "Without Rvirt: in real S-mode of the machine, above a minimal firmware." };
        var strict = new Option<bool>("--strict") { Description = "A hart that forgets no translation and no instruction until a fence says so." };
        var until = new Option<string?>("--until", "-u") { Description = "End well once the console shows this text." };
        var type = new Option<string[]>("--type", "-t") { Description = "PROMPT=TEXT: type a line once the console shows the prompt. May be repeated, in order." };
        var limit = new Option<ulong>("--limit", "-l") { Description = "Millions of instructions to run at most.", DefaultValueFactory = _ => 20_000 };
        var command = new Command("run", "Runs a guest and shows its console, its progress and its speed.")
        {
            kernel, initrd, disk, append, memory, guests, native, strict, until, type, limit,
        };
        command.SetAction(result => Run(new RunSettings
        {
            Kernel = result.GetValue(kernel)!.FullName,
            Initrd = result.GetValue(initrd)?.FullName,
            Disk = result.GetValue(disk)?.FullName,
            Arguments = result.GetValue(append)!,
            Memory = (ulong)result.GetValue(memory) << 20,
            Guests = result.GetValue(guests),
            Native = result.GetValue(native),
            Strict = result.GetValue(strict),
            Until = result.GetValue(until),
            Replies = result.GetValue(type) ?? [],
            Limit = result.GetValue(limit) * 1_000_000,
        }));
        return command;
    }

    private static int Run(RunSettings settings)
    {
        try
        {
            using var run = GuestRun.Start(settings);
            return run.ToTheEnd();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or InvalidOperationException or FormatException)
        {
            AnsiConsole.MarkupLineInterpolated($"[red]{problem.Message}[/]");
            return 2;
        }
    }
}
