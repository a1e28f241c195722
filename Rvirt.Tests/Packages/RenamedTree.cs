using System;
using NUnit.Framework;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.Packages;

/// <summary>QEMU's own device tree, by other names: the board of somebody else's.</summary>
internal static class RenamedTree
{
    /// <summary>Makes it. "ns16550" is what OpenSBI knows the UART by.</summary>
    public static byte[] Of(int megabytes, string board = "acme,one", string model = "Acme One", string uart = "acme,uart\", \"ns16550", string power = "acme,power", int harts = 1, string arguments = "")
    {
        var source = Tools.Decompile(Tools.DumpQemu($"-m {megabytes}M -smp {harts}"), warnings: false);
        foreach (var (name, other) in new[]
        {
            ("compatible = \"riscv-virtio\";", $"compatible = \"{board}\";"), ("model = \"riscv-virtio,qemu\";", $"model = \"{model}\";"),
            ("compatible = \"ns16550a\";", $"compatible = \"{uart}\";"), ("compatible = \"sifive,test1\\0sifive,test0\\0syscon\";", $"compatible = \"{power}\";"),
            ("compatible = \"syscon-poweroff\";", ""), ("compatible = \"syscon-reboot\";", ""), ("stdout-path = ", $"bootargs = \"{arguments}\"; stdout-path = "),
        })
        {
            Assert.That(source, Does.Contain(name));
            source = source.Replace(name, other, StringComparison.Ordinal);
        }

        return Tools.Compile(source);
    }
}
