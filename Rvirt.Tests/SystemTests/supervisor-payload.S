/* What a hart does with the instructions of the privileged architecture, line by line on the serial line: each probe below runs in
 * S-mode and in U-mode, ends in a trap, and prints NUMBER MODE scause stval sepc-from-its-start sstatus a0. Behind them, two lines
 * name the CSRs that can be read in each mode. The same program runs on the bare machine and under Rvirt. */
#define UART        0x10000000
#define TEST        0x100000
#define SLOT_SHIFT  6
#define FS_INITIAL  0x2000
#define SPP         0x100
#define SUM         0x40000
#define SSTATUS_OFF 0xC6122                 /* MXR, SUM, FS, SPP, SPIE, SIE */

    .section .text
    .globl _start
    .option norvc
_start:
    lla     sp, stack
    lla     s0, probes
    lla     s1, probes_end
    li      s2, 0                           /* number */
next_probe:
    li      s3, SPP
    call    run
    li      s3, 0
    call    run
    addi    s2, s2, 1
    addi    s0, s0, 1 << SLOT_SHIFT
    bltu    s0, s1, next_probe

    li      s3, SPP
    call    list_csrs
    li      s3, 0
    call    list_csrs
    li      t0, TEST
    li      t1, 0x5555
    amoswap.w zero, t1, (t0)                /* an atomic store powers off like any other */
1:  j       1b

/* Runs the probe at s0 in the mode of s3 and prints its line. */
run:
    addi    sp, sp, -16
    sd      ra, 0(sp)
    call    enter
    mv      a0, s2
    call    print
    mv      a0, s3
    call    print
    csrr    a0, scause
    call    print
    csrr    a0, stval
    call    print
    csrr    a0, sepc
    sub     a0, a0, s0
    call    print
    mv      a0, s5
    call    print
    mv      a0, s4
    call    print
    li      a0, '\n'
    call    put
    ld      ra, 0(sp)
    addi    sp, sp, 16
    ret

/* Returns when the probe traps, with its a0 in s4 and sstatus in s5. */
enter:
    sd      ra, 8(sp)
    li      t0, 7
    csrw    scounteren, t0
    csrw    sie, zero
    csrw    satp, zero
    csrci   sip, 2
    csrw    0x10a, zero                     /* senvcfg */
    lla     t0, trapped
    csrw    stvec, t0
    li      t0, SSTATUS_OFF
    csrc    sstatus, t0
    li      t0, FS_INITIAL
    or      t0, t0, s3
    csrs    sstatus, t0
    csrw    sscratch, zero
    csrw    scause, zero
    csrw    stval, zero
    csrw    sepc, s0
    lla     t0, saved
    sd      sp, 0(t0)
    li      a0, 0x1111
    li      a1, 0x2222
    lla     a2, target
    lla     a3, vectors
    li      a4, 0x10                        /* nothing is there */
    li      a5, 0
    li      a6, 0
    li      a7, 0x10
    li      t6, 0
    sret

    .balign 4
trapped:
    csrr    s5, sstatus
    mv      s4, a0
    li      t0, SSTATUS_OFF
    csrc    sstatus, t0
    csrw    sie, zero
    lla     t0, trapped
    csrw    stvec, t0
    lla     t0, saved
    ld      sp, 0(t0)
    ld      ra, 8(sp)
    ret

/* For vectored mode: which entry was taken shows in a0. */
    .balign 64
vectors:
    .rept   16
    jal     t5, vectored
    .endr
vectored:
    lla     a0, vectors
    sub     a0, t5, a0
    j       trapped

/* Prints the number of every CSR that csrr can read in the mode of s3. */
list_csrs:
    addi    sp, sp, -16
    sd      ra, 0(sp)
    lla     s0, csr_probe
    li      s6, 0
1:  slli    t0, s6, 20
    li      t1, 0x2573                      /* csrr a0, 0 */
    or      t0, t0, t1
    sw      t0, 0(s0)
    fence.i
    call    enter
    csrr    t0, scause
    addi    t0, t0, -3                      /* it came to the ebreak behind */
    bnez    t0, 2f
    mv      a0, s6
    call    print
2:  addi    s6, s6, 1
    srli    t0, s6, 12
    beqz    t0, 1b
    li      a0, '\n'
    call    put
    ld      ra, 0(sp)
    addi    sp, sp, 16
    ret

/* a0 in hexadecimal, without leading zeros, and a blank. */
print:
    li      t1, 60
1:  srl     t2, a0, t1
    bnez    t2, 2f
    beqz    t1, 2f
    addi    t1, t1, -4
    j       1b
2:  srl     t2, a0, t1
    andi    t2, t2, 15
    addi    t2, t2, '0'
    li      t3, '9'
    bleu    t2, t3, 3f
    addi    t2, t2, 'a' - '9' - 1
3:  li      t3, UART
4:  lbu     t4, 5(t3)
    andi    t4, t4, 0x20
    beqz    t4, 4b
    sb      t2, 0(t3)
    addi    t1, t1, -4
    bgez    t1, 2b
    li      a0, ' '
put:
    li      t3, UART
4:  lbu     t4, 5(t3)
    andi    t4, t4, 0x20
    beqz    t4, 4b
    sb      a0, 0(t3)
    ret

    .balign 8
saved:
    .dword  0
target:
    .dword  0x0123456789abcdef, 0xfedcba9876543210

    .macro PROBE instructions
    .balign 1 << SLOT_SHIFT, 0
9990:
    \instructions
    .rept   ((1 << SLOT_SHIFT) - (. - 9990b)) / 4
    ebreak
    .endr
    .endm

    .balign 1 << SLOT_SHIFT
probes:
    PROBE "ebreak"                                                          /* 0 */
    PROBE ".2byte 0x9002; .2byte 1"                                         /* 1: c.ebreak */
    PROBE ".4byte 0"                                                        /* 2: what is never an instruction */
    PROBE ".4byte 0xffffffff"                                               /* 3 */
    PROBE "lla a0, 1f; csrw sepc, a0; csrw sscratch, a1; csrr a0, sscratch; 1:"  /* 4 */
    PROBE "lla t0, 1f; csrw sepc, t0; li t0, 0x120; csrs sstatus, t0; li a0, 1; sret; 1: ebreak" /* 5: sret to S */
    PROBE "lla t0, 1f; csrw sepc, t0; li t0, 0x100; csrc sstatus, t0; sret; 1: csrr a0, sscratch" /* 6: sret to U */
    PROBE "li t0, 2; csrw sie, t0; csrs sip, t0; csrr a0, sip; wfi"         /* 7: wfi with an interrupt pending */
    PROBE "li t0, 2; csrw sie, t0; csrs sip, t0; csrs sstatus, t0"          /* 8: a software interrupt, taken at once */
    PROBE "ori t0, a3, 1; csrw stvec, t0; li t0, 2; csrw sie, t0; csrs sip, t0; csrs sstatus, t0" /* 9: vectored */
    PROBE "ori t0, a3, 1; csrw stvec, t0; ebreak"                           /* a: exceptions are not vectored */
    PROBE "ori t0, a3, 2; csrw stvec, t0; csrr a0, stvec; sub a0, a0, a3"   /* b: a reserved mode */
    PROBE "sfence.vma"                                                      /* c */
    PROBE "sfence.vma a0, a1"                                               /* d */
    PROBE "csrw satp, zero; csrr a0, satp"                                  /* e */
    PROBE "li t0, 7 << 60; csrw satp, t0; csrr a0, satp"                    /* f: no such mode */
    PROBE "li t0, -1; csrw sie, t0; csrr a0, sie; li t1, 0xfffffffffffffddd; and a0, a0, t1" /* 10: nothing but SSIE, STIE, SEIE */
    PROBE "li t0, 0x220; csrs sip, t0; csrr a0, sip"                        /* 11: STIP and SEIP are not S-mode's to set */
    PROBE "li t0, 7; csrw scounteren, t0; csrr a0, scounteren"              /* 12 */
    PROBE "csrw scounteren, zero; rdtime t0; rdcycle t0; rdinstret t0"      /* 13: S-mode may always */
    PROBE "csrw 0xc00, zero"                                                /* 14: read-only */
    PROBE "csrrs a0, 0xc01, a1"                                             /* 15 */
    PROBE "csrr a0, 0x300"                                                  /* 16: mstatus */
    PROBE "csrr a0, 0x14d"                                                  /* 17: stimecmp, which is not offered */
    PROBE "csrr a0, 0x600"                                                  /* 18: hstatus */
    PROBE "csrr a0, 0x5c0"                                                  /* 19 */
    PROBE "mret"                                                            /* 1a */
    PROBE ".4byte 0x70200073"                                               /* 1b: mnret */
    PROBE ".4byte 0x16000073"                                               /* 1c: sinval.vma */
    PROBE ".4byte 0x18000073"                                               /* 1d: sfence.w.inval */
    PROBE ".4byte 0x22000073"                                               /* 1e: hfence.vvma */
    PROBE ".4byte 0x62000073"                                               /* 1f: hfence.gvma */
    PROBE ".4byte 0x60004073"                                               /* 20: hlv.b */
    PROBE "fence.i"                                                         /* 21 */
    PROBE "lb a0, 0(a4)"                                                    /* 22: nothing is there */
    PROBE "sd a0, 0(a4)"                                                    /* 23 */
    PROBE "amoadd.d a0, a1, (a4)"                                           /* 24 */
    PROBE "lr.d a0, (a4)"                                                   /* 25 */
    PROBE "jr a4"                                                           /* 26 */
    PROBE "ld a0, 3(a2)"                                                    /* 27: misaligned */
    PROBE "addi a2, a2, 1; lr.w a0, (a2)"                                   /* 28: misaligned, which atomics may not be */
    PROBE "li t0, 0x6000; csrc sstatus, t0; fmv.d.x f0, zero"               /* 29: FS off */
    PROBE "fmv.d.x f0, a0; fmv.x.d a0, f0"                                  /* 2a: FS gets dirty */
    PROBE "li t0, -1; csrw stval, t0; csrr a0, stval"                       /* 2b */
    PROBE "li t0, -1; csrw sepc, t0; csrr a0, sepc"                         /* 2c */
    PROBE "li t0, 0x8000000000000009; csrw scause, t0; csrr a0, scause"     /* 2d */
    PROBE "li t0, 1; csrw 0x10a, t0; csrr a0, 0x10a"                        /* 2e: senvcfg.FIOM */
    PROBE "csrr a0, sstatus"                                                /* 2f */
    PROBE "li t0, 0xc0000; csrs sstatus, t0; csrr a0, sstatus"              /* 30: SUM and MXR */
    PROBE "li t0, -1; csrw sip, t0; csrr a0, sip; csrw sip, zero"           /* 31 */
    PROBE "rdtime t0"                                                       /* 32 */
    PROBE "vsetvli a0, a1, e8, m1, ta, ma"                                  /* 33: no vectors */
    PROBE "lla t0, 1f; csrw sepc, t0; li t0, 0x100; csrc sstatus, t0; sret; 1: wfi" /* 34: wfi in U-mode */
    PROBE "sret"                                                            /* 35 */
    PROBE "csrw scounteren, zero; lla t0, 1f; csrw sepc, t0; li t0, 0x100; csrc sstatus, t0; sret; 1: rdcycle t0" /* 36: denied to U-mode */
    PROBE "lla t0, 1f; csrw sepc, t0; li t0, 3; csrw scounteren, t0; li t0, 0x100; csrc sstatus, t0; sret; 1: rdcycle t0; rdtime t0; rdinstret t0" /* 37 */
    PROBE "csrw scounteren, zero; lla t0, 1f; csrw sepc, t0; li t0, 0x100; csrc sstatus, t0; sret; 1: rdtime t0" /* 38 */
    PROBE "ecall"                                                           /* 39: in S-mode a call of the firmware */
probes_end:
csr_probe:
    .4byte  0
    ebreak

    .balign 16
    .space  512
stack:
