/* A program in the hypervisor's place, above Rvirt's own machine-mode part: tries what that part promises and what it must refuse.
 * Powers off with status 0, or says which check was the first that failed and ends as failed, where the machine has a status.
 * BOOT_HART is the hart that boots, if not 0; TIME_REGISTER is where a hart without a time CSR has the time; MTIMECMP and MSIP are where the boot hart has them. */
#include "MachineMode.inc"

#ifndef BOOT_HART
#define BOOT_HART 0
#endif

    .macro CHECK number, register, value
    li      s11, \number
    li      t6, \value
    bne     \register, t6, failed
    .endm

    .macro CALL extension, function
    li      a7, \extension
    li      a6, \function
    ecall
    .endm

/* Runs one instruction; s10 is its exception's cause, or -1. */
    .macro TRIAL instruction:vararg
    lla     s9, 9990f
    li      s10, -1
    \instruction
9990:
    .endm

    .section .text.head, "ax", @progbits
    .option norvc
    .globl rvirt_start
rvirt_start:
    mv      s0, a1
    lla     t0, trap
    csrw    stvec, t0
    CHECK   1, a0, BOOT_HART
    lwu     t0, 0(s0)
    CHECK   2, t0, 0xedfe0dd0               /* a device tree's magic, as this end reads it */

    /* PMP: machine memory is closed from its first byte to its last, whatever is tried; what is behind it is open. */
    lla     s1, __machine_start
    lla     s2, __machine_end
    TRIAL   ld t0, 0(s1)
    CHECK   10, s10, 5
    TRIAL   sd zero, 0(s1)
    CHECK   11, s10, 7
    TRIAL   amoadd.d t0, zero, (s1)
    li      t0, -3
    and     s10, s10, t0                    /* 5 or 7: harts differ */
    CHECK   12, s10, 5
    TRIAL   jalr s8, s1
    CHECK   13, s10, 1
    TRIAL   lb t0, -1(s2)
    CHECK   14, s10, 5
    TRIAL   sb zero, -1(s2)
    CHECK   15, s10, 7
    TRIAL   ld t0, 0(s2)
    CHECK   16, s10, -1
    csrr    t0, sstatus                     /* SUM and MXR change nothing about that */
    li      t1, 0xC0000
    csrs    sstatus, t1
    TRIAL   ld t0, 0(s1)
    CHECK   17, s10, 5
    TRIAL   csrr t0, mstatus
    CHECK   18, s10, 2
    TRIAL   csrr t0, pmpcfg0
    CHECK   19, s10, 2
    TRIAL   mret
    CHECK   20, s10, 2
    TRIAL   ebreak
    CHECK   21, s10, 3

    /* Counters. */
    CALL    0x0A007276, 0                   /* our own: where the time is */
    CHECK   33, a0, 0
    TRIAL   rdtime t0
#ifdef TIME_REGISTER
    CHECK   34, a1, TIME_REGISTER
    CHECK   30, s10, 2                      /* there is no CSR, and S-mode is told so: it emulates rdtime by itself */
    ld      t0, 0(a1)
1:  ld      t1, 0(a1)                       /* it goes on */
    beq     t0, t1, 1b
#else
    CHECK   34, a1, 0
    CHECK   30, s10, -1
#endif
    li      a0, BOOT_HART                   /* and where a hart has what its time is compared with, and its interrupt */
    CALL    0x0A007276, 1
    CHECK   35, a0, 0
    CHECK   37, a1, MTIMECMP
    li      a0, BOOT_HART
    CALL    0x0A007276, 2
    CHECK   38, a0, 0
    CHECK   39, a1, MSIP
    li      a0, 16
    CALL    0x0A007276, 1
    CHECK   22, a0, -3
    li      a0, -1
    CALL    0x0A007276, 2
    CHECK   23, a0, -3
    CALL    0x0A007276, 3
    CHECK   24, a0, -2
    li      a0, 0x0A007276
    CALL    0x10, 3
    CHECK   36, a1, 1
    TRIAL   rdcycle t0
    CHECK   31, s10, -1
    TRIAL   rdinstret t0
    CHECK   32, s10, -1

    /* BASE. */
    CALL    0x10, 0
    CHECK   40, a0, 0
    CHECK   41, a1, 0x2000000
    li      a0, 0x54494D45
    CALL    0x10, 3
    CHECK   42, a1, 1
    li      a0, 0x52464E43                  /* remote fences: not needed, not there */
    CALL    0x10, 3
    CHECK   43, a0, 0
    CHECK   44, a1, 0
    CALL    0x10, 7
    CHECK   45, a0, -2
    CALL    0x52464E43, 0
    CHECK   46, a0, -2
    CALL    9, 0
    CHECK   47, a0, -2

    /* HSM. */
    li      a0, BOOT_HART
    CALL    0x48534D, 2
    CHECK   50, a0, 0
    CHECK   51, a1, 0
#if BOOT_HART
    li      a0, 0                           /* asleep for good: it has no S-mode */
    CALL    0x48534D, 2
    CHECK   56, a0, -3
#endif
    li      a0, 15
    CALL    0x48534D, 2
    CHECK   52, a0, -3
    li      a0, -1
    CALL    0x48534D, 0
    CHECK   53, a0, -3
    li      a0, BOOT_HART
    CALL    0x48534D, 0
    CHECK   54, a0, -6
    CALL    0x48534D, 3
    CHECK   55, a0, -2

    /* IPI: to itself, to nobody, to a hart that cannot be. */
    li      a0, 1
    li      a1, BOOT_HART
    CALL    0x735049, 0
    CHECK   60, a0, 0
    li      t1, 1 << 20
1:  csrr    t0, sip
    andi    t0, t0, 2
    addi    t1, t1, -1
    beqz    t1, 2f
    beqz    t0, 1b
2:  CHECK   61, t0, 2
    csrci   sip, 2
    li      a0, 1
    li      a1, 99
    CALL    0x735049, 0
    CHECK   62, a0, -3

    /* TIME: a deadline that has passed is pending at once, one that never comes takes that back. */
    li      a0, 0
    CALL    0x54494D45, 0
    CHECK   70, a0, 0
    li      t1, 1 << 20
1:  csrr    t0, sip
    andi    t0, t0, 0x20
    addi    t1, t1, -1
    beqz    t1, 2f
    beqz    t0, 1b
2:  CHECK   71, t0, 0x20
    li      a0, -1
    CALL    0x54494D45, 0
    csrr    t0, sip
    andi    t0, t0, 0x20
    CHECK   72, t0, 0

    /* DBCN. */
    lla     a1, text
    li      a0, 8
    li      a2, 0
    CALL    0x4442434E, 0
    CHECK   80, a0, 0
    CHECK   81, a1, 8
    li      a0, '\n'
    CALL    0x4442434E, 2
    CHECK   82, a0, 0

    /* SRST. */
    li      a0, 9
    li      a1, 0
    CALL    0x53525354, 0
    CHECK   90, a0, -3
    li      a0, 0
    CALL    0x53525354, 0
    li      s11, 91
failed:
    lla     a1, failure
    li      a0, 6
    li      a2, 0
    CALL    0x4442434E, 0
    srli    a0, s11, 4
    addi    a0, a0, '0'
    CALL    0x4442434E, 2
    andi    a0, s11, 15
    addi    a0, a0, '0'
    CALL    0x4442434E, 2
    BOARD_FAIL zero
1:  j       1b

    .balign 4
trap:
    csrr    s10, scause
    csrw    sepc, s9
    li      t0, 0x100
    csrs    sstatus, t0
    sret

    .section .rodata, "a", @progbits
text:
    .ascii  "stub: ok"
failure:
    .ascii  "stub: "                        /* and the check's number: sixteens as a character from '0' on, then ones alike */
    .section .bss.boot_root, "aw", @nobits
    .balign 4096
    .zero   4096
