// What the plugins of QEMU use of its interface, version 1, and what they have in common: they need no C library and no headers.

typedef unsigned long long u64;
typedef unsigned int u32;

struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { AddToCounter = 0 };
extern void qemu_plugin_register_vcpu_tb_trans_cb(u64 id, void (*callback)(u64 id, struct qemu_plugin_tb *block));
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction, void (*callback)(u32 hart, void *data), int registers, void *data);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction, int operation, void *counter, u64 value);
extern void qemu_plugin_register_atexit_cb(u64 id, void (*callback)(u64 id, void *data), void *data);
extern unsigned long qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, unsigned long index);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
extern unsigned long qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
extern u64 qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
extern void qemu_plugin_outs(const char *text);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

// Appends a text, or a number in decimal, and returns where the next goes.
static inline char *put_text(char *to, const char *text)
{
    while (*text) *to++ = *text++;
    return to;
}

static inline char *put_number(char *to, u64 value)
{
    char digits[24];
    u32 n = 0;
    do digits[n++] = (char)('0' + value % 10), value /= 10; while (value);
    while (n) *to++ = digits[--n];
    return to;
}

// Reads name=HEXADECIMAL: 0 where it is another argument.
static inline int read_address(const char *argument, const char *name, u64 *value)
{
    while (*name && *name == *argument) name++, argument++;
    if (*name) return 0;
    for (*value = 0; *argument; argument++)
    {
        u32 digit = (u32)(*argument >= 'a' ? *argument - 'a' + 10 : *argument - '0');
        if (digit > 15) return 0;
        *value = *value * 16 + digit;
    }
    return 1;
}
