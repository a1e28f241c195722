/* The least SBI firmware: enters S-mode where QEMU says, and prints characters (SBI 0.1). What it is built with decides how bad it is:
 *   NO_TREE     hands over no device tree
 *   FOREIGN_TREE hands over something else
 *   NO_SEED     hands over a tree without a seed for random numbers
 *   BASE_ONLY   is of SBI 2.0 with timers and a console, and cannot interrupt other harts
 *   STIMECMP    lets S-mode set its timer itself, so that SBI 0.1 without a timer will do
 *   TIMER       takes SBI 0.1's call to set a timer, and forgets it
 *   OPENSBI=N   is of SBI 2.0 with all that is asked for, and says that it is version N of OpenSBI; it keeps only the console's promise
 *   NEXT=N      enters S-mode there instead
 *   COUNTERS=N  what S-mode may read (mcounteren)
 *   HSTATUS=N   leaves that in hstatus
 * QEMU's reset code gives a0 = hart, a1 = device tree, a2 = struct fw_dynamic_info, whose third word is the next stage's address. */
#ifndef COUNTERS
#define COUNTERS 7
#endif
    .section .text
    .globl _start
_start:
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    li      t0, 0xb1ff                      /* every exception but ecalls from S and M */
    csrw    medeleg, t0
    li      t0, 0x222
    csrw    mideleg, t0
    li      t0, COUNTERS
    csrw    mcounteren, t0
#ifdef HSTATUS
    li      t0, HSTATUS
    csrw    0x600, t0
#endif
#ifdef STIMECMP
    li      t0, -1
    csrw    0x14d, t0
    slli    t0, t0, 63
    csrw    0x30a, t0                       /* menvcfg.STCE */
#endif
    lla     t0, trap
    csrw    mtvec, t0
    lla     t0, stack
    csrw    mscratch, t0
#ifdef NEXT
    li      t0, NEXT
#else
    ld      t0, 16(a2)
#endif
    csrw    mepc, t0
    li      t0, 0x1800
    csrc    mstatus, t0
    li      t0, 0x0800
    csrs    mstatus, t0
#ifdef NO_TREE
    li      a1, 0
#endif
#ifdef FOREIGN_TREE
    lla     a1, _start
#endif
#ifdef NO_SEED
    /* The name's first letter becomes another, wherever in the tree it is. */
    mv      t0, a1
1:  lla     t1, seed_name
    mv      t2, t0
2:  lbu     t3, 0(t1)
    lbu     t4, 0(t2)
    bne     t3, t4, 3f
    addi    t1, t1, 1
    addi    t2, t2, 1
    bnez    t3, 2b
    li      t3, 'x'
    sb      t3, 0(t0)
    j       4f
3:  addi    t0, t0, 1
    j       1b
4:
#endif
    mret

    .balign 4
trap:
    csrrw   sp, mscratch, sp
    sd      t0, 0(sp)
    sd      t1, 8(sp)
    csrr    t0, mcause
    li      t1, 9
    bne     t0, t1, hang
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
    li      t1, 1
    beq     a7, t1, put
#ifdef TIMER
    beqz    a7, taken
#endif
#ifdef OPENSBI
    li      t1, 0x10
    bne     a7, t1, unknown
    li      t1, 2
    beq     a6, t1, 3f
    li      a1, 1                           /* OpenSBI's id, and every extension */
    bnez    a6, 4f
    li      a1, 2 << 24
    j       4f
3:  li      a1, OPENSBI
4:  li      a0, 0
    j       done
#endif
#ifdef BASE_ONLY
    li      t1, 0x10
    bne     a7, t1, unknown
    li      a1, 2 << 24
    beqz    a6, 2f
    li      a1, 1
    li      t1, 0x54494d45                  /* TIME, and the legacy console; it says so and keeps neither promise but the console's */
    beq     a0, t1, 2f
    beq     a0, a1, 2f
    li      a1, 0
2:  li      a0, 0
    j       done
#endif
unknown:
    li      a0, -2
    li      a1, 0
    j       done
put:
    li      t0, 0x10000000
1:  lbu     t1, 5(t0)
    andi    t1, t1, 0x20
    beqz    t1, 1b
    sb      a0, 0(t0)
taken:
    li      a0, 0
done:
    ld      t0, 0(sp)
    ld      t1, 8(sp)
    csrrw   sp, mscratch, sp
    mret
hang:
    wfi
    j       hang

    .balign 16
stack:
    .space  64
seed_name:
    .asciz  "rng-seed"
