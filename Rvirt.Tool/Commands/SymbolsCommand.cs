using System.CommandLine;
using System.IO;
using Rvirt.Tool.Debugging;
using Rvirt.Tool.Files;

namespace Rvirt.Tool.Commands;

/// <summary><c>symbols KALLSYMS FILE</c>: symbols for gdb of what a kernel says of itself.</summary>
public static class SymbolsCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var from = new Argument<FileInfo>("kallsyms") { Description = "What root read in the guest's /proc/kallsyms." };
        var to = new Argument<FileInfo>("file") { Description = "The ELF file to make, for gdb's add-symbol-file or file." };
        var command = new Command("symbols", "Makes a file of a kernel's symbols for gdb, from the kernel's own /proc/kallsyms.") { from, to };
        command.SetAction(result => MakeCommand.Guarded(() => Run(result.GetValue(from)!.FullName, result.GetValue(to)!.FullName)));
        return command;
    }

    /// <summary>Makes it.</summary>
    public static int Run(string from, string to)
    {
        var symbols = new MemoryStream(KernelSymbols.Make(File.ReadLines(from)));
        WholeFile.OnDisk.Make(to, unfinished =>
        {
            WholeFile.OnDisk.Fill(unfinished, symbols);
            return true;
        });
        return 0;
    }
}
