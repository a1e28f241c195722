/* Traps a thousand times by an instruction that a resident guest leaves to the hypervisor, with its own tables on, says so and waits. */
#define TRAPS 1000

    .section .text
    .globl _start
_start:
    lla     t0, root
    li      t1, (0x80000000 >> 2) | 0xcf    /* RAM, and the devices below it, where they are */
    sd      t1, 16(t0)
    li      t1, 0xcf
    sd      t1, 0(t0)
    srli    t0, t0, 12
    li      t1, 8 << 60
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma
    li      t1, TRAPS
1:  csrr    t0, satp
    addi    t1, t1, -1
    bnez    t1, 1b
    li      t0, 0x10000000
    lla     t1, text
2:  lbu     t2, 0(t1)
    beqz    t2, 3f
    sb      t2, 0(t0)
    addi    t1, t1, 1
    j       2b
3:  wfi
    j       3b

text:
    .asciz  "trapped\n"
    .balign 4096
root:
    .zero   4096
