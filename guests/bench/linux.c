// The first process of a Linux guest, without a C library: measures system calls and processes, then powers off.
// Under QEMU's -icount shift=0 a tick of time is 100 instructions.

typedef unsigned long u64;
typedef long s64;

enum { Tick = 100, Write = 64, Exit = 93, SetScheduler = 119, Reboot = 142, GetPid = 172, Clone = 220, Execve = 221, Wait4 = 260, ChildSignal = 17 };

static s64 call(s64 number, s64 a, s64 b, s64 c, s64 d)
{
    register s64 a7 asm("a7") = number;
    register s64 a0 asm("a0") = a;
    register s64 a1 asm("a1") = b;
    register s64 a2 asm("a2") = c;
    register s64 a3 asm("a3") = d;
    register s64 a4 asm("a4") = 0;
    asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4) : "memory");
    return a0;
}

static u64 now(void)
{
    u64 ticks;
    asm volatile("rdtime %0" : "=r"(ticks) : : "memory");
    return ticks;
}

static void text(const char *string)
{
    u64 length = 0;
    while (string[length]) length++;
    call(Write, 1, (s64)string, (s64)length, 0);
}

// One line: a name, and a number of hundredths.
static void row(const char *name, u64 hundredths)
{
    char line[80];
    u64 at = 0;
    while (name[at] && at < 44) line[at] = name[at], at++;
    while (at < 44) line[at++] = ' ';
    char digits[24];
    u64 count = 0, whole = hundredths / 100;
    do digits[count++] = (char)('0' + whole % 10), whole /= 10; while (whole);
    for (u64 pad = count; pad < 12; pad++) line[at++] = ' ';
    while (count) line[at++] = digits[--count];
    line[at++] = '.';
    line[at++] = (char)('0' + hundredths / 10 % 10);
    line[at++] = (char)('0' + hundredths % 10);
    line[at++] = '\n';
    line[at] = 0;
    text(line);
}

static void fail(const char *what)
{
    text("rvirt-bench: failed: ");
    text(what);
    text("\n");
    call(Reboot, 0xfee1dead, 672274793, 0x01234567, 0);
    for (;;) call(Exit, 1, 0, 0, 0);
}

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
    text("\nrvirt-bench linux 1: instructions per operation under -icount shift=0, nanoseconds otherwise\n");
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
    text("rvirt-bench: done\n");
    call(Reboot, 0xfee1dead, 672274793, 0x4321fedc, 0);
    fail("power-off");
}
