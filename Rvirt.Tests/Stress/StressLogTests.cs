using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.Stress;

/// <summary>What of stress-ng's output and of a kernel's log fails a class.</summary>
public sealed class StressLogTests
{
    private const string Well = """
        stress-ng: info:  [229] dispatching hogs: 1 fork, 1 futex
        stress-ng: metrc: [229] stressor       bogo ops real time  usr time  sys time   bogo ops/s     bogo ops/s
        stress-ng: metrc: [229]                           (secs)    (secs)    (secs)   (real time) (usr+sys time)
        stress-ng: metrc: [229] fork                315      3.05      0.50      4.00       103.28          70.00
        stress-ng: metrc: [229] futex                12      3.05      0.50      4.00       103.28          70.00
        stress-ng: info:  [229] skipped: 0
        stress-ng: info:  [229] passed: 2: fork (1) futex (1)
        stress-ng: info:  [229] failed: 0
        stress-ng: info:  [229] metrics untrustworthy: 0
        stress-ng: info:  [229] successful run completed in 4.55 secs
        """;

    private static readonly StressClass Both = new("both", [("fork", ""), ("futex", "--futex-x")]);

    [Test]
    public void ARunInWhichAllIsWellHasNoComplaints()
    {
        var log = new StressLog(0, Well);
        Assert.That(log.Complaints(Both), Is.Empty);
        Assert.That(log.Rounds.Select(one => $"{one.Key} {one.Value}"), Is.EqualTo(["fork 315", "futex 12"]));
    }

    [TestCase("stress-ng: info:  [229] failed: 0", "stress-ng: fail:  [231] futex: wait was not woken\nstress-ng: info:  [229] failed: 1: futex (1)", "stress-ng: fail:  [231] futex: wait was not woken")]
    [TestCase("stress-ng: info:  [229] failed: 0", "stress-ng: error: [231] fork: gone\nstress-ng: info:  [229] failed: 0", "stress-ng: error: [231] fork: gone")]
    [TestCase("skipped: 0", "skipped: 1: futex (1)", "it does not say that none was skipped")]
    [TestCase("metrics untrustworthy: 0", "metrics untrustworthy: 1: futex (1)", "it does not say that none was metrics untrustworthy")]
    [TestCase("[229] failed: 0", "", "it does not say that none was failed")]
    public void WhatIsNotWellIsSaid(string line, string instead, string complaint) =>
        Assert.That(new StressLog(0, Well.Replace(line, instead, System.StringComparison.Ordinal)).Complaints(Both), Has.Some.EqualTo(complaint));

    [Test]
    public void ATimeMayBeTooShortForARoundOfOneButNotOfAll()
    {
        var none = Well.Replace("futex                12", "futex                 0", System.StringComparison.Ordinal);
        Assert.That(new StressLog(0, none).Complaints(Both), Is.Empty);
        Assert.That(new StressLog(0, none.Replace("futex                 0", "other                 0", System.StringComparison.Ordinal)).Complaints(Both), Is.EqualTo(["futex did not run"]));
        Assert.That(new StressLog(0, none.Replace("fork                315", "fork                  0", System.StringComparison.Ordinal)).Complaints(Both), Is.EqualTo(["none did a round"]));
    }

    [Test]
    public void AStatusIsAComplaint() => Assert.That(new StressLog(2, Well).Complaints(Both), Is.EqualTo(["its status is 2"]));

    [Test]
    public void StressorsRunBesideEachOtherForATime() =>
        Assert.That(Both.Arguments(60), Is.EqualTo("--verify --metrics-brief --oom-avoid --timeout 60 --fork 1 --futex 1 --futex-x"));

    [TestCase("[   12.2] EXT4-fs (vda): mounted filesystem r/w\n[   13.0] CPU1: off\n[   66.0] watchdog: BUG: soft lockup - CPU#3 stuck for 121s! [tar:231]", "[   66.0] watchdog: BUG: soft lockup - CPU#3 stuck for 121s! [tar:231]")]
    [TestCase("[  181.0] rcu: INFO: rcu_sched self-detected stall on CPU", "[  181.0] rcu: INFO: rcu_sched self-detected stall on CPU")]
    [TestCase("[    1.0] WARNING: CPU: 1 PID: 7 at kernel/smp.c:99 f", "[    1.0] WARNING: CPU: 1 PID: 7 at kernel/smp.c:99 f")]
    [TestCase("[    1.0] CPU1: failed to come online", "[    1.0] CPU1: failed to come online")]
    [TestCase("[    1.0] Unable to handle kernel paging request at virtual address 0", "[    1.0] Unable to handle kernel paging request at virtual address 0")]
    [TestCase("[  459.5] mmap: stress-ng-remap (964) uses deprecated remap_file_pages() syscall.", null)]
    [TestCase("[  459.5] stress-ng-sigse[7]: unhandled signal 11 code 0x1 at 0x0", null)]
    public void OfAKernelsLogWhatShouldNotBeIsFound(string log, string? expected) => Assert.That(KernelLog.Trouble(log), Is.EqualTo(expected));
}
