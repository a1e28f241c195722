// A TCG plugin of QEMU: counts how often each instruction of the hypervisor is executed. at=ADDRESS says where it is linked to, and each further one where
// else it runs, such as its window; at the end come a line for each instruction that was, with its distance from there.

#include "plugin.h"

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

static void show(u64 id, void *data)
{
    (void)id, (void)data;
    for (u64 i = 0; i < Bytes / 2; i++)
    {
        if (!counts[i]) continue;
        char line[64];
        *put_text(put_number(put_text(put_number(put_text(line, "rvirt-profile: "), 2 * i), " "), counts[i]), "\n") = 0;
        qemu_plugin_outs(line);
    }
}

EXPORT int qemu_plugin_install(u64 id, const void *machine, int count, char **arguments)
{
    (void)machine;
    for (int i = 0; i < count; i++)
    {
        if (known == Places || !read_address(arguments[i], "at=", &places[known++])) return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, show, 0);
    return 0;
}
