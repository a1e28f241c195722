using NUnit.Framework;

namespace Rvirt.Tests.Lockstep;

/// <summary>Random privileged programs in lockstep: on the reference hart in real S-mode, and deprivileged under the hypervisor.</summary>
public sealed class LockstepTests
{
    private const ulong Instructions = 10_000_000;

    [Test]
    public void RandomProgramsBehaveAsOnTheReferenceHart()
    {
        var campaign = new LockstepCampaign(Instructions, firstSeed: 1);
        campaign.Run(jobs: 2);
        Assert.That(campaign.Failure, Is.Null);
        Assert.That(campaign.Done, Is.AtLeast(Instructions));
    }

    /// <summary>The tests above hold only as much as the comparison sees: each of these differences must be seen at once.</summary>
    [Test]
    public void AnyDifferenceIsSeen()
    {
        using var run = new LockstepRun(1, new LockstepConfiguration());
        Assert.That(() => run.Apply(LockstepEvent.Code(Encode.Nop)), Throws.Nothing);
        run.Subject.Machine.VCpu.Sscratch ^= 1;
        Assert.That(() => run.Apply(LockstepEvent.Code(Encode.Nop)), Throws.TypeOf<DivergenceException>());
        run.Subject.Machine.VCpu.Sscratch ^= 1;
        run.Apply(LockstepEvent.Restart);
        run.Subject.Hart[9] ^= 1;
        Assert.That(() => run.Apply(LockstepEvent.Code(Encode.Nop)), Throws.TypeOf<DivergenceException>());
        run.Apply(LockstepEvent.Restart);
        run.Subject.Machine.GuestRam(LockstepRun.Entry + 0x3f_0000, 1)[0] ^= 1;
        Assert.That(run.CompareMemory, Throws.TypeOf<DivergenceException>());
    }
}
