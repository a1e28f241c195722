using System;
using NUnit.Framework;
using Rvirt.Tests.Hostile.Programs;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.Hostile;

/// <summary>Firmware that lets a hart go before it knows where to: OpenSBI 1.1 does, now and then, and the second guest never started.</summary>
[Category("System"), Category("Image")]
internal sealed class CarelessFirmwareTests
{
    [Test]
    public void AHartThatComesInByTheImagesEntryFindsItsGuest()
    {
        using var folder = new TemporaryFolder();
        var firmware = BareProgram.Build(folder, "careless-firmware.S", 0x80000000);
        var source = folder.Write("guest.s", System.Text.Encoding.ASCII.GetBytes(new Script().Build("nothing").Source));
        var guest = BareProgram.BuildFile(folder, source, GuestProgram.Address, "rv64imafd_zicsr_zifencei");
        var blob = GuestMachine.PackBlob(
            folder, [new GuestSpec("one", guest, null, "", GuestProgram.RamLength, 1, []), new GuestSpec("two", guest, null, "", GuestProgram.RamLength, 1, [])]);
        using var qemu = QemuMachine.Start(
            [.. GuestMachine.Rvirt(Firmware.Sbi, blob, memory: 128, harts: 2), "-bios", firmware], TimeSpan.FromSeconds(120));
        qemu.ExpectAnywhere(@"\[one\] end", 50);
        qemu.ExpectAnywhere(@"\[two\] end", 50);
    }
}
