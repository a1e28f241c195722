using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// Hosts without Sv57, which QEMU 7.2 cannot be told to be: the image is compiled once more so that it leaves the longer modes alone.
/// With Sv39 the hypervisor lives in a hole of the guest's own addresses (FU540); with Sv48 the guest is left with Sv39.
/// </summary>
[Category("System,Image")]
[NonParallelizable]
public sealed class ShortAddressTests
{
    private const string Response = "Rvirt.Platform.Qemu/obj/Release/net10.0/rvirt-rvirt-qemu.rsp";

    [TestCase(8, "Sv39")]
    [TestCase(9, "Sv48")]
    public void Boots_Debian_to_ssh(int longestMode, string name)
    {
        using var folder = new TemporaryFolder();
        using var machine = GuestMachine.BootDebian(Firmware.Stub, 1, TimeSpan.FromSeconds(400), Compile(folder, longestMode));
        machine.Qemu.Expect($"rvirt: QEMU virt, {name}, ", 60);
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 240);
        Assert.That(machine.Guests[0].Run("grep -m1 mmu /proc/cpuinfo"), Does.Match(@"mmu\s*: sv39"));
        machine.Guests[0].RunToTheEnd("poweroff");
        Assert.That(machine.Qemu.WaitForExit(120), Is.Zero, machine.Qemu.Describe);
    }

    private static string Compile(TemporaryFolder folder, int longestMode)
    {
        var image = folder.File("rvirt.elf");
        var options = new List<string>(File.ReadAllLines(Path.Combine(Repository.Top, Response)).Where(option =>
            !option.StartsWith("\"--output=", StringComparison.Ordinal) && !option.StartsWith("\"--symbols=", StringComparison.Ordinal)))
        {
            $"\"--output={image}\"",
            $"--define=LONGEST_MODE={longestMode}",
        };
        var response = folder.Write("options.rsp", System.Text.Encoding.UTF8.GetBytes(string.Join('\n', options)));
        var compiler = Path.Combine(Repository.Top, "Rvirt.Aot/bin/Release/net10.0/Rvirt.Aot.dll");
        var (status, output) = Commands.Run("dotnet", [compiler, "@" + response], TimeSpan.FromSeconds(240));
        Assert.That(status, Is.Zero, output);
        return image;
    }
}
