using System;
using System.CommandLine;
using Rvirt.Tool.Machines;

namespace Rvirt.Tool.Commands;

/// <summary><c>settings</c>: judges the settings of all targets that were typed, before the first of them does anything.</summary>
public static class SettingsCommand
{
    /// <summary>The variable with the names of the settings that were typed behind <c>make</c>.</summary>
    public const string Typed = "RVIRT_SETTINGS";

    /// <summary>The variable with the targets that were typed.</summary>
    public const string Goals = "RVIRT_GOALS";

    /// <summary>The command behind each target of the Makefile.</summary>
    public static Command Create() => MakeCommand.Create("settings", "Judges the settings of the Makefile's targets.", settings =>
    {
        MakeTargets.Judge(Words(settings.Text(Goals)), Words(settings.Text(Typed)), settings, WorkingCopy.Find());
        return 0;
    });

    private static string[] Words(string? text) => text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
