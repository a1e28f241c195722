using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Rvirt.Desktop.Guests;
using Rvirt.Reference;
using Rvirt.Reference.Harts;
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

    private ImageMachine(ulong ram, HartOptions options, Func<TemporaryFolder, GuestSpec> guest, Action<Machine> attach)
    {
        var blob = GuestMachine.PackBlob(_folder, [guest(_folder)]);
        Machine = new Machine(ram, options: options);
        attach(Machine);
        new GuestPayload(File.ReadAllBytes(Repository.Image(Firmware.Sbi))) { Initrd = File.ReadAllBytes(blob) }.StartOn(Machine);
    }

    /// <summary>The host.</summary>
    public Machine Machine { get; }

    /// <summary>Everything on the console.</summary>
    public string Output => Machine.Uart.Output.Replace("\0", "", StringComparison.Ordinal);

    /// <summary>The lines that the guest has printed.</summary>
    public List<string> Lines =>
        [.. Output.Split('\n').Select(line => line.Trim('\r')).Where(line => line.Length != 0 && !line.StartsWith("rvirt: ", StringComparison.Ordinal))];

    /// <summary>With a hostile guest, which has an entropy device in its first slot.</summary>
    public static ImageMachine WithProgram(GuestProgram program, HartOptions options)
    {
        const ulong Ram = 64 << 20;
        GuestSpec Guest(TemporaryFolder folder)
        {
            var source = folder.Write("hostile.s", Encoding.ASCII.GetBytes(program.Source));
            var kernel = BareProgram.BuildFile(folder, source, GuestProgram.Address, "rv64imafd_zicsr_zifencei");
            return new GuestSpec("hostile", kernel, null, "", GuestProgram.RamLength, 1, [0]);
        }

        return new ImageMachine(Ram, options, Guest, machine => new EntropyDevice(machine, program.VirtioVersion).Allow(machine.RamBase, Ram));
    }

    /// <summary>With Debian's kernel and initial RAM disk.</summary>
    public static ImageMachine WithLinux(HartOptions options) => new(
        256 << 20, options, _ => new GuestSpec("linux", Repository.Kernel, Repository.Initrd, "console=ttyS0", 128 << 20, 1, []), _ => { });

    public void Dispose()
    {
        Machine.Dispose();
        _folder.Dispose();
    }
}
