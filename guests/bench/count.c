// A TCG plugin of QEMU: counts what harts execute between two marks of the guest (harts.inc), but for waiting. A hart waits while it repeats the
// same instructions until it loses its turn: all but the first of those rounds are left out.
// With from=ADDRESS it also counts how often that instruction of the hypervisor is executed, what is from there on until a guest goes on, and what is
// between the guests' instructions before and after it.

#include "plugin.h"

enum { Harts = 8, Longest = 1 << 18, LongestRound = 4096, Begin = 1, End = 2, Pause = 3, Go = 4 };

// The bench guest is linked there (link.ld), and nothing else runs at those addresses.
static const u64 GuestStart = 0x80200000, GuestEnd = 0x80210000;

// The instructions of this turn, as far as there is room.
static u64 turn[Longest];
static u64 length;
static u32 current;

static u64 counts[Harts];
static int counting, paused;
static u64 from, passages, passed, around;
static u64 outside, passing;

// How many instructions at the turn's end repeat the ones before.
static u64 waited(void)
{
    for (u64 round = 1; round <= LongestRound && 3 * round <= length; round++)
    {
        u64 same = 0;
        while (same < length - round && turn[length - 1 - same] == turn[length - 1 - same - round]) same++;
        if (same >= 2 * round) return same;
    }
    return 0;
}

static void lose_turn(void)
{
    if (counting && length > Longest) qemu_plugin_outs("rvirt-count: a turn is too long\n");
    else if (counting && current < Harts) counts[current] += length - waited();
    length = 0;
}

static void executed(u32 hart, void *data)
{
    u64 address = (u64)data;
    if (hart != current)
    {
        lose_turn();
        current = hart;
    }
    if (length < Longest) turn[length] = address;
    length++;
    if (!from || !counting) return;
    if (address >= GuestStart && address < GuestEnd)
    {
        passed += passing;
        around += passing ? outside : 0;
        outside = passing = 0;
        return;
    }
    // The hypervisor is linked to physical addresses, and runs there or in its window, which agree in this.
    if ((u32)address == from)
    {
        passages++;
        passing = 1;
    }
    else if (passing) passing++;
    outside++;
}

static void show(void)
{
    char line[160], *at = put_text(line, "rvirt-count:");
    u64 total = 0;
    for (u32 i = 0; i < Harts; i++) total += counts[i];
    const u64 values[] = { total, counts[0], passages, passed, around };
    for (u32 i = 0; i < sizeof values / sizeof *values; i++) at = put_number(put_text(at, " "), values[i]);
    *put_text(at, "\n") = 0;
    qemu_plugin_outs(line);
}

// The hart that comes to a mark has not lost its turn.
static void marked(u32 hart, void *kind)
{
    executed(hart, kind);
    if (counting && current < Harts) counts[current] += length;
    length = 0;
    switch ((u64)kind)
    {
        case Pause:
            paused = counting;
            counting = 0;
            return;
        case Go:
            counting = paused;
            return;
        case End:
            show();
            break;
    }
    counting = (u64)kind == Begin;
    paused = 0;
    passages = passed = around = outside = passing = 0;
    for (u32 i = 0; i < Harts; i++) counts[i] = 0;
}

static void translated(u64 id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (unsigned long i = 0; i < qemu_plugin_tb_n_insns(block); i++)
    {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        u32 word = 0;
        if (qemu_plugin_insn_size(instruction) == 4)
        {
            const unsigned char *bytes = qemu_plugin_insn_data(instruction);
            word = bytes[0] | (u32)bytes[1] << 8 | (u32)bytes[2] << 16 | (u32)bytes[3] << 24;
        }
        // lui zero, 0xb0000 + kind
        int mark = (word & 0xffff0fff) == 0xb0000037;
        u64 data = mark ? word >> 12 & 15 : qemu_plugin_insn_vaddr(instruction);
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, mark ? marked : executed, 0, (void *)data);
    }
}

EXPORT int qemu_plugin_install(u64 id, const void *machine, int count, char **arguments)
{
    (void)machine;
    for (int i = 0; i < count; i++)
    {
        if (!read_address(arguments[i], "from=", &from)) return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
