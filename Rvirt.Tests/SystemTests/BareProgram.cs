using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Assembles a program for the bare machine with Debian's clang and lld.</summary>
internal static class BareProgram
{
    /// <summary>Assembles and links a source for an address; gives the ELF's path.</summary>
    /// <param name="folder">Where the ELF goes.</param>
    /// <param name="source">Name of a source of this folder.</param>
    /// <param name="address">Of the first instruction.</param>
    /// <param name="defines">Names that the source asks for.</param>
    public static string Build(TemporaryFolder folder, string source, ulong address, params string[] defines)
    {
        var file = Path.Combine(Repository.Top, "Rvirt.Tests", "SystemTests", source);
        var elf = folder.File(Path.ChangeExtension(source, ".elf"));
        var (status, output) = Commands.Run(
            "clang-19",
            [
                "--target=riscv64", "-march=rv64imac_zicsr_zifencei", "-mabi=lp64", "-mno-relax", "-nostdlib", "-static", "-fuse-ld=lld-19",
                $"-Wl,-Ttext=0x{address:x}", "-Wl,-e,_start", "-Wl,--omagic", "-Wl,--build-id=none", "-o", elf, file, .. defines.Select(name => $"-D{name}"),
            ]);
        Assert.That(status, Is.Zero, output);
        return elf;
    }
}
