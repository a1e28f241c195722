using System;
using System.Net.Http;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Debian is kept as it is once it has booted, goes back to that, and is cloned: as a person types it at the monitor's line, who then looks at consoles and networks.</summary>
[Category("System,Image")]
public sealed class SnapshotDebianTests
{
    private const string Escape = "\x1d";

    private TemporaryFolder _folder = null!;
    private QemuMachine? _machine;

    private QemuMachine Qemu => _machine!;

    [SetUp]
    public void Start() => _folder = new TemporaryFolder();

    [TearDown]
    public void Stop()
    {
        _machine?.Dispose();
        _folder.Dispose();
    }

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Resident)]
    public void WhatWasDoneSinceIsGoneAfterARevertAndACloneAnswersForItself(Firmware firmware)
    {
        var blob = GuestMachine.PackBlob(_folder, [Guest("web", 7, started: true), Guest("db", 6, started: false)]);
        var socket = _folder.File("monitor");
        _machine = QemuMachine.Start(
            [
                .. GuestMachine.Rvirt(firmware, blob, memory: 896, harts: 2),
                "-netdev", "user,id=net0,hostfwd=tcp:127.0.0.1:0-:22", "-device", "virtio-net-device,netdev=net0,bus=virtio-mmio-bus.7",
                "-netdev", "user,id=net1,hostfwd=tcp:127.0.0.1:0-:22", "-device", "virtio-net-device,netdev=net1,bus=virtio-mmio-bus.6",
                .. QemuMonitor.Arguments(socket),
            ],
            TimeSpan.FromSeconds(900));
        int web, db;
        using (var monitor = new QemuMonitor(socket, Qemu))
        {
            (web, db) = (monitor.SshPort("net0"), monitor.SshPort("net1"));
        }

        Qemu.Expect(@"\[web\] rvirt-guest: no disk, shell in the initramfs", 300);
        Focus(0, "web");
        Assert.That(Shell("mkdir -p /srv; echo kept >/srv/state; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; httpd -p 22 -h /srv; cat /srv/state"), Is.EqualTo("kept"));
        Assert.That(Page(web), Is.EqualTo("kept"));
        Assert.That(Ask("revert web"), Is.EqualTo("error: web: there is no snapshot of it"));
        Assert.That(Ask("snapshot db"), Is.EqualTo("error: db: no RAM is kept for a snapshot of it: its description needs snapshot = <1>"));
        Assert.That(Ask("snapshot web"), Is.EqualTo("ok"));

        Focus(0, "web");
        Assert.That(Shell("echo changed >/srv/state; cat /srv/state"), Is.EqualTo("changed"));
        Assert.That(Page(web), Is.EqualTo("changed"));
        Assert.That(Ask("revert web"), Is.EqualTo("ok"));
        Focus(0, "web");
        Assert.That(Shell("cat /srv/state"), Is.EqualTo("kept"));
        Assert.That(Page(web), Is.EqualTo("kept"));

        Assert.That(Ask("clone web db"), Is.EqualTo("ok"));
        Assert.That(Ask("clone web db"), Is.EqualTo("error: db: it runs, or has not ended yet: a clone needs a guest that does not"));
        Focus(1, "db");
        Assert.That(Shell("cat /srv/state"), Is.EqualTo("kept"));
        Assert.That(Page(db), Is.EqualTo("kept"));
        Assert.That(Shell("hostname db; echo cloned >/srv/state; hostname"), Is.EqualTo("db"));
        Assert.That((Page(web), Page(db)), Is.EqualTo(("kept", "cloned")));
        Focus(0, "web");
        Assert.That(Shell("hostname"), Is.EqualTo("web"));

        // Nor does one's end or return to what was kept touch the other.
        Focus(1, "db");
        Qemu.Send("poweroff -f\r");
        Qemu.Expect("rvirt: guest db powered off", 60);
        Assert.That(Ask("revert web"), Is.EqualTo("ok"));
        Focus(0, "web");
        Assert.That(Shell("cat /srv/state"), Is.EqualTo("kept"));
        Assert.That(Qemu.Serial, Does.Not.Contain("Kernel panic").And.Not.Contain("Oops"));
    }

    private static GuestSpec Guest(string name, uint slot, bool started) =>
        new(name, Repository.Kernel, Repository.Initrd, $"console=ttyS0 panic=1 rvirt.name={name}", 192 << 20, 1, [slot]) { Snapshot = started, Autostart = started };

    private void Focus(int guest, string name)
    {
        Qemu.Send($"{Escape}{guest}");
        Qemu.Expect($@"--- {name} \(last \d+ bytes, \d+ lost\) ---\r\n", 30);
    }

    // What the commands print last, told from the echo of what is typed.
    private string Shell(string commands)
    {
        Qemu.Send($"echo \"<$({commands} | tail -n 1)>\"\r");
        return Qemu.Expect(@"<(?!\$)([^>\r\n]*)>\r\n", 60).Groups[1].Value;
    }

    // How the monitor's answer ends; what asks for a confirmation gets it.
    private string Ask(string command)
    {
        // From the monitor the key would lead back.
        Qemu.Send($"{Escape}0{Escape}m{command}\r");
        var answer = Qemu.Expect($@"{Regex.Escape(command)}\r\n(rvirt: (?<end>ok|error: [^\r\n]*)\r\n|type the name again: )", 120);
        if (answer.Groups["end"].Success)
        {
            return answer.Groups["end"].Value;
        }

        Qemu.Send(command.Split(' ')[1] + "\r");
        return Qemu.Expect(@"rvirt: (ok|error: [^\r\n]*)\r\n", 120).Groups[1].Value;
    }

    private static string Page(int port)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, ConnectTimeout = Patience.Least };
        using var client = new HttpClient(handler) { Timeout = Patience.Least };
        return client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/state")).GetAwaiter().GetResult().Trim();
    }
}
