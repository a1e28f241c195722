using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>guests/run.sh, which <c>make qemu</c> ends in, with a QEMU that only prints what it was told.</summary>
[Category("System,Image")]
[NonParallelizable]
public sealed class RunScriptTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder()
    {
        _folder = new TemporaryFolder();
        Directory.CreateDirectory(_folder.File("bin"));
        var qemu = _folder.Write("bin/qemu-system-riscv64", "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done\n"u8);
        Commands.Run("chmod", ["+x", qemu]);
    }

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void Runs_the_users_own_kernel_command_line_and_disk()
    {
        var disk = _folder.Write("my,disk.img", new byte[4096]);
        var (status, output) = Run($"KERNEL={Repository.UBootElf}", "APPEND=one two", $"DISK={disk}", "MEMORY=1G");
        Assert.That(status, Is.Zero, output);
        Assert.Multiple(() =>
        {
            Assert.That(output, Does.Contain($"<-bios><none><-m><1344M><-smp><1><-kernel><{Repository.Image(Firmware.Stub)}>"));
            Assert.That(output, Does.Contain($"<-initrd><{Repository.UBootElf}><-append><one two>"));
            Assert.That(output, Does.Contain($"file={disk.Replace(",", ",,", StringComparison.Ordinal)}>"), "a comma in a name is doubled for QEMU");
            Assert.That(output, Does.Match(@"hostfwd=tcp:127\.0\.0\.1:\d+-:22"));
            Assert.That(output, Does.Not.Contain("root's password"), "it is not that of the user's own disk");
        });
    }

    [Test]
    public void Runs_above_OpenSBI_and_natively()
    {
        var above = Run($"KERNEL={Repository.UBootElf}", "FIRMWARE=sbi").Output;
        Assert.That(above, Does.Contain($"<-kernel><{Repository.Image(Firmware.Sbi)}>").And.Not.Contain("-bios"));
        var native = Run($"KERNEL={Repository.UBootElf}", "NATIVE=1", "APPEND=x").Output;
        Assert.That(native, Does.Contain($"<-kernel><{Repository.UBootElf}><-append><x>").And.Not.Contain("rvirt-qemu"));
    }

    [Test]
    public void Gives_each_of_four_guests_a_hart_a_network_and_a_port()
    {
        var (status, output) = Run($"KERNEL={Repository.UBootElf}", "GUESTS=4", "MEMORY=64M");
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain("<-smp><4>").And.Contain("<-m><576M>"));
        Assert.That(Regex.Count(output, "hostfwd=tcp"), Is.EqualTo(4));
        Assert.That(Regex.Count(output, @"guest \d answers: ssh -p \d+ "), Is.EqualTo(4));
        var slots = Regex.Matches(output, @"virtio-mmio-bus\.(\d)>");
        Assert.That(slots, Is.Unique.And.Count.EqualTo(8), "a disk and a network each");
    }

    [TestCase("GUESTS=5", "GUESTS is 1 to 4")]
    [TestCase("GUESTS=x", "GUESTS is 1 to 4")]
    [TestCase("FIRMWARE=bbl", "FIRMWARE is stub or sbi, not bbl")]
    [TestCase("MEMORY=lots", "MEMORY is a size such as 512M or 2G, not lots")]
    [TestCase("KERNEL=/none/such", "cannot read /none/such")]
    [TestCase("DISK=/none/such", "cannot read /none/such")]
    [TestCase("NATIVE=1 GUESTS=2", "NATIVE=1 runs one guest")]
    public void Says_what_is_wrong(string settings, string expected)
    {
        var (status, output) = Run(settings.Split(' '));
        Assert.That(status, Is.Not.Zero);
        Assert.That(output, Does.Contain("guest: error: " + expected).And.Not.Contain("<-M>"));
    }

    [Test]
    public void Says_when_a_port_is_in_use()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var (status, output) = Run($"KERNEL={Repository.UBootElf}", $"SSH_PORT={port}");
        Assert.That(status, Is.Not.Zero);
        Assert.That(output, Does.Contain($"port {port} is in use").And.Contain("set SSH_PORT"));
    }

    private (int Status, string Output) Run(params string[] settings) => Commands.Run(
        "env",
        [
            "-u", "KERNEL", "-u", "INITRD", "-u", "APPEND", "-u", "DISK", "-u", "NATIVE", "-u", "QEMU_EXTRA", $"SSH_PORT={HostPorts.Free()}",
            $"PATH={_folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}", .. settings, Path.Combine(Repository.Top, "guests/run.sh"),
        ]);
}
