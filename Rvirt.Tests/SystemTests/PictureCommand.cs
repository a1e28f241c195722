using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary><c>make picture</c>: two Debian guests side by side and the monitor, as they answer, for the README.</summary>
internal static class PictureCommand
{
    /// <summary>Where the picture goes, below the top.</summary>
    public const string Picture = "docs/pictures/two-guests.svg";

    private const string Escape = "\x1d";

    private static readonly string[] s_first = ["uname -nrm", "nproc", "ip -4 -o addr show dev eth0 | cut -d' ' -f7", "head -c 16777216 /dev/zero | sha256sum", "cut -d' ' -f1 /proc/uptime"];

    private static readonly string[] s_second = ["uname -nrm", "nproc", "for i in 1 2 3; do echo $i > /root/$i && sync; done; ls /root", "dmesg | tail -n 2 | cut -c1-70", "cut -d' ' -f1 /proc/uptime"];

    private static readonly string[] s_monitor = ["guests", "cores", "vcpus guest1", "stats guest1"];

    /// <summary>Runs it.</summary>
    public static int Run()
    {
        try
        {
            using var machine = GuestMachine.BootDebian(Firmware.Stub, 2, TimeSpan.FromMinutes(30), harts: 2);
            for (var guest = 0; guest < 2; guest++)
            {
                machine.Qemu.ExpectAnywhere($@"rvirt-guest: ssh ready after [\d.]+ s on guest{guest}", 600);
            }

            TerminalPicture.Terminal[] guests = [Shell(machine, 0, s_first), Shell(machine, 1, s_second)];
            var monitor = Monitor(machine.Qemu);
            var path = Path.Combine(Repository.Top, Picture);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (var file = File.Create(path + ".new"))
            {
                TerminalPicture.Write(guests, monitor, file);
            }

            File.Move(path + ".new", path, overwrite: true);
            Console.WriteLine($"picture: {Picture}");
            return 0;
        }
        catch (Exception problem) when (problem is AssertionException or TimeoutException or IOException)
        {
            Console.Error.WriteLine($"picture: {problem.Message}");
            return 1;
        }
    }

    private static TerminalPicture.Terminal Shell(GuestMachine machine, int guest, string[] commands)
    {
        var lines = new List<string>();
        foreach (var command in commands)
        {
            lines.Add($"{TerminalPicture.Terminal.Typed}root@guest{guest}:~# {command}");
            lines.AddRange(machine.Guests[guest].Run(command).Split('\n').Select(line => line.TrimEnd()));
        }

        return new($"make ssh GUEST={guest}", lines);
    }

    private static TerminalPicture.Terminal Monitor(QemuMachine qemu)
    {
        var lines = new List<string>();
        qemu.Skip();
        qemu.Send(Escape + "m");
        qemu.Expect(@"rvirt> ", 60);
        foreach (var command in s_monitor)
        {
            qemu.Send(command + "\r");
            var answer = qemu.Expect($@"{command}\r\n((?:.|\n)*?)rvirt: ok\r\n", 60);
            lines.Add($"{TerminalPicture.Terminal.Typed}rvirt> {command}");
            lines.AddRange(answer.Groups[1].Value.TrimEnd().Split('\n').Select(line => line.TrimEnd()));
            qemu.Expect(@"rvirt> ", 60);
        }

        return new("the serial line of both, behind Ctrl-] m", lines);
    }
}
