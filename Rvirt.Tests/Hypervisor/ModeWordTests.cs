using System.Text;
using NUnit.Framework;
using Rvirt.Hypervisor.Setup;

namespace Rvirt.Tests.Hypervisor;

public sealed class ModeWordTests
{
    [TestCase("", false)]
    [TestCase("console=ttyS0", false)]
    [TestCase("rvirt.mode=resident", true)]
    [TestCase("rvirt.mode=deprivileged", false)]
    [TestCase("a  rvirt.mode=resident b", true)]
    [TestCase("rvirt.mode=resident rvirt.mode=deprivileged", false)]
    [TestCase("xrvirt.mode=resident", false)]
    public void TheLastWordCounts(string line, bool expected)
    {
        Assert.That(ModeWord.TryFind(Encoding.ASCII.GetBytes(line), out var resident));
        Assert.That(resident, Is.EqualTo(expected));
    }

    [TestCase("rvirt.mode=")]
    [TestCase("rvirt.mode=Resident")]
    [TestCase("rvirt.mode=resident2 rvirt.mode=resident")]
    public void OtherModesAreRefused(string line) => Assert.That(ModeWord.TryFind(Encoding.ASCII.GetBytes(line), out _), Is.False);
}
