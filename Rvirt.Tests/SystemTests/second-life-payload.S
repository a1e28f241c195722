/* Fills every register it has, restarts the machine, and reports what it finds of that: bit 0: an x register other than a0 and a1,
 * 1: an f register, 2: fcsr, 3: a CSR of S-mode. What says that it is its second life lies where no loader writes.
 */
    .section .text
    .globl _start
_start:
    /* x registers: whatever is not zero shows in s11, which is one of them. */
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31
    or      x27, x27, x\n
    .endr
    snez    s0, s11

    li      t0, 1 << 13
    csrs    sstatus, t0
    li      s11, 0
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fmv.x.d t0, f\n
    or      s11, s11, t0
    .endr
    snez    t0, s11
    slli    t0, t0, 1
    or      s0, s0, t0

    csrr    t0, fcsr
    snez    t0, t0
    slli    t0, t0, 2
    or      s0, s0, t0

    li      s11, 0
    .irp    csr, sscratch, sepc, scause, stval, sie, satp
    csrr    t0, \csr
    or      s11, s11, t0
    .endr
    snez    t0, s11
    slli    t0, t0, 3
    or      s0, s0, t0

    li      t2, 0x100000
    li      t0, 0x83000000
    ld      t1, 0(t0)
    li      t3, 0x3141592653589793
    bne     t1, t3, first

    /* The second life. */
    slli    s0, s0, 16
    li      t1, 0x3333
    or      t1, t1, s0
    bnez    s0, 1f
    li      t1, 0x5555
1:  sw      t1, 0(t2)
2:  j       2b

first:
    sd      t3, 0(t0)
    fence
    csrw    sscratch, t3
    csrw    sepc, t3
    csrw    scause, t3
    csrw    stval, t3
    csrw    stvec, t3
    li      t1, 0x222
    csrw    sie, t1
    li      t1, 0xff
    csrw    fcsr, t1
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fmv.d.x f\n, t3
    .endr
    .irp    n, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    li      x\n, 0x5a5a5a5a
    .endr
    li      t1, 0x7777
    sw      t1, 0(t2)
3:  j       3b
