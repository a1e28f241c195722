using System;
using System.Collections;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Commands;

/// <summary>A command that stands behind a target of the Makefile. Its settings come in the environment, the names that were typed in RVIRT_SETTINGS.</summary>
public static class MakeCommand
{
    /// <summary>The variable with the names of what was typed behind <c>make</c>.</summary>
    public const string Typed = "RVIRT_SETTINGS";

    /// <summary>Settings of the build, the recipe and make itself, which every target may be given.</summary>
    private static readonly string[] Everywhere = ["RVIRT_GUEST_OUT", "RVIRT_MIRROR", "XDG_CACHE_HOME", "CI", "SHELL", "PATH", "HOME", "configuration"];

    /// <summary>Makes the command.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="target">The target of the Makefile.</param>
    /// <param name="description">What it does.</param>
    /// <param name="known">The names of its settings.</param>
    /// <param name="run">Judges the settings; unless it is told to only check, goes on.</param>
    public static Command Create(string name, string target, string description, IReadOnlyList<string> known, Func<Setting, bool, int> run)
    {
        var check = new Option<bool>("--check") { Description = "Judge the settings and do nothing." };
        var command = new Command(name, description) { check };
        command.SetAction(result => Guarded(() =>
        {
            var values = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
            var typed = values.GetValueOrDefault(Typed, "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Setting.RefuseUnknown($"make {target}", typed.Except(Everywhere), known);
            return run(new Setting(values), result.GetValue(check));
        }));
        return command;
    }

    private static int Guarded(Func<int> action)
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
