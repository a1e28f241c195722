using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.VirtualHart;

public sealed class HartResetTests
{
    [Test]
    public void NothingOfAFormerLifeStaysInTheHart()
    {
        var hart = new TestHart { Sstatus = ulong.MaxValue };
        Array.Fill(hart.FloatingPoint, 0x3ff0_0000_0000_0000UL);
        var host = new TestHost(hart);
        HartReset.Load(ref host);
        Assert.Multiple(() =>
        {
            Assert.That(hart.FloatingPoint.Distinct(), Is.EqualTo([0UL]), "f0 to f31 and fcsr");
            Assert.That(hart.Sstatus >> 13 & 3, Is.EqualTo(1), "FS is initial");
            Assert.That(hart.Sstatus >> 9 & 3, Is.Zero, "VS is off");
            Assert.That(hart.Sstatus >> 18 & 3, Is.EqualTo(1), "SUM is set, MXR is not");
            Assert.That(hart.Sstatus & 0x162, Is.Zero, "SIE, SPIE, UBE and SPP");
        });
    }

    /// <summary>There the instructions would be illegal.</summary>
    [Test]
    public void AHartWithoutFloatingPointIsNotAskedToLoadAny()
    {
        var hart = new TestHart { WithoutFloatingPoint = true };
        Array.Fill(hart.FloatingPoint, 7UL);
        var host = new TestHost(hart);
        HartReset.Load(ref host);
        Assert.That(hart.FloatingPoint, Is.All.EqualTo(7));
    }
}
