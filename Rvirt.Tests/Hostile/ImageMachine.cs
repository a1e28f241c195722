using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Desktop.Guests;
using Rvirt.Reference;
using Rvirt.Reference.Harts;
using Rvirt.Tests.Core.DeviceTree;
using Rvirt.Tests.Devices.HostDrivers;
using Rvirt.Tests.Hostile.Programs;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.Hostile;

/// <summary>
/// The published image, as our compiler made it, with one guest on the reference machine: what runs there is the machine code that a board
/// runs, entry and exit included, and every access of it can be watched.
/// </summary>
internal sealed class ImageMachine : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private readonly SiFiveUartModel? _uart;

    private ImageMachine(ulong ram, HartOptions options, Func<TemporaryFolder, GuestSpec> guest, Action<Machine> attach, Func<string, string>? unleashed = null)
    {
        var blob = GuestMachine.PackBlob(_folder, [guest(_folder)]);
        Machine = new Machine(ram, options: options);
        attach(Machine);
        var image = unleashed is null ? Repository.Image(Firmware.Sbi) : Repository.UnleashedImage(Firmware.Sbi);
        new GuestPayload(File.ReadAllBytes(image)) { Initrd = File.ReadAllBytes(blob) }.StartOn(Machine);
        if (unleashed is not null)
        {
            _uart = new SiFiveUartModel(level => Machine.Plic.SetLine(10, level));
            Machine.Attach(0x1001_0000, 0x1000, _uart);
            var tree = Machine.Hart[11];
            var length = BinaryPrimitives.ReadInt32BigEndian(Machine.Memory(tree + 4, 4));
            Machine.Load(tree, Tools.Compile(unleashed(Tools.Decompile(Machine.Memory(tree, length), warnings: false))));
        }
    }

    /// <summary>The host.</summary>
    public Machine Machine { get; }

    /// <summary>Everything on the console.</summary>
    public string Output => (Machine.Uart.Output + _uart?.Line).Replace("\0", "", StringComparison.Ordinal);

    /// <summary>The lines that the guest has printed.</summary>
    public List<string> Lines =>
        [.. Output.Split('\n').Select(line => line.Trim('\r')).Where(line => line.Length != 0 && !line.StartsWith("rvirt: ", StringComparison.Ordinal))];

    /// <summary>With a hostile guest, which has an entropy device in its first slot.</summary>
    /// <param name="program">It.</param>
    /// <param name="options">The hart.</param>
    /// <param name="unleashed">Where the machine is to be a HiFive Unleashed, with that board's image: an edit of its tree, besides what makes it one.</param>
    public static ImageMachine WithProgram(GuestProgram program, HartOptions options, Func<string, string>? unleashed = null)
    {
        const ulong Ram = 64 << 20;
        GuestSpec Guest(TemporaryFolder folder)
        {
            var source = folder.Write("hostile.s", Encoding.ASCII.GetBytes(program.Source));
            var kernel = BareProgram.BuildFile(folder, source, GuestProgram.Address, "rv64imafd_zicsr_zifencei");
            return new GuestSpec("hostile", kernel, null, "", GuestProgram.RamLength, 1, [0]);
        }

        return new ImageMachine(Ram, options, Guest, machine => new EntropyDevice(machine, program.VirtioVersion).Allow(machine.RamBase, Ram), unleashed is null ? null : tree => unleashed(AsUnleashed(tree)));
    }

    /// <summary>With Debian's kernel and initial RAM disk.</summary>
    public static ImageMachine WithLinux(HartOptions options) => new(
        256 << 20, options, _ => new GuestSpec("linux", Repository.Kernel, Repository.Initrd, "console=ttyS0", 128 << 20, 1, []), _ => { });

    private static string AsUnleashed(string tree)
    {
        foreach (var (from, to) in new[] { ("\"riscv-virtio\"", "\"sifive,hifive-unleashed-a00\""), ("\"ns16550a\"", "\"sifive,uart0\""), ("reg = <0x00 0x10000000 0x00 0x100>", "reg = <0x00 0x10010000 0x00 0x1000>") })
        {
            Assert.That(tree, Does.Contain(from));
            tree = tree.Replace(from, to, StringComparison.Ordinal);
        }

        return tree;
    }

    public void Dispose()
    {
        Machine.Dispose();
        _folder.Dispose();
    }
}
