using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Rvirt.Tests.Stress;

/// <summary>Stressors of stress-ng that run beside each other, because what they do meets in one part of Rvirt.</summary>
/// <param name="Name">What <c>make stress CLASS=...</c> calls it.</param>
/// <param name="Stressors">A stressor, and its options.</param>
/// <param name="Beside">A shell's loop that runs beside them, or nothing. It ends by itself once <c>/tmp/stressed</c> is there.</param>
internal sealed record StressClass(string Name, IReadOnlyList<(string Name, string Options)> Stressors, string Beside = "")
{
    // Each event that is traced is a nop in the kernel that becomes a jump, while no hart may run there.
    private const string PatchTheKernel =
        "mount -t tracefs none /sys/kernel/tracing 2> /dev/null; while [ ! -e /tmp/stressed ]; do for on in 1 0; do echo $on > /sys/kernel/tracing/events/sched/enable; done; sleep 0.2; done";

    // Its own stressors of this do not run as root, which is who the guest has.
    private const string StartPrograms = "while [ ! -e /tmp/stressed ]; do /bin/true; dash -c /bin/true; done";

    // The program keeps values in all vector registers of several processes, and ends with 1 where one has changed.
    private const string KeepVectors = "while [ ! -e /tmp/stressed ]; do /root/vectors || touch /tmp/vectors-changed; done";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<StressClass> All { get; } =
    [
        new("tlb", [("tlb-shootdown", ""), ("membarrier", ""), ("mprotect", ""), ("mmapcow", "--mmapcow-mlock"), ("vm-segv", "")]),
        new(
            "memory",
            [
                ("mmap", "--mmap-bytes 8M"), ("mremap", "--mremap-bytes 2M"), ("munmap", ""), ("remap", "--remap-pages 16"), ("madvise", ""), ("vm", "--vm-bytes 16M"),
                ("memfd", "--memfd-bytes 8M"), ("userfaultfd", "--userfaultfd-bytes 1M"), ("mmapfork", "--mmapfork-bytes 64M"), ("pagemove", "--pagemove-bytes 1M"), ("shm", "--shm-bytes 2M"),
            ]),
        new("code", [("flushcache", ""), ("icache", ""), ("far-branch", "--far-branch-pages 48"), ("funccall", ""), ("opcode", ""), ("vdso", "")], PatchTheKernel),
        new(
            "signals",
            [
                ("sigsegv", ""), ("sigbus", ""), ("sigill", ""), ("sigtrap", ""), ("signal", ""), ("sigrt", ""), ("kill", ""), ("sigq", ""), ("sigchld", ""),
                ("sigsuspend", ""),
            ]),
        new("processes", [("fork", ""), ("vfork", ""), ("clone", ""), ("zombie", ""), ("pthread", "")], StartPrograms),
        new(
            "locks",
            [
                ("futex", ""), ("mutex", ""), ("sem", ""), ("sem-sysv", ""), ("lockf", ""), ("flock", ""), ("peterson", ""), ("dekker", ""), ("atomic", ""),
                ("rseq", ""), ("mcontend", ""),
            ]),
        new("switches", [("context", ""), ("switch", ""), ("yield", ""), ("pipe", ""), ("affinity", ""), ("hrtimers", ""), ("timer", ""), ("eventfd", "")]),
        new("vectors", [("vecmath", ""), ("vecwide", ""), ("veccmp", ""), ("matrix", ""), ("regs", "")], KeepVectors),
        new("hotplug", [("cpu-online", "--pathological"), ("fork", ""), ("switch", ""), ("tlb-shootdown", "")]),
    ];

    /// <summary>The class of a name.</summary>
    public static StressClass Of(string name) => All.Single(one => one.Name == name);

    /// <summary>The arguments of stress-ng for a time.</summary>
    public string Arguments(int seconds) => string.Create(
        CultureInfo.InvariantCulture,
        $"--verify --metrics-brief --oom-avoid --timeout {seconds}{string.Concat(Stressors.Select(stressor => $" --{stressor.Name} 1{(stressor.Options.Length > 0 ? " " : "")}{stressor.Options}"))}");
}
