using System.Linq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Commands;
using Rvirt.Tool.Debugging;

namespace Rvirt.Tests.Tool;

/// <summary>The file of a kernel's symbols is one that binutils read.</summary>
public sealed class KernelSymbolsTests
{
    private static readonly string[] s_lines =
    [
        "ffffffff80000000 T _start", "ffffffff8031244e t do_sys_openat2", "ffffffff81000000 D jiffies", "0000000000000000 A fixed", "ffffffff01234560 t helper\t[virtio_net]", "",
    ];

    [Test]
    public void EachSymbolIsWhereTheKernelSays()
    {
        using var folder = new TemporaryFolder();
        var list = folder.Write("kallsyms", System.Text.Encoding.ASCII.GetBytes(string.Join('\n', s_lines)));
        var file = folder.File("kernel.elf");
        Assert.That(SymbolsCommand.Run(list, file), Is.Zero);
        var (status, output) = Commands.Run("llvm-nm-19", [file]);
        Assert.That(status, Is.Zero, output);
        Assert.That(
            output.Trim().Split('\n').Order(),
            Is.EqualTo(
            [
                "0000000000000000 A fixed", "ffffffff01234560 T helper", "ffffffff80000000 T _start", "ffffffff8031244e T do_sys_openat2", "ffffffff81000000 A jiffies",
            ]));
        (status, output) = Commands.Run("riscv64-linux-gnu-readelf", ["-hSW", file]);
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Match(@"\.text +NOBITS +ffffffff01234560 \w+ 7f0ddef2 00 +AX").And.Contain("RISC-V").And.Contain("RVC, soft-float ABI"));
    }

    [Test]
    public void WhoMayNotSeeAddressesIsTold() => Assert.That(
        () => KernelSymbols.Make(["0000000000000000 T _start"]), Throws.InstanceOf<System.FormatException>().With.Message.Contains("kernel.kptr_restrict"));
}
