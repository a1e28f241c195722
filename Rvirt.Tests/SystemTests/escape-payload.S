/* A guest of a host with the H extension, of which it is not told, tries to get past its tables by it. The default: a load of a virtual machine whose
 * addresses are the host's. ENTER: it becomes a virtual machine itself. Fails with 1 where that worked, 2 where it is its own exception to take. */
#define CSR_HSTATUS 0x600
#define CSR_VSATP   0x280
#define CSR_HGATP   0x680

    .section .text
    .globl _start
_start:
    lla     t0, trap
    csrw    stvec, t0
    csrw    CSR_HGATP, zero
    csrw    CSR_VSATP, zero
#ifdef ENTER
    li      t0, 1 << 7                      /* SPV */
    csrs    CSR_HSTATUS, t0
    lla     t0, 1f
    csrw    sepc, t0
    li      t0, 1 << 8                      /* SPP */
    csrs    sstatus, t0
    sret
1:  ecall
#else
    li      a1, 0x80000000
    .word   0x6c05c573                      /* hlv.d a0, (a1) */
#endif
    li      t1, 1
    j       fail

    .balign 4
trap:
    li      t1, 2
fail:
    slli    t1, t1, 16
    li      t2, 0x3333
    or      t1, t1, t2
    li      t0, 0x100000
    sw      t1, 0(t0)
2:  j       2b
