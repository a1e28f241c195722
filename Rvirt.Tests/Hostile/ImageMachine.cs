using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Rvirt.Tests.FakeHart;
using Rvirt.Tests.FakeHart.Guests;
using Rvirt.Tests.FakeHart.Harts;
using Rvirt.Tests.Hostile.Programs;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.Hostile;

/// <summary>
/// The published image, as our compiler made it, on the reference machine: what runs there is the machine code that a board runs, entry
/// and exit included, and every access of it can be watched.
/// </summary>
internal sealed class ImageMachine : IDisposable
{
    private const ulong Ram = 64 << 20;
    private readonly TemporaryFolder _folder = new();
    private readonly GuestPayload _payload;
    private readonly EntropyDevice _entropy;

    /// <summary>Starts the image above firmware, with one guest that has an entropy device in its first slot.</summary>
    public ImageMachine(GuestProgram program, HartOptions options)
    {
        var source = _folder.Write("hostile.s", System.Text.Encoding.ASCII.GetBytes(program.Source));
        Program = BareProgram.BuildFile(_folder, source, GuestProgram.Address, "rv64imafd_zicsr_zifencei");
        var blob = GuestMachine.PackBlob(_folder, [new GuestSpec("hostile", Program, null, "", GuestProgram.RamLength, 1, [0])]);
        Machine = new Machine(Ram, options: options);
        _entropy = new EntropyDevice(Machine, program.VirtioVersion);
        _entropy.Allow(Machine.RamBase, Ram);
        _payload = new GuestPayload(File.ReadAllBytes(Repository.Image(Firmware.Sbi)), File.ReadAllBytes(blob));
        _payload.StartOn(Machine, virtioSlots: 1);
    }

    public Machine Machine { get; }

    /// <summary>The guest's program as a file.</summary>
    public string Program { get; }

    /// <summary>Everything on the console.</summary>
    public string Output => Machine.Uart.Output.Replace("\0", "", StringComparison.Ordinal);

    /// <summary>The lines that the guest has printed.</summary>
    public List<string> Lines =>
        [.. Output.Split('\n').Select(line => line.Trim('\r')).Where(line => line.Length != 0 && !line.StartsWith("rvirt: ", StringComparison.Ordinal))];

    public void Dispose()
    {
        Machine.Dispose();
        _payload.Dispose();
        _folder.Dispose();
    }
}
