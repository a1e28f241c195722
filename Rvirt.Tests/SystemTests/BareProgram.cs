using System;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Assembles a program for the bare machine with Debian's clang and lld.</summary>
internal static class BareProgram
{
    private const string DefaultArchitecture = "rv64gcv";

    /// <summary>Assembles and links a source of this folder for an address; gives the ELF's path.</summary>
    /// <param name="folder">Where the ELF goes.</param>
    /// <param name="source">Name of a source of this folder.</param>
    /// <param name="address">Of the first instruction.</param>
    /// <param name="defines">Names that the source asks for.</param>
    public static string Build(TemporaryFolder folder, string source, ulong address, params string[] defines) =>
        BuildFile(folder, Path.Combine(Repository.Top, "Rvirt.Tests", "SystemTests", source), address, DefaultArchitecture, defines);

    /// <summary>Assembles and links a source of this folder that is a program for Linux; gives the ELF's path.</summary>
    public static string BuildForLinux(TemporaryFolder folder, string source) =>
        Link(folder, Path.Combine(Repository.Top, "Rvirt.Tests", "SystemTests", source), DefaultArchitecture, []);

    /// <summary>Assembles and links a source that starts with its first instruction.</summary>
    /// <param name="folder">Where the ELF goes.</param>
    /// <param name="file">The source's path.</param>
    /// <param name="address">Of the first instruction.</param>
    /// <param name="architecture">The instructions it may use.</param>
    /// <param name="defines">Names that the source asks for.</param>
    public static string BuildFile(TemporaryFolder folder, string file, ulong address, string architecture, params string[] defines) =>
        Link(folder, file, architecture, [$"-Wl,-Ttext=0x{address:x}", $"-Wl,-e,0x{address:x}", "-Wl,--omagic", .. defines.Select(name => $"-D{name}")]);

    /// <summary>Assembles and links a source of this folder, which stands where the hypervisor would, with Rvirt's machine-mode part; gives the ELF's path.</summary>
    /// <param name="folder">Where the ELF goes.</param>
    /// <param name="source">Name of a source of this folder.</param>
    /// <param name="board">The project of the board, or another folder that has a folder MachineMode with its <c>board.inc</c>.</param>
    /// <param name="defines">Names with values that the source asks for, and the linker script.</param>
    public static string BuildAboveMachineMode(TemporaryFolder folder, string source, string board = "Rvirt.Platform.Qemu", params string[] defines)
    {
        var boot = Path.Combine(Repository.Top, "Rvirt.Boot");
        var tests = Path.Combine(Repository.Top, "Rvirt.Tests", "SystemTests");
        return Link(
            folder, Path.Combine(tests, source), "rv64imac_zicsr_zifencei",
            [
                Path.Combine(tests, "machine-mode-stand-ins.S"), .. Directory.GetFiles(Path.Combine(boot, "MachineMode"), "*.S").Order(StringComparer.Ordinal), $"-Wl,-T,{Path.Combine(boot, "Linker/rvirt.ld")}",
                "-I", Path.Combine(boot, "Assembly"), "-I", Path.Combine(boot, "MachineMode"), "-I", Path.Combine(boot, "Devices"), "-I", Path.Combine(Repository.Top, board, "MachineMode"),
                .. defines.SelectMany(define => new[] { $"-D{define}", $"-Wl,--defsym={define}" }),
            ]);
    }

    private static string Link(TemporaryFolder folder, string file, string architecture, string[] options)
    {
        var elf = folder.File(Path.GetFileNameWithoutExtension(file) + ".elf");
        var (status, output) = Commands.Run(
            "clang-19",
            [
                "--target=riscv64", "-march=" + architecture, "-mabi=lp64", "-mno-relax", "-nostdlib", "-static", "-fuse-ld=lld-19",
                "-Wl,--build-id=none", "-o", elf, file, .. options,
            ]);
        Assert.That(status, Is.Zero, output);
        return elf;
    }
}
