using System;
using System.CommandLine;
using System.IO;
using Rvirt.Fuzz.Targets;

namespace Rvirt.Fuzz.Commands;

/// <summary>Options that the commands share.</summary>
internal static class FuzzOptions
{
    public static Option<string> Target()
    {
        var option = new Option<string>("--target") { Description = "What to feed", DefaultValueFactory = _ => "all" };
        option.AcceptOnlyFromAmong(["all", .. FuzzTargets.Names]);
        return option;
    }

    public static Option<double> Seconds() => new("--seconds") { Description = "How long; 0: until a find or an interrupt", DefaultValueFactory = _ => 0 };

    public static Option<DirectoryInfo> Corpus() => new("--corpus") { Description = "Folder of the seed corpus", Required = true };

    public static Option<DirectoryInfo> Output() => new("--output") { Description = "Folder for finds, the grown corpus and instrumented code", Required = true };

    /// <summary>Writes a line of progress.</summary>
    public static void Say(string line) => Console.WriteLine("fuzz: " + line);
}
