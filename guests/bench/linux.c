// The first process of a Linux guest, without a C library: measures system calls and processes, then powers off.
// Under QEMU's -icount shift=0 a tick of time is 100 instructions.

#include "linux.h"

static void process(int execute)
{
    s64 child = call(Clone, ChildSignal, 0, 0, 0);
    if (child == 0)
    {
        if (execute)
        {
            static const char *const arguments[] = { "busybox", "true", 0 };
            static const char *const environment[] = { 0 };
            call(Execve, (s64)"/bin/busybox", (s64)arguments, (s64)environment, 0);
            call(Exit, 1, 0, 0, 0);
        }

        call(Exit, 0, 0, 0, 0);
    }

    int status = 0;
    if (child < 0 || call(Wait4, child, (s64)&status, 0, 0) != child || status != 0) fail(execute ? "fork and exec of /bin/busybox" : "fork");
}

// The best of several groups: what the kernel does in the background falls into some of them only.
static void processes(const char *name, int execute)
{
    enum { Groups = 10, Rounds = 10 };
    u64 best = ~0ul;
    for (int group = 0; group < Groups; group++)
    {
        u64 start = now();
        for (u64 i = 0; i < Rounds; i++) process(execute);
        u64 elapsed = now() - start;
        if (elapsed < best) best = elapsed;
    }

    row(name, best * Tick * 100 / Rounds);
}

void _start(void)
{
    u64 booted = now();
    begin();
    // Ahead of the kernel's own threads, which may have work left over from the boot: only what is measured runs.
    static const struct { int priority; } fifo = { 1 };
    enum { Fifo = 1, Calls = 10000 };
    if (call(SetScheduler, 0, Fifo, (s64)&fifo, 0) != 0) fail("sched_setscheduler");
    u64 best = ~0ul;
    for (int i = 0; i < 3; i++)
    {
        u64 start = now();
        for (u64 j = 0; j < Calls; j++) call(GetPid, 0, 0, 0, 0);
        u64 elapsed = now() - start;
        if (elapsed < best) best = elapsed;
    }

    row("Linux: getpid", best * Tick * 100 / Calls);
    processes("Linux: fork + exit + wait", 0);
    processes("Linux: fork + exec + wait of busybox", 1);
    row("Linux: start of init, ms", booted / 100);
    row("Linux: boot to power-down, ms", now() / 100);
    power_off();
}
