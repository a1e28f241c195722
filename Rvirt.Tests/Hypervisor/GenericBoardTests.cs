using System;
using System.IO;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Hypervisor.Boards;
using Rvirt.Platform.Generic;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Hypervisor;

/// <summary>What the generic board finds in the trees of boards that are not here, as Linux has them: what is expected was read off the trees' sources.</summary>
[Category("System")]
internal sealed unsafe class GenericBoardTests
{
    private const ulong ReachOfSv39 = 256UL << 30;

    [TestCase("mpfs-icicle-kit", 1UL, 0x2010_0000UL, 91u, 0x0c00_0000UL, 4, 1_000_000u, Description = "a 16550A with words of four bytes")]
    [TestCase("mpfs-beaglev-fire", 1UL, 0x2000_0000UL, 90u, 0x0c00_0000UL, 4, 1_000_000u)]
    [TestCase("jh7110-starfive-visionfive-2-v1.3b", 1UL, 0x1000_0000UL, 32u, 0x0c00_0000UL, 4, 4_000_000u, Description = "DesignWare's UART")]
    [TestCase("jh7100-starfive-visionfive-v1", 0UL, 0x1244_0000UL, 73u, 0x0c00_0000UL, 2, 6_250_000u)]
    [TestCase("hifive-unmatched-a00", 1UL, 0x1001_0000UL, 39u, 0x0c00_0000UL, 4, 1_000_000u, Description = "SiFive's UART")]
    [TestCase("cv1812h-huashan-pi", 0UL, 0x0414_0000UL, 44u, 0x7000_0000UL, 1, 25_000_000u, Description = "T-Head's PLIC, and addresses of one cell")]
    public void FindsConsolePlicAndHarts(string tree, ulong bootHart, ulong uart, uint interrupt, ulong plic, int harts, uint timebase)
    {
        var error = Read(tree, bootHart, out var host);
        Assert.That(error, Is.EqualTo(HostTreeError.None));
        Assert.That((host.Uart.Base, host.Uart.Interrupt, host.Uart.HasDriver), Is.EqualTo((uart, interrupt, true)));
        Assert.That((host.Plic.Base, host.Plic.HasDriver), Is.EqualTo((plic, true)));
        Assert.That((host.HartCount, host.TimebaseFrequency), Is.EqualTo((harts, timebase)));
        Assert.That(host.Harts[host.BootHart].PlicContext, Is.Positive);
        Assert.That((host.Network.Exists, host.Disk.Exists, host.VirtioSlotCount), Is.EqualTo((false, tree == "hifive-unmatched-a00", 0)));
    }

    [TestCase("th1520-lichee-pi-4a", HostTreeError.PlicOutOfReach)]
    [TestCase("sg2042-milkv-pioneer", HostTreeError.NoMemory, Description = "its boot loader fills it in")]
    [TestCase("sun20i-d1-nezha", HostTreeError.NoMemory, Description = "so does this one's")]
    [TestCase("k210_generic", HostTreeError.NoHart)]
    public void SaysWhyAnotherDoesNotStart(string tree, HostTreeError expected) => Assert.That(Read(tree, 0, out _), Is.EqualTo(expected));

    private static HostTreeError Read(string tree, ulong bootHart, out HostDescription host)
    {
        var bytes = GC.AllocateUninitializedArray<byte>((int)new FileInfo(Repository.TreeOf(tree)).Length, pinned: true);
        File.ReadAllBytes(Repository.TreeOf(tree)).CopyTo(bytes, 0);
        fixed (byte* blob = bytes)
        {
            Assert.That(FdtReader.Open(blob, (ulong)bytes.Length, out var reader), Is.EqualTo(FdtError.None));
            Assert.That(default(GenericBoard).Matches(reader));
            // The description points into the tree, which stays: it is pinned, and the caller's until the test ends.
            var error = HostTree.Read(reader, bootHart, ReachOfSv39, new BoardDrivers<Boards<GenericBoard>>(0), out host);
            GC.KeepAlive(bytes);
            return error;
        }
    }
}
