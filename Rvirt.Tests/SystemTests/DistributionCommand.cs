using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// <c>make debian-test</c>: a whole Debian boots until systemd says that it runs, installs a package with apt, boots again and goes off, all under Rvirt;
/// and boots without Rvirt, for its times to be compared with. It takes minutes, and its disk is made in some more: too long for <c>make test</c>.
/// </summary>
internal static class DistributionCommand
{
    private const string Installed =
        "cat /run/rvirt-words; rm -f /tmp/key; dropbearkey -t ed25519 -f /tmp/key | grep -o '^ssh-ed25519 '; "
        + "dpkg-query -W -f '${Status}\\n' rvirt-service rvirt-words dropbear-bin libtomcrypt1 libtommath1; dpkg --verify rvirt-service rvirt-words dropbear-bin libtomcrypt1 libtommath1; dpkg --audit";

    private const string EachIsInstalled =
        "served by a package\nssh-ed25519 \ninstall ok installed\ninstall ok installed\ninstall ok installed\ninstall ok installed\ninstall ok installed";

    private const string State = "systemctl is-system-running --wait || systemctl --failed --no-legend --plain";

    public static int Run(ReadOnlySpan<string> arguments)
    {
        var firmware = arguments is ["sbi", ..] ? Firmware.Sbi : arguments is ["resident", ..] ? Firmware.Resident : Firmware.Stub;
        var harts = arguments.Length > 1 ? uint.Parse(arguments[1], CultureInfo.InvariantCulture) : 1;
        var memory = arguments.Length > 2 ? ulong.Parse(arguments[2], CultureInfo.InvariantCulture) : 1024;
        var runs = arguments.Length > 3 ? int.Parse(arguments[3], CultureInfo.InvariantCulture) : 1;
        try
        {
            // One after the other, so that what else this machine does falls on both.
            var costs = new List<(BootCost Rvirt, BootCost Native)>();
            for (var run = 0; run < runs; run++)
            {
                costs.Add((run == 0 ? Live(firmware, harts, memory) : BootOnly(firmware, harts, memory), BootOnly(Firmware.Native, harts, memory)));
            }

            foreach (var (rvirt, native) in costs)
            {
                Say($"until systemd says that the system runs: {rvirt} under Rvirt, {native} without");
            }

            return 0;
        }
        catch (Exception problem) when (problem is AssertionException or TimeoutException)
        {
            Console.Error.WriteLine($"debian-test: {problem.Message}");
            return 1;
        }
    }

    private static BootCost BootOnly(Firmware firmware, uint harts, ulong memory)
    {
        using var machine = Boot(firmware, harts, memory);
        var cost = WaitUntilItRuns(machine, firmware);
        machine.Guests[0].RunToTheEnd("systemctl poweroff");
        machine.Qemu.WaitForExit(600);
        return cost;
    }

    private static BootCost Live(Firmware firmware, uint harts, ulong memory)
    {
        using var folder = new TemporaryFolder();
        using var key = new SigningKey(folder);
        using var server = new PackageServer(folder, key, PackagesOfDebian());
        using var machine = Boot(firmware, harts, memory);
        var guest = machine.Guests[0];
        var cost = WaitUntilItRuns(machine, firmware);

        Assert.That(guest.Run("cat /proc/swaps"), Does.Contain("/swapfile"));
        Assert.That(guest.Run("nproc"), Is.EqualTo(harts.ToString(CultureInfo.InvariantCulture)));
        Assert.That(guest.Run("apt-get --print-uris update"), Does.Contain("InRelease"), "it has sources of its own");
        LogInOnTheConsole(machine.Qemu);
        Say("swap, harts and sources of packages are there, and the user logs in on the console and has sudo");

        guest.CopyFile(key.Keyring, "/etc/apt/rvirt-test.gpg");
        guest.Run($"chmod 644 /etc/apt/rvirt-test.gpg && echo 'deb [signed-by=/etc/apt/rvirt-test.gpg] {server.AddressInGuest} ./' >/etc/apt/rvirt-test.list");
        guest.Run("mkdir -p /etc/apt/none");
        const string Alone = "-o Dir::Etc::sourcelist=/etc/apt/rvirt-test.list -o Dir::Etc::sourceparts=/etc/apt/none -o Acquire::http::Proxy=DIRECT";
        guest.Run($"apt-get {Alone} -q update", 600);
        guest.Run($"DEBIAN_FRONTEND=noninteractive apt-get {Alone} -q -y --no-install-recommends install rvirt-service dropbear-bin", 600);
        Assert.That(guest.Run(Installed), Is.EqualTo(EachIsInstalled));
        Say("apt installed a service and a program of Debian, with what they depend on, and the service runs");

        guest.RunToTheEnd("systemctl reboot");
        _ = WaitUntilItRuns(machine, firmware);
        Assert.That(guest.Run("systemctl is-active rvirt-service ssh"), Is.EqualTo("active\nactive"));
        Assert.That(guest.Run(Installed), Is.EqualTo(EachIsInstalled));
        Assert.That(guest.Run("dmesg"), Does.Not.Contain("recovery").And.Not.Contain("Oops").And.Not.Contain("BUG:"));
        Say("running again after a reboot, its file system clean");

        guest.RunToTheEnd("systemctl poweroff");
        Assert.That(machine.Qemu.WaitForExit(600), Is.Zero, machine.Qemu.Describe);
        var (status, output) = Commands.Run("env", ["PATH=/usr/sbin:/sbin", "e2fsck", "-fn", machine.Disk(0)], TimeSpan.FromMinutes(5));
        Assert.That(status, Is.Zero, output);
        Say("powered off, its disk clean");
        return cost;
    }

    // An empty line has the prompt there again, whatever came after it.
    private static void LogInOnTheConsole(QemuMachine qemu)
    {
        qemu.Skip();
        qemu.Send("\n");
        qemu.Expect("debian login: ", 120);
        qemu.Send("debian\n");
        qemu.Expect("Password: ", 120);
        qemu.Send(Repository.RootPassword + "\n");
        qemu.Expect("debian@debian:", 120);
        qemu.Send("sudo id -un\n");
        qemu.Expect("password for debian: ", 120);
        qemu.Send(Repository.RootPassword + "\n");
        qemu.Expect(@"\nroot[\r\n]", 120);
        // What is typed while sudo still has the terminal is lost with it.
        qemu.Expect("debian@debian:", 120);
        qemu.Send("exit\n");
        qemu.Expect("debian login: ", 120);
    }

    // An SSH server's tools and the libraries under them, which the small guest has and this one has not.
    private static IEnumerable<string> PackagesOfDebian()
    {
        var (status, output) = Commands.Run("env", ["-u", "SUITE", Path.Combine(Repository.Top, "guests/fetch.sh")], TimeSpan.FromMinutes(10));
        Assert.That(status, Is.Zero, output);
        return output.Split('\n').Select(line => line.Split(' ')).Where(words => words is [_, "dropbear-bin" or "libtomcrypt1" or "libtommath1", ..]).Select(words => words[3]);
    }

    private static GuestMachine Boot(Firmware firmware, uint harts, ulong memory) => GuestMachine.BootDebian(
        firmware, 1, TimeSpan.FromHours(1), guestMemory: memory, harts: harts, template: Repository.DistributionDisk);

    private static BootCost WaitUntilItRuns(GuestMachine machine, Firmware firmware)
    {
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on debian", 600);
        Assert.That(machine.Guests[0].Run(State, 600), Is.EqualTo("running"), machine.Qemu.Describe);
        var cost = BootCost.Of(machine.Qemu);
        Assert.That(machine.Guests[0].Run("systemctl is-active serial-getty@ttyS0"), Is.EqualTo("active"), "it has a login on the console");
        Say($"{firmware}: running after {cost}");
        return cost;
    }

    private static void Say(string text) => Console.WriteLine($"debian-test: {text}");
}
