using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using NUnit.Framework;
using Rvirt.Tool.Machines;

namespace Rvirt.Tests.SystemTests;

/// <summary>A working copy in a folder whose name holds what shells, make, QEMU and gdb take apart. Its images are those of this one.</summary>
[Category("System")]
public sealed class MovedCloneTests
{
    [Test]
    public void BuildsRunsAndDebugsInAFolderWithSpacesQuotesAndCommas()
    {
        using var folder = new TemporaryFolder();
        var clone = folder.File("a b/it's, mine");
        Directory.CreateDirectory(clone);
        var (status, output) = Commands.Run(
            "bash",
            [
                "-c", "set -o pipefail; cd \"$0\" && git ls-files -z --cached --others --exclude-standard | cpio -0pdm --quiet \"$1\"", Repository.Top, clone,
            ]);
        Assert.That(status, Is.Zero, output);
        var payload = BareProgram.Build(folder, "failing-payload.S", 0x80200000);
        string[] settings = [$"KERNEL={payload}", "MEMORY=64M", $"SSH_PORT={HostPorts.Free()}", $"RVIRT_GUEST_OUT={Path.GetDirectoryName(Repository.Key)}"];

        // The payload's failure is QEMU's exit status.
        (status, output) = Commands.Run("env", Make(clone, ["qemu", .. settings]), TimeSpan.FromMinutes(5));
        Assert.That(status, Is.Not.Zero);
        Assert.That(output, Does.Contain("image: artifacts/images/rvirt-qemu.elf,").And.Contain("guest0 reported a failure, code 7").And.Contain("Error 7"), output);

        // The longer a path, and the more of it is quoted somewhere, the more would show in an image; what the compiler maps (Rvirt.Aot, PathMap) shows nowhere.
        foreach (var image in new[] { Repository.Image(Firmware.Stub), Repository.Image(Firmware.Sbi) })
        {
            var moved = Path.Combine(clone, Path.GetRelativePath(Repository.Top, image));
            Assert.That(
                File.ReadAllBytes(moved).AsSpan().SequenceEqual(File.ReadAllBytes(image)), Is.True,
                $"{Path.GetFileName(image)} is another in another folder; where make image was not run since a source changed, run it");
        }

        var port = HostPorts.Free();
        using var waiting = Process.Start(new ProcessStartInfo("env", Make(clone, ["qemu-gdb", $"GDB_PORT={port}", .. settings])) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = Task.WhenAll(waiting.StandardOutput.ReadToEndAsync(), waiting.StandardError.ReadToEndAsync());
        try
        {
            Patience.Until(() => waiting.HasExited || new Ports().IsTaken(port), "QEMU waits for a debugger");
            Assert.That(waiting.HasExited, Is.False, () => string.Concat(said.Result));
            using var debugged = new MemoryStream();
            (_, output) = Commands.Pipe(
                "env", Make(clone, ["gdb", $"GDB_PORT={port}"]), new MemoryStream(Encoding.ASCII.GetBytes("list GuestBus.cs:1,5\nkill\n")), debugged, TimeSpan.FromMinutes(2));
            output += Encoding.UTF8.GetString(debugged.ToArray());
            Assert.That(output, Does.Contain("rvirt: the hypervisor runs 0x").And.Match(@"\n?1\tusing "));
        }
        finally
        {
            waiting.Kill(entireProcessTree: true);
            waiting.WaitForExit();
        }
    }

    private static IReadOnlyList<string> Make(string clone, IEnumerable<string> arguments) =>
        ["-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "MAKEOVERRIDES", "make", "-C", clone, .. arguments];
}
