using System;
using System.Collections.Generic;
using System.Linq;
using Rvirt.Tool.Machines;
using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Commands;

/// <summary>A target of the Makefile.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Settings">The names of its settings.</param>
/// <param name="Judge">Throws where a setting is wrong.</param>
public sealed record MakeTarget(string Name, IReadOnlyList<string> Settings, Action<Setting, WorkingCopy> Judge)
{
    /// <summary>The command of this program that is behind it, where it has another name.</summary>
    public string Command { get; init; } = Name;
}

/// <summary>The targets of the Makefile with their settings: the one list of them.</summary>
public static class MakeTargets
{
    /// <summary>Settings of the recipe and make itself, which every target may be given.</summary>
    private static readonly string[] s_everywhere = ["RVIRT_GUEST_OUT", "RVIRT_DEBIAN_OUT", "RVIRT_MIRROR", "XDG_CACHE_HOME", "CI", "SHELL", "PATH", "HOME"];

    /// <summary>All targets that build, run or download something.</summary>
    public static IReadOnlyList<MakeTarget> All { get; } =
    [
        new("qemu", RunSettings.Names, (settings, _) => RunCommand.Judge(settings, debug: false, Outside.Real.Ports)),
        new("qemu-gdb", [.. RunSettings.Names, RunSettings.DebuggerPort], (settings, _) => RunCommand.Judge(settings, debug: true, Outside.Real.Ports)) { Command = "run-gdb" },
        new("gdb", [HostBoard.Setting, "FIRMWARE", RunSettings.DebuggerPort], (settings, _) => GdbCommand.Judge(settings, Outside.Real.Ports)) { Command = "gdb-hypervisor" },
        new("ssh", ["GUEST", "SSH_PORT", "CMD"], (settings, copy) => SshCommand.Arguments(settings, copy)),
        new("debian", RunSettings.NamesOfDistribution, (settings, _) => RunCommand.JudgeDistribution(settings, Outside.Real.Ports)),
        new("debian-test", ["FIRMWARE", "VCPUS", "MEMORY", "RUNS"], (settings, copy) => DotnetPlan.DistributionTest(settings, copy)),
        new("fit", RunSettings.NamesOfCard, (settings, _) => RunSettings.ReadCard(settings)),
        new("sdcard", [.. RunSettings.NamesOfCard, CardCommand.Setting], (settings, _) => RunSettings.ReadCard(settings)),
        new("desktop-linux", ["APPEND", "UNTIL", "NATIVE", "STRICT"], (settings, copy) => DotnetPlan.Desktop(settings, copy)) { Command = "desktop" },
        new("lockstep", ["N", "SEED", "JOBS", "SWITCH", "VECTORS", "SIBLINGS"], (settings, copy) => DotnetPlan.Lockstep(settings, copy)),
        new("stress", ["FOR", "FIRMWARE", "VCPUS", "HARTS", "CLASS", "NATIVE"], (settings, copy) => DotnetPlan.Stress(settings, copy)),
        new("ratios", ["RUNS", "DOCS"], (settings, copy) => DotnetPlan.Ratios(settings, copy)),
        new("fuzz", ["TARGET", "FOR"], (settings, copy) => DotnetPlan.Fuzz(settings, copy)),
        new("mutation", ["PROJECT", "FILES"], (settings, copy) => DotnetPlan.Mutation(settings, copy)),
        new("bench", ["BENCH", "TRACE"], (settings, copy) => DotnetPlan.Bench(settings, copy)),
        new("test", ["FILTER"], (settings, copy) => DotnetPlan.Test(settings, copy)),
        new("image", [HostBoard.Setting], (settings, _) => HostBoard.ReadImages(settings)),
        new("guest", [Suite.Setting], (settings, _) => Suite.Read(settings)),
        .. from name in new[] { "coverage", "packages", "api", "release", "newest", "firmware", "setup", "picture", "debian-root" } select new MakeTarget(name, [], (_, _) => { }),
    ];

    /// <summary>Judges what was typed behind <c>make</c>.</summary>
    /// <param name="goals">The targets that were typed; those that are not of the list have no settings.</param>
    /// <param name="typed">The names of the settings that were typed.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="copy">Where the parts lie.</param>
    /// <exception cref="FormatException">None of the targets has such a setting, or a value is wrong.</exception>
    public static void Judge(IReadOnlyList<string> goals, IEnumerable<string> typed, Setting settings, WorkingCopy copy)
    {
        var targets = All.Where(target => goals.Contains(target.Name)).ToArray();
        Setting.RefuseUnknown($"make {string.Join(' ', goals)}", typed.Except(s_everywhere), [.. targets.SelectMany(target => target.Settings).Distinct()]);
        foreach (var target in targets)
        {
            target.Judge(settings, copy);
        }
    }
}
