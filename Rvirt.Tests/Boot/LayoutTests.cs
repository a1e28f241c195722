using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Boot.Panic;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Tests.Boot;

/// <summary>What assembly and C# must agree on.</summary>
public class LayoutTests
{
    [Test]
    public unsafe void TheTrapFrameIsTheHeadOfTheVirtualHart()
    {
        var v = default(VCpu);
        var start = (byte*)&v;
        Assert.Multiple(() =>
        {
            Assert.That(Marshal.SizeOf<GeneralRegisters>(), Is.EqualTo(256));
            Assert.That(Offset<VCpu>(nameof(VCpu.X)), Is.Zero);
            Assert.That(Offset<VCpu>(nameof(VCpu.Pc)), Is.EqualTo(256));
            Assert.That(Offset<VCpu>(nameof(VCpu.HostStack)), Is.EqualTo(264));
        });
        Assert.That((byte*)&v.Pc - start, Is.EqualTo(256L));
        Assert.That((byte*)&v.HostStack - start, Is.EqualTo(264L));
    }

    [Test]
    public void BootStructuresHaveTheirOffsets() => Assert.Multiple(() =>
    {
        Assert.That(Offset<BootInfo>(nameof(BootInfo.HartId)), Is.Zero);
        Assert.That(Offset<BootInfo>(nameof(BootInfo.DeviceTree)), Is.EqualTo(8));
        Assert.That(Offset<BootInfo>(nameof(BootInfo.ImageStart)), Is.EqualTo(16));
        Assert.That(Offset<BootInfo>(nameof(BootInfo.ImageEnd)), Is.EqualTo(24));
        Assert.That(Offset<BootInfo>(nameof(BootInfo.Window)), Is.EqualTo(32));
        Assert.That(Offset<BootInfo>(nameof(BootInfo.Satp)), Is.EqualTo(40));
        Assert.That(Offset<BootInfo>(nameof(BootInfo.OpenStart)), Is.EqualTo(48));
        Assert.That(Offset<BootInfo>(nameof(BootInfo.WindowTables)), Is.EqualTo(56));
        Assert.That(Unsafe.SizeOf<BootInfo>(), Is.EqualTo(64));
        Assert.That(Offset<HartStart>(nameof(HartStart.Window)), Is.Zero);
        Assert.That(Offset<HartStart>(nameof(HartStart.Satp)), Is.EqualTo(8));
        Assert.That(Offset<HartStart>(nameof(HartStart.Stack)), Is.EqualTo(16));
        Assert.That(Offset<HartStart>(nameof(HartStart.Argument)), Is.EqualTo(24));
        Assert.That(Offset<HostFrame>(nameof(HostFrame.X)), Is.Zero);
        Assert.That(Offset<HostFrame>(nameof(HostFrame.Sepc)), Is.EqualTo(256));
        Assert.That(Offset<HostFrame>(nameof(HostFrame.Scause)), Is.EqualTo(264));
        Assert.That(Offset<HostFrame>(nameof(HostFrame.Stval)), Is.EqualTo(272));
        Assert.That(Offset<HostFrame>(nameof(HostFrame.Sstatus)), Is.EqualTo(280));
        Assert.That(Unsafe.SizeOf<HostFrame>(), Is.EqualTo(288));
        Assert.That(Unsafe.SizeOf<HostFrame>() % 16, Is.Zero, "the stack stays aligned below a frame");
    });

    [TestCase("RVIRT_MAX_HARTS", Limits.MaximumHarts)]
    [TestCase("M_MAX_HARTS", Limits.MaximumHarts)]
    [TestCase("RVIRT_STACK_SIZE", Limits.StackSize)]
    [TestCase("RVIRT_TRACE_RECORDS", Limits.TraceRecords)]
    [TestCase("RVIRT_SV39_SLOTS", Rvirt.Mmu.HostTranslation.Sv39Slots)]
    public void AssemblyHasTheSameLimits(string name, int value)
    {
        var root = typeof(LayoutTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;
        var line = new[] { "Assembly/Limits.inc", "MachineMode/MachineMode.inc" }.SelectMany(file => File.ReadLines(Path.Combine(root, "Rvirt.Boot", file)))
            .Single(l => l.StartsWith("#define " + name + " ", StringComparison.Ordinal));
        Assert.That(int.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture), Is.EqualTo(value));
    }

    private static int Offset<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}
