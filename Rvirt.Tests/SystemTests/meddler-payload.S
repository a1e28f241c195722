/* Two guests of one hart that has the H extension, of which they are not told. MEDDLES: writes what it can of its CSRs, again and again; says "holds" once
 * they are what it wrote. WATCHES: reads those CSRs after each of its slices, with all interrupts on; says "quiet" when it has met nothing there in
 * many of them, else "met " and which. */
#define CSR_VSSCRATCH   0x240
#define CSR_VSTVEC      0x205
#define CSR_HIE         0x604
#define CSR_HVIP        0x645
#define CSR_HTVAL       0x643
#define CSR_HCOUNTEREN  0x606
#define INTERRUPTS      0x444               /* VSSI, VSTI, VSEI */
#define SLICES          20

    .macro  SAY text
    lla     s1, 9000f
    j       9001f
9000:
    .asciz  "\text"
    .balign 4
9001:
    lbu     a0, 0(s1)
    beqz    a0, 9002f
    li      a7, 1
    ecall
    addi    s1, s1, 1
    j       9001b
9002:
    .endm

    .section .text
    .globl _start
_start:
    lla     t0, trap
    csrw    stvec, t0
#ifdef MEDDLES
    li      s2, 0
    li      s3, INTERRUPTS
    lla     s4, trap
1:  csrw    CSR_VSSCRATCH, s3
    csrw    CSR_VSTVEC, s4
    csrw    CSR_HTVAL, s3
    csrw    CSR_HCOUNTEREN, s3
    csrw    CSR_HIE, s3
    csrw    CSR_HVIP, s3
    bnez    s2, 1b
    li      s2, 1
    csrr    t0, CSR_VSSCRATCH
    bne     t0, s3, broken
    csrr    t0, CSR_HIE
    bne     t0, s3, broken
    csrr    t0, CSR_HVIP
    bne     t0, s3, broken
    SAY     "holds\n"
    j       1b
broken:
    SAY     "not held\n"
2:  j       2b
trap:                                       /* it keeps interrupts off */
    j       broken
#else
    /* A slice ends while it counts: time that it did not see go by. */
    csrsi   sstatus, 2
    li      s2, 0
1:  rdtime  s3
2:  .irp    csr, CSR_VSSCRATCH, CSR_VSTVEC, CSR_HIE, CSR_HVIP, CSR_HTVAL, CSR_HCOUNTEREN
    csrr    t0, \csr
    bnez    t0, met
    .endr
    rdtime  t1
    sub     t2, t1, s3
    mv      s3, t1
    li      t3, 10000                       /* a millisecond */
    bltu    t2, t3, 2b
    addi    s2, s2, 1
    li      t0, SLICES
    bne     s2, t0, 2b
    SAY     "quiet\n"
3:  j       3b
met:
    SAY     "met a CSR of another guest\n"
4:  j       4b
    .balign 4
trap:
    SAY     "met a trap\n"
5:  j       5b
#endif
