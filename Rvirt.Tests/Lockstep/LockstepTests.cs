using System.Globalization;
using NUnit.Framework;

namespace Rvirt.Tests.Lockstep;

/// <summary>Random privileged programs in lockstep: on the reference hart in real S-mode, and deprivileged under the hypervisor.</summary>
public sealed class LockstepTests
{
    [Test]
    public void RandomProgramsBehaveAsOnTheReferenceHart()
    {
        var wanted = ulong.Parse(TestContext.Parameters.Get("Lockstep", "1000000"), CultureInfo.InvariantCulture);
        var done = 0UL;
        for (var seed = 1UL; done < wanted; seed++)
        {
            done += LockstepProgram.Run(seed, LockstepCommand.StepsOfAProgram);
        }

        Assert.That(done, Is.AtLeast(wanted));
    }
}
