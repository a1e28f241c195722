// A TCG plugin of QEMU: counts how often each instruction of the hypervisor is executed. at=ADDRESS says where it is linked to, and each further one where
// else it runs, such as its window; at the end come a line for each instruction that was, with its distance from there.
// With begin=ADDRESS and end=ADDRESS, two instructions of the guest, it is only what was executed between the last two of them.

#include "plugin.h"

// An image is smaller, and ends where RAM for guests begins.
enum { Bytes = 1 << 20, Places = 4 };

// Instructions begin at even addresses. One word for all harts: QEMU runs them in turns where it counts instructions.
static u64 counts[Bytes / 2];
static u64 places[Places];
static int known;
static u64 begin, end;

// What was there when the last part ended.
static u64 kept[Bytes / 2];

static void begins(u32 hart, void *data)
{
    (void)hart, (void)data;
    for (u64 i = 0; i < Bytes / 2; i++) counts[i] = 0;
}

static void ends(u32 hart, void *data)
{
    (void)hart, (void)data;
    for (u64 i = 0; i < Bytes / 2; i++) kept[i] = counts[i];
}

static void translated(u64 id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (unsigned long i = 0; i < qemu_plugin_tb_n_insns(block); i++)
    {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        u64 address = qemu_plugin_insn_vaddr(instruction);
        if (begin && address == begin) qemu_plugin_register_vcpu_insn_exec_cb(instruction, begins, 0, 0);
        if (end && address == end) qemu_plugin_register_vcpu_insn_exec_cb(instruction, ends, 0, 0);
        for (int place = 0; place < known; place++)
        {
            u64 offset = address - places[place];
            if (offset < Bytes) qemu_plugin_register_vcpu_insn_exec_inline(instruction, AddToCounter, &counts[offset / 2], 1);
        }
    }
}

static void show(u64 id, void *data)
{
    (void)id, (void)data;
    const u64 *shown = end ? kept : counts;
    for (u64 i = 0; i < Bytes / 2; i++)
    {
        if (!shown[i]) continue;
        char line[64];
        *put_text(put_number(put_text(put_number(put_text(line, "rvirt-profile: "), 2 * i), " "), shown[i]), "\n") = 0;
        qemu_plugin_outs(line);
    }
}

EXPORT int qemu_plugin_install(u64 id, const void *machine, int count, char **arguments)
{
    (void)machine;
    for (int i = 0; i < count; i++)
    {
        if (read_address(arguments[i], "begin=", &begin) || read_address(arguments[i], "end=", &end)) continue;
        if (known == Places || !read_address(arguments[i], "at=", &places[known++])) return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, show, 0);
    return 0;
}
