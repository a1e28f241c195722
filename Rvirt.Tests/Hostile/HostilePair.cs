using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.Hostile.Programs;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.Hostile;

/// <summary>QEMU with the real image and two guests: a victim that keeps a pattern in its RAM and answers to what is typed, and a hostile one.</summary>
internal sealed class HostilePair : IDisposable
{
    private const string Victim = @"\[victim\] ";
    private readonly TemporaryFolder _folder = new();
    private readonly Firmware _firmware;
    private readonly QemuMonitor _monitor;

    /// <summary>Starts both.</summary>
    /// <param name="firmware">What lies under them.</param>
    /// <param name="program">The hostile guest.</param>
    /// <param name="hostHarts">Harts of the machine: with less than the guests have they share them.</param>
    public HostilePair(Firmware firmware, GuestProgram program, int hostHarts = 2)
    {
        _firmware = firmware;
        var socket = _folder.File("monitor");
        var guests = new List<GuestSpec>
        {
            new("victim", Build("victim", GuestProgram.Compose(["victim.s"])), null, "", GuestProgram.RamLength, 1, []),
            new("hostile", Build("hostile", program.Source), null, "", GuestProgram.RamLength, program.Harts, [7]),
        };
        Qemu = QemuMachine.Start(
            [
                .. GuestMachine.Rvirt(firmware, GuestMachine.PackBlob(_folder, guests), memory: 128, harts: hostHarts),
                "-device", "virtio-rng-device,bus=virtio-mmio-bus.7",
                "-global", "virtio-mmio.force-legacy=" + (program.VirtioVersion == 1 ? "true" : "false"),
                .. QemuMonitor.Arguments(socket),
            ],
            TimeSpan.FromSeconds(180));
        _monitor = new QemuMonitor(socket, Qemu);

        // What is typed before the hypervisor has set up its UART is lost; what is typed from here on waits for the victim.
        Qemu.ExpectAnywhere("rvirt: guest hostile: ", 60);
    }

    public QemuMachine Qemu { get; }

    /// <summary>The lines that the hostile guest has printed so far.</summary>
    public List<string> Lines =>
        [.. Regex.Matches(Qemu.Serial.Replace("\0", "", StringComparison.Ordinal), @"(?<=\[hostile\] )[^\r\n]*(?=\r?\n)").Select(match => match.Value)];

    /// <summary>Waits until the hostile guest has printed a line.</summary>
    public void ExpectHostile(string line, double seconds) => Qemu.ExpectAnywhere(@"\[hostile\] \0*" + Regex.Escape(line) + @"\r?\n", seconds);

    /// <summary>The victim answers, its timer ticks, its pattern is whole, and the hypervisor's code and constants are as they were loaded.</summary>
    public void CheckIntact()
    {
        var before = Ask();
        Patience.Until(() => Ask() > before, "the victim's timer ticks");
        Assert.That(Qemu.Serial, Does.Not.Contain("panic"), Qemu.Describe);
        CheckCode();
    }

    public void Dispose()
    {
        _monitor.Dispose();
        Qemu.Dispose();
        _folder.Dispose();
    }

    private ulong Ask()
    {
        Qemu.Skip();
        Qemu.Send("?");
        var answer = Qemu.Expect(Victim + @"(intact ([0-9a-f]+)|broken at [0-9a-f]+)\r?\n", 60);
        Assert.That(answer.Groups[1].Value, Does.StartWith("intact"), Qemu.Describe);
        return Convert.ToUInt64(answer.Groups[2].Value, 16);
    }

    private string Build(string name, string source) =>
        BareProgram.BuildFile(_folder, _folder.Write(name + ".s", System.Text.Encoding.ASCII.GetBytes(source)), GuestProgram.Address, "rv64imafd_zicsr_zifencei");

    // The bytes of the image's read-only segments, in the file and in the machine.
    private void CheckCode()
    {
        const uint Write = 2;
        var image = File.ReadAllBytes(Repository.Image(_firmware));
        var headers = (int)BinaryPrimitives.ReadUInt64LittleEndian(image.AsSpan(32));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(56));
        var compared = 0;
        for (var i = 0; i < count; i++)
        {
            var header = image.AsSpan(headers + (56 * i), 56);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != 1 || (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) & Write) != 0)
            {
                continue;
            }

            var offset = (int)BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
            var address = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
            var memory = _monitor.Memory(address, (ulong)length, _folder.File("memory"));
            Assert.That(memory.AsSpan().SequenceEqual(image.AsSpan(offset, length)), $"the hypervisor's code and constants at {address:x} are as they were loaded");
            compared += length;
        }

        Assert.That(compared, Is.GreaterThan(10_000));
    }
}
