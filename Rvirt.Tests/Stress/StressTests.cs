using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Stress;

/// <summary>
/// The short form of <c>make stress</c>: Debian with four harts on two, a few seconds of each class, of which no verdict depends; but not that which takes harts away, as a kernel on a busy host may
/// take a late hart for lost (<c>DebianHartsTests</c> allows for that).
/// </summary>
[Category("System,Image")]
public sealed class StressTests
{
    // How much is done in it is the machine's matter: only what is done wrong fails.
    private const int Seconds = 10;

    [Test]
    public void FourHartsOnTwoStandIt()
    {
        using var guest = StressGuest.Boot(Firmware.Stub, 4, 2, KernelLog.WithoutClocks, TimeSpan.FromSeconds(1800));
        foreach (var kind in StressClass.All.Where(kind => kind.Name != "hotplug"))
        {
            var (complaints, rounds) = guest.Run(kind, Seconds);
            TestContext.Out.WriteLine($"{kind.Name}: {string.Join(' ', rounds)} at {guest.Age.TotalSeconds:F0} s");
            Assert.That(complaints, Is.Empty, () => $"{kind.Name}\n{guest.KernelTail()}");
        }

        Assert.That(guest.Hash(4), Is.Empty, guest.KernelTail);
        Assert.That(guest.AskHypervisor(), Is.Empty);
        Assert.That(guest.PowerOff(), Is.Empty);
        TestContext.Out.WriteLine($"in all {guest.Age.TotalSeconds:F0} s");
    }
}
