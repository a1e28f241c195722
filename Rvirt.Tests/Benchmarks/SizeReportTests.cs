using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Benchmarks.Publishing;

namespace Rvirt.Tests.Benchmarks;

/// <summary>What <c>make bench BENCH=size</c> says of an image's symbols.</summary>
[TestFixture]
public class SizeReportTests
{
    [TestCase("Rvirt.Core.Traps.TrapHandler.Handle<Rvirt.A.B, Rvirt.C.D<Rvirt.E.F>>", "Rvirt.Core.Traps")]
    [TestCase("Rvirt.Devices.Bus.GuestBus<Rvirt.Boot.Host.TargetHost>.WriteDevice", "Rvirt.Devices.Bus")]
    [TestCase("Rvirt.Devices.Bus.GuestBus<Rvirt.Boot.Host.TargetHost>.Make<Rvirt.X.Y>~2", "Rvirt.Devices.Bus")]
    [TestCase("Rvirt.Boot.Host.TargetHost..ctor", "Rvirt.Boot.Host")]
    [TestCase("System.SpanHelpers.SequenceEqual", "System")]
    [TestCase("rvirt_trap", SizeReport.Assembly)]
    [TestCase("OUTLINED_FUNCTION_41", SizeReport.Shared)]
    public void AFunctionCountsForItsNamespace(string function, string belongs) =>
        Assert.That(SizeReport.Sum($"0000000080200000 0000000000000010 t {function}\n"), Is.EqualTo(new Dictionary<string, long> { [belongs] = 16 }));

    [Test]
    public void SizesAddUpAndWhatHasNoneIsLeftOut() => Assert.That(
        SizeReport.Sum("""
            0000000080200000 T rvirt_entry
            0000000080200010 000000000000000a T Rvirt.A.B.C
            0000000080200020 0000000000000006 t Rvirt.A.B.D
            0000000080200030 0000000000000020 r data.12
            0000000080200050 0000000000000008 d Rvirt.A.B.s_text
            0000000080200060 0000000000001000 b Rvirt.A.B.s_stack

            """),
        Is.EqualTo(new Dictionary<string, long> { ["Rvirt.A"] = 16, [SizeReport.Data] = 40, [SizeReport.Memory] = 4096 }));
}
