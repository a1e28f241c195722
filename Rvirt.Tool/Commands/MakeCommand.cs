using System;
using System.Collections;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using Rvirt.Tool.Machines;
using Rvirt.Tool.Reporting;
using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Commands;

/// <summary>A command that stands behind a target of the Makefile. Its settings come in the environment; <see cref="MakeTargets"/> has their names.</summary>
public static class MakeCommand
{
    /// <summary>Makes the command.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="run">Judges the settings and goes on.</param>
    public static Command Create(string name, string description, Func<Setting, int> run)
    {
        var target = MakeTargets.All.FirstOrDefault(target => target.Command == name && target.Settings.Count > 0);
        var settings = target is null ? "" : $" Settings of the environment, which make help explains, or behind make {target.Name}: {string.Join(", ", target.Settings)}.";
        var command = new Command(name, description + settings);
        command.SetAction(_ => Guarded(() => run(new Setting(Typed()))));
        return command;
    }

    /// <summary>The settings, as make hands them on.</summary>
    public static Dictionary<string, string> Typed() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");

    /// <summary>Makes a command that becomes <c>dotnet</c>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="arguments">The arguments of <c>dotnet</c>.</param>
    /// <param name="folder">Where it runs, below the top of the working copy.</param>
    public static Command CreateDotnet(string name, string description, Func<Setting, WorkingCopy, IReadOnlyList<string>> arguments, string folder = "") =>
        Create(name, description, settings =>
        {
            var copy = WorkingCopy.Find();
            var words = arguments(settings, copy);
            Directory.SetCurrentDirectory(Path.Combine(copy.Top, folder));
            return Outside.Real.Programs.Become("dotnet", words);
        });

    /// <summary>Runs an action; what goes wrong in it is one line, and the exit status.</summary>
    public static int Guarded(Func<int> action)
    {
        try
        {
            return action();
        }
        catch (Exception problem) when (problem is FormatException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return Report.Fail(problem.Message);
        }
    }
}
