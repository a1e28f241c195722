using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Root's SSH session with a guest, through a forwarded port, with the key of the build.</summary>
internal sealed class Ssh(int port)
{
    private const string AfterTheSession = "while [ -e /proc/$PPID ]; do sleep 0.1; done;";

    private IReadOnlyList<string> Options =>
    [
        "-i", Repository.Key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
        "-o", $"ConnectTimeout={Patience.Least.TotalSeconds}", "-o", "StrictHostKeyChecking=yes", "-o", "HostKeyAlias=rvirt-guest",
        // So that a guest that started again, and knows nothing of the session, is asked and ends it; a slow one never does.
        "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=1000",
        "-o", $"UserKnownHostsFile={Repository.KnownHosts}",
    ];

    /// <summary>Runs a command in the guest; it must succeed. Gives its output.</summary>
    public string Run(string command, double seconds = 120, Stream? input = null)
    {
        using var output = new MemoryStream();
        Copy(command, input, output, seconds);
        return Encoding.UTF8.GetString(output.ToArray()).Trim();
    }

    /// <summary>Runs a command in the guest between two streams; it must succeed.</summary>
    public void Copy(string command, Stream? input, Stream output, double seconds = 120)
    {
        var (status, errors) = Commands.Pipe("ssh", Arguments(command), input, output, TimeSpan.FromSeconds(seconds));
        Assert.That(status, Is.Zero, () => $"ssh: {command}\n{errors}");
    }

    /// <summary>
    /// Tells the guest to go down. It does so once its server has seen the session's end (<c>$PPID</c> is the server's process of the session), however
    /// long that takes: a guest that is gone before says nothing more, and its client would wait.
    /// </summary>
    public void RunToTheEnd(string command) => Run($"({AfterTheSession} {command}) > /dev/null 2>&1 &");

    /// <summary>Runs a command in the guest after a login with the password instead of the key; it must succeed.</summary>
    public string RunWithPassword(string password, string command)
    {
        // ssh asks a program for the password where it may not use the terminal.
        using var folder = new TemporaryFolder();
        var script = folder.Write("answer", "#!/bin/sh\nprintf '%s\\n' \"$RVIRT_PASSWORD\"\n"u8);
        Commands.Run("chmod", ["u+x", script]);
        string[] arguments =
        [
            $"SSH_ASKPASS={script}", "SSH_ASKPASS_REQUIRE=force", $"RVIRT_PASSWORD={password}", "ssh", "-o", "PubkeyAuthentication=no",
            "-o", "PreferredAuthentications=password", "-o", "BatchMode=no", .. Options,
            "-p", port.ToString(CultureInfo.InvariantCulture), "root@127.0.0.1", command,
        ];
        var (status, output) = Commands.Run("env", arguments);
        Assert.That(status, Is.Zero, output);
        return output.Trim();
    }

    /// <summary>Copies a file of this machine into the guest with scp.</summary>
    public void CopyFile(string local, string remote, double seconds = 120)
    {
        string[] arguments = [.. Options, "-P", port.ToString(CultureInfo.InvariantCulture), local, $"root@127.0.0.1:{remote}"];
        var (status, output) = Commands.Run("scp", arguments, TimeSpan.FromSeconds(seconds));
        Assert.That(status, Is.Zero, output);
    }

    /// <summary>Starts a command in the guest that answers line by line; whoever asked ends it.</summary>
    public Process Converse(string command) => Process.Start(new ProcessStartInfo("ssh", Arguments(command))
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private string[] Arguments(string command) =>
        [.. Options, "-p", port.ToString(CultureInfo.InvariantCulture), "root@127.0.0.1", command];
}
