using System;
using System.Buffers.Binary;
using System.IO;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Programs of a few instructions, as guest or as firmware.</summary>
[Category("System")]
[NonParallelizable]
public sealed class BarePayloadTests
{
    [TestCase(Firmware.Native, Category = "Native")]
    [TestCase(Firmware.Stub, Category = "Image")]
    [TestCase(Firmware.Sbi, Category = "Image")]
    public void A_guests_failure_is_qemus_exit_status(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "failing-payload.S", 0x80200000);
        string[] arguments = firmware == Firmware.Native ? ["-kernel", payload] : [.. GuestMachine.Rvirt(firmware, payload, memory: 256)];
        using var qemu = QemuMachine.Start(arguments, TimeSpan.FromSeconds(30));
        var status = qemu.WaitForExit(20);
        Assert.That(qemu.Serial, Does.Contain("x"), qemu.Describe);
        Assert.That(status, Is.EqualTo(7), qemu.Describe);
    }

    /// <summary>The firmware of a bad-input test is a good one for a payload that needs only characters.</summary>
    [Test, Category("Native")]
    public void The_bare_firmware_runs_u_boot()
    {
        using var folder = new TemporaryFolder();
        var bare = BareProgram.Build(folder, "bare-firmware.S", 0x80000000);
        using var qemu = QemuMachine.Start(["-m", "256M", "-bios", bare, "-kernel", Repository.UBootElf], TimeSpan.FromSeconds(30));
        qemu.Expect("stop autoboot", 20);
    }

    /// <summary>What an image takes of memory or a boot medium: the bytes its program headers load.</summary>
    [TestCase(Firmware.Stub, Category = "Image")]
    [TestCase(Firmware.Sbi, Category = "Image")]
    public void The_image_is_under_256_KiB(Firmware firmware)
    {
        var file = File.ReadAllBytes(Repository.Image(firmware));
        var headers = BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(32));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(56));
        var loaded = 0UL;
        for (var i = 0; i < count; i++)
        {
            var header = file.AsSpan((int)headers + 56 * i);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == 1)
            {
                loaded += BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
            }
        }

        TestContext.Out.WriteLine($"{firmware}: {loaded} bytes");
        Assert.That(loaded, Is.GreaterThan(0).And.LessThan(256 << 10));
    }
}
