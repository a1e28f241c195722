// What the first processes of Linux guests have in common: they have no C library, and the names of the system calls are here.

typedef unsigned long u64;
typedef long s64;

enum
{
    Pipe = 59, Read = 63, Write = 64, Exit = 93, SetScheduler = 119, SetAffinity = 122, Reboot = 142, GetPid = 172, Clone = 220, Execve = 221,
    Wait4 = 260, Membarrier = 283,
};

enum { Tick = 100, Fifo = 1, ChildSignal = 17 };

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

static void begin(void)
{
    text("\nrvirt-bench linux 1: instructions per operation under -icount shift=0, nanoseconds otherwise\n");
}

static void power_off(void)
{
    text("rvirt-bench: done\n");
    call(Reboot, 0xfee1dead, 672274793, 0x4321fedc, 0);
    fail("power-off");
}
