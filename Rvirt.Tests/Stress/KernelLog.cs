using System.Text.RegularExpressions;

namespace Rvirt.Tests.Stress;

/// <summary>What a guest's kernel says of harts that do not get on, of memory that they do not see alike, and of what should not be.</summary>
internal static partial class KernelLog
{
    /// <summary>
    /// Clocks of the kernel (Linux's kernel-parameters.txt) that a slow host does not run down: it keeps a hart waiting for seconds, and these take two minutes for a hart that does
    /// nothing (a soft lockup comes after twice the threshold), as for RCU, and ten for a task that waits. What Rvirt has lost for good, a hart, a timer or an interrupt, runs them all down; what comes late by less is not seen.
    /// </summary>
    public const string SlowClocks = "watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120 sysctl.kernel.hung_task_timeout_secs=600";

    /// <summary>The kernel does not judge by clocks: for tests, which do not either.</summary>
    public const string WithoutClocks =
        "rcupdate.rcu_cpu_stall_suppress=1 rcupdate.rcu_task_stall_timeout=0 nowatchdog sysctl.kernel.hung_task_timeout_secs=0";

    /// <summary>
    /// Said in the guest before harts are taken off: the kernel starts no deadline server for its ordinary tasks, and prints the time each hart has for one, "0". Linux before 6.17
    /// counts that server among the tasks of its hart (its commit 52d15521eb75 does no more), and warns that a hart which goes off is not empty, or waits for ever until it is. It starts by a clock,
    /// where those tasks had less than a twentieth of a second: a busy host brings it about.
    /// </summary>
    public const string WithoutFairServer =
        "mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug; for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do echo 0 > $server; cat $server; done";

    /// <summary>The first line of trouble, or null.</summary>
    public static string? Trouble(string log) => TroubleLine().Match(log) is { Success: true } match ? match.Value.Trim() : null;

    /// <summary>The last lines of a log.</summary>
    public static string Tail(string log, int lines)
    {
        var all = log.TrimEnd().Split('\n');
        return string.Join('\n', all[^System.Math.Min(lines, all.Length)..]);
    }

    [GeneratedRegex(
        @"^.*(?:WARNING:|BUG:|BUG |Oops|Call Trace|Unable to handle|Kernel panic|INFO: rcu|rcu: INFO|INFO: task|soft lockup|LOCKUP|Bad page|bad pte|scheduling while atomic|corruption"
        + @"|refcount_t|failed to come online|EXT4-fs error|I/O error|Out of memory|page allocation failure|nobody cared|unexpected).*$", RegexOptions.Multiline)]
    private static partial Regex TroubleLine();
}
