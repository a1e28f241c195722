/* Reads cycle in S-mode where the firmware does not allow it. Powers off with status 0 if it gets the exception it must. */
    .section .text
    .globl _start
_start:
    lla     t0, trap
    csrw    stvec, t0
    .option norvc
denied:
    csrr    a0, cycle
    li      t2, 3                           /* it was read */
    j       fail
    .balign 4
trap:
    csrr    t0, scause
    li      t1, 2
    li      t2, 4                           /* another exception */
    bne     t0, t1, fail
    csrr    t0, stval
    lla     t1, denied
    lwu     t1, 0(t1)
    li      t2, 5                           /* another value */
    bne     t0, t1, fail
    csrr    t0, sepc
    lla     t1, denied
    li      t2, 6                           /* another place */
    bne     t0, t1, fail
    li      t1, 0x5555
    j       finish
fail:
    slli    t1, t2, 16
    li      t0, 0x3333
    or      t1, t1, t0
finish:
    li      t0, 0x100000
    sw      t1, 0(t0)
1:  j       1b
