using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using Rvirt.Tool.Files;
using Rvirt.Tool.Machines;
using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Commands;

/// <summary><c>desktop</c>: boots the Debian guest on the reference machine, inside a .NET process.</summary>
public static class DesktopCommand
{
    private const string Program = "Rvirt.Tests/FakeHart/bin/Release/net10.0/Rvirt.FakeHart.dll";

    /// <summary>The command behind <c>make desktop-linux</c>.</summary>
    public static Command Create() => MakeCommand.Create(
        "desktop", "desktop-linux", "Boots the Debian guest on the reference machine.", ["APPEND", "UNTIL", "NATIVE", "STRICT"], Run);

    /// <summary>The arguments of the reference machine.</summary>
    public static IReadOnlyList<string> Arguments(Setting settings, WorkingCopy copy)
    {
        List<string> arguments =
        [
            "run", "--memory", "256", "--kernel", copy.OfGuest("Image"), "--initrd", copy.OfGuest("initrd"), "--disk", copy.OfGuest("disk.ext4"),
            $"--append={settings.Text("APPEND") ?? "console=ttyS0 rvirt.name=desktop"}", $"--until={settings.Text("UNTIL") ?? "login:"}",
        ];
        arguments.AddRange(settings.Switch("NATIVE") ? ["--native"] : []);
        arguments.AddRange(settings.Switch("STRICT") ? ["--strict"] : []);
        return arguments;
    }

    private static int Run(Setting settings, bool check)
    {
        var copy = WorkingCopy.Find();
        var arguments = Arguments(settings, copy);
        return check ? 0 : Programs.Become("dotnet", [WorkingCopy.Need(Path.Combine(copy.Top, Program), "make desktop-linux"), .. arguments]);
    }
}
