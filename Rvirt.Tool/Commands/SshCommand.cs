using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using Rvirt.Tool.Machines;
using Rvirt.Tool.Reporting;
using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Commands;

/// <summary><c>ssh</c>: logs in to a running guest as root with the key of the build, or runs a command there and ends with its status.</summary>
public static class SshCommand
{
    /// <summary>The command behind <c>make ssh</c>.</summary>
    public static Command Create() => MakeCommand.Create("ssh", "Logs in to a running guest, or runs the command in CMD there.", settings => Run(settings, WorkingCopy.Find(), Outside.Real));

    /// <summary>The arguments of the ssh program.</summary>
    public static IReadOnlyList<string> Arguments(Setting settings, WorkingCopy copy)
    {
        var guest = settings.Number("GUEST", 0, 0, 3, "the number of a guest");
        var port = settings.Number("SSH_PORT", 10001, 1, 65532, "the port of the first guest");
        List<string> arguments =
        [
            "-p", (port + guest).ToString(CultureInfo.InvariantCulture), "-i", copy.OfGuest("id_ed25519"), "-o", "IdentitiesOnly=yes",
            "-o", $"UserKnownHostsFile=\"{copy.OfGuest("known_hosts")}\"", "-o", "HostKeyAlias=rvirt-guest", "root@127.0.0.1",
        ];
        if (settings.Text("CMD") is { } command)
        {
            arguments.Add(command);
        }

        return arguments;
    }

    /// <summary>Becomes the ssh program.</summary>
    /// <param name="settings">What was typed.</param>
    /// <param name="copy">Where the parts lie.</param>
    /// <param name="outside">What that takes of this machine.</param>
    public static int Run(Setting settings, WorkingCopy copy, Outside outside)
    {
        var arguments = Arguments(settings, copy);
        return !File.Exists(copy.OfGuest("id_ed25519")) ? Report.Fail("there is no guest to log in to yet: run make qemu")
            : outside.Programs.Become("ssh", arguments);
    }
}
