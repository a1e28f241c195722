/* On a host with the H extension: hlv.d behind a CSR access, which QEMU 7.2 reports with that access' stval. It must be the guest's illegal
 * instruction. USER: the access is of satp, and hlv.d a program's, in U-mode. Fails with 1 where it was carried out or passed over, 2 where the CSR was read again, 3 at another cause, 4 at another stval. */
    .section .text
    .globl _start
_start:
    lla     t0, trap
    csrw    stvec, t0
    li      t0, 0x5555
    csrw    sscratch, t0
    lla     a1, value
    csrr    a5, sscratch
    li      a5, 0x1111
    nop
#ifdef USER
    csrw    satp, zero
    li      t0, 1 << 8                      /* SPP */
    csrc    sstatus, t0
    lla     t0, hlv
    csrw    sepc, t0
    sret
    .balign 4
#endif
hlv:
    .word   0x6c05c573                      /* hlv.d a0, (a1) */
    li      t1, 1
    j       fail

    .balign 4
trap:
    li      t1, 2
    li      t0, 0x1111
    bne     a5, t0, fail
    li      t1, 3
    csrr    t0, scause
    addi    t0, t0, -2
    bnez    t0, fail
    csrr    t0, sepc
    lla     t2, hlv
    bne     t0, t2, fail
    li      t1, 4
    csrr    t0, stval
    li      t2, 0x6c05c573
    bne     t0, t2, fail
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
1:  j       1b
fail:
    slli    t1, t1, 16
    li      t2, 0x3333
    or      t1, t1, t2
    li      t0, 0x100000
    sw      t1, 0(t0)
2:  j       2b

    .balign 8
value:
    .dword  7
