using System;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.SystemTests;

/// <summary>Hosts whose harts have the H extension though their device tree does not name it: what counts is what the hart itself has.</summary>
[Category("System,Image")]
public sealed class HiddenExtensionTests
{
    private const string Hart = "rv64,h=true";

    // The single letters of the ISA string, as far as H, and H.
    private const string Letters = "(riscv,isa = \"rv64[a-gi-z]*)h";

    private readonly TemporaryFolder _folder = new();

    [OneTimeTearDown]
    public void RemoveFolder() => _folder.Dispose();

    /// <summary>QEMU names the instruction of an older trap, which is not the guest's load.</summary>
    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void AHypervisorsLoadIsIllegalThoughTheTreeNamesNoH(Firmware firmware) => RunsToTheEnd(firmware);

    /// <summary>A resident kernel's access to satp traps, and a program of its goes on after it: that must not be taken for the kernel's.</summary>
    [Test]
    public void SoIsOneOfAResidentGuestsProgram()
    {
        var payload = BareProgram.Build(_folder, "hypervisor-load-payload.S", 0x80200000, defines: "USER");
        RunsToTheEnd(Firmware.Resident, payload, []);
    }

    /// <summary>Firmware that leaves hstatus.HU set, with which the load would reach the host's memory.</summary>
    [TestCase("HSTATUS=0x200")]
    [TestCase("HSTATUS=0")]
    public void WhatFirmwareLeavesInHstatusIsClearedThoughTheTreeNamesNoH(string define) =>
        RunsToTheEnd(Firmware.Sbi, "-bios", BareProgram.Build(_folder, "bare-firmware.S", 0x80000000, define, "STIMECMP"));

    private void RunsToTheEnd(Firmware firmware, params string[] further) =>
        RunsToTheEnd(firmware, BareProgram.Build(_folder, "hypervisor-load-payload.S", 0x80200000), further);

    private void RunsToTheEnd(Firmware firmware, string payload, string[] further)
    {
        string[] arguments = [.. GuestMachine.Rvirt(firmware, payload, memory: 256), "-cpu", Hart, "-dtb", TreeWithoutH(), .. further];
        using var qemu = QemuMachine.Start(arguments, TimeSpan.FromSeconds(90));
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    private string TreeWithoutH()
    {
        var source = Tools.Decompile(Tools.DumpQemu($"-cpu {Hart} -m 256"), warnings: false);
        Assert.That(Regex.Count(source, Letters), Is.EqualTo(1), "QEMU's own tree names it, for its one hart");
        Assert.That(source, Does.Not.Contain("riscv,isa-extensions"), "and in this form alone");
        return _folder.Write("hidden.dtb", Tools.Compile(Regex.Replace(source, Letters, "$1")));
    }
}
