/* Reads its trap counters through Rvirt's own SBI extension (docs/guests.md). Status 0, or the number of the check that failed. */
    .section .text
    .globl _start
    .macro COUNTERS function, index
    li      a0, \index
    li      a6, \function
    li      a7, 0x0a565254
    ecall
    .endm
    .macro CHECK number, register, value
    li      s1, \number
    li      t0, \value
    bne     \register, t0, failed
    .endm
_start:
    li      a7, 0x10                        /* BASE: which implementation, and has it the extension? */
    li      a6, 1
    ecall
    CHECK   1, a1, 0x52565254
    li      a0, 0x0a565254
    li      a6, 3
    ecall
    CHECK   2, a1, 1
    COUNTERS 0, 0
    CHECK   3, a0, 0
    CHECK   4, a1, 8
    COUNTERS 1, 8
    CHECK   5, a0, -3
    COUNTERS 2, 0
    CHECK   6, a0, -2
    COUNTERS 1, 1                           /* SBI calls */
    CHECK   7, a1, 6
    COUNTERS 1, 0                           /* emulated instructions */
    mv      s0, a1
    .rept   10
    csrr    t0, sscratch
    addi    t0, t0, 1                       /* so that each traps by itself */
    .endr
    COUNTERS 1, 0
    sub     s0, a1, s0
    CHECK   8, s0, 10
    COUNTERS 1, 3                           /* device registers */
    mv      s0, a1
    li      t1, 0x10000000
    lbu     t2, 5(t1)
    lbu     t2, 5(t1)
    lbu     t2, 5(t1)
    COUNTERS 1, 3
    sub     s0, a1, s0
    CHECK   9, s0, 3
    li      t1, 0x5555
    j       end
failed:
    slli    t1, s1, 16
    li      t0, 0x3333
    or      t1, t1, t0
end:
    li      t0, 0x100000
    sw      t1, 0(t0)
1:  j       1b
