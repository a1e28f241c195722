// The first process of a Linux guest of four harts: measures what one of them costs where it waits for the others, each of which runs a loop.
// Where a hart of the machine has to run all four, that is as long as Rvirt leaves them to wait for each other.

#include "linux.h"

enum { Harts = 4, Calls = 200, RegisterGlobalExpedited = 4, GlobalExpedited = 2 };

static void run_on(u64 hart)
{
    u64 mask = 1ul << hart;
    if (call(SetAffinity, 0, sizeof mask, (s64)&mask, 0) != 0) fail("sched_setaffinity");
}

// Says that interrupts of membarrier are for this process, too.
static void answer(void)
{
    if (call(Membarrier, RegisterGlobalExpedited, 0, 0, 0) != 0) fail("membarrier");
}

void _start(void)
{
    begin();
    int there[2];
    if (call(Pipe, (s64)there, 0, 0, 0) != 0) fail("pipe2");
    answer();
    for (u64 hart = 1; hart < Harts; hart++)
    {
        s64 child = call(Clone, ChildSignal, 0, 0, 0);
        if (child < 0) fail("fork");
        if (child == 0)
        {
            run_on(hart);
            answer();
            call(Write, there[1], (s64)"", 1, 0);
            for (;;) asm volatile("");
        }

        // Until it runs where it belongs.
        char byte;
        if (call(Read, there[0], (s64)&byte, 1, 0) != 1) fail("read");
    }

    run_on(0);
    static const struct { int priority; } fifo = { 1 };
    if (call(SetScheduler, 0, Fifo, (s64)&fifo, 0) != 0) fail("sched_setscheduler");
    u64 start = now();
    for (int i = 0; i < Calls; i++)
    {
        if (call(Membarrier, GlobalExpedited, 0, 0, 0) != 0) fail("membarrier");
    }

    row("Linux: membarrier, which 3 harts answer", (now() - start) * Tick * 100 / Calls);
    power_off();
}
