// A TCG plugin of QEMU: counts how often each instruction of the hypervisor is executed. at=ADDRESS says where it is linked to, and each further one where
// else it runs, such as its window; at the end come a line for each instruction that was, with its distance from there.
// It needs no C library and no headers: what it uses of QEMU's plugin interface, version 1, stands here.

typedef unsigned long long u64;

struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { AddToCounter = 0 };
extern void qemu_plugin_register_vcpu_tb_trans_cb(u64 id, void (*callback)(u64 id, struct qemu_plugin_tb *block));
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction, int operation, void *counter, u64 value);
extern void qemu_plugin_register_atexit_cb(u64 id, void (*callback)(u64 id, void *data), void *data);
extern unsigned long qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, unsigned long index);
extern u64 qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
extern void qemu_plugin_outs(const char *text);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

// An image is smaller, and ends where RAM for guests begins.
enum { Bytes = 1 << 20, Places = 4 };

// Instructions begin at even addresses. One word for all harts: QEMU runs them in turns where it counts instructions.
static u64 counts[Bytes / 2];
static u64 places[Places];
static int known;

static void translated(u64 id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (unsigned long i = 0; i < qemu_plugin_tb_n_insns(block); i++)
    {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        for (int place = 0; place < known; place++)
        {
            u64 offset = qemu_plugin_insn_vaddr(instruction) - places[place];
            if (offset < Bytes) qemu_plugin_register_vcpu_insn_exec_inline(instruction, AddToCounter, &counts[offset / 2], 1);
        }
    }
}

static char *decimal(char *to, u64 value)
{
    char digits[24];
    int n = 0;
    do digits[n++] = (char)('0' + value % 10), value /= 10; while (value);
    while (n) *to++ = digits[--n];
    return to;
}

static void show(u64 id, void *data)
{
    (void)id, (void)data;
    for (u64 i = 0; i < Bytes / 2; i++)
    {
        if (!counts[i]) continue;
        char line[64], *at = line;
        for (const char *text = "rvirt-profile: "; *text;) *at++ = *text++;
        at = decimal(at, 2 * i);
        *at++ = ' ';
        at = decimal(at, counts[i]);
        *at++ = '\n';
        *at = 0;
        qemu_plugin_outs(line);
    }
}

EXPORT int qemu_plugin_install(u64 id, const void *machine, int count, char **arguments)
{
    (void)machine;
    for (int i = 0; i < count; i++)
    {
        const char *text = "at=", *argument = arguments[i];
        while (*text && *text == *argument) text++, argument++;
        if (*text || known == Places) return 1;
        for (; *argument; argument++)
        {
            unsigned digit = (unsigned)(*argument >= 'a' ? *argument - 'a' + 10 : *argument - '0');
            if (digit > 15) return 1;
            places[known] = places[known] * 16 + digit;
        }
        known++;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, show, 0);
    return 0;
}
