/* Illegal instructions on a hart without a time CSR: rdtime is emulated in a few instructions, the rest is handed down as if
 * it had been delegated. On other harts illegal instructions never come here. */
#include "MachineMode.inc"

#define CSRRS_TIME      0xC0102073          /* csrrs rd, time, x0 */
#define RD_MASK         0xF80

    .section .text.machine, "ax", @progbits
    .globl rvirt_machine_illegal
rvirt_machine_illegal:                      /* sp = the hart's block; t0 and t1 are saved */
    csrr    t0, misa                        /* with H it may tell another one: QEMU keeps the last for HLV, HLVX and HSV */
    andi    t0, t0, 1 << 7
    bnez    t0, 3f
    csrr    t0, mtval
    bnez    t0, 1f
3:  sd      t2, M_T2(sp)                    /* the hart does not tell the instruction: read it as the program would */
    csrr    t0, mepc
    li      t1, MSTATUS_MPRV | (1 << 19)    /* MXR */
    csrrs   t1, mstatus, t1
    lhu     t2, 0(t0)
    lhu     t0, 2(t0)
    csrw    mstatus, t1
    slli    t0, t0, 16
    or      t0, t0, t2
    ld      t2, M_T2(sp)
1:  li      t1, ~RD_MASK
    and     t1, t1, t0
    sd      t2, M_T2(sp)
    sd      t3, M_T3(sp)
    li      t2, CSRRS_TIME
    slli    t1, t1, 32
    slli    t2, t2, 32
    bne     t1, t2, hand_down

    csrr    t1, scounteren                  /* rules U-mode's reads; S-mode may always */
    csrr    t3, mstatus
    slli    t3, t3, 63 - 11                 /* MPP bit 0: S */
    bltz    t3, 2f
    andi    t1, t1, 2
    beqz    t1, hand_down
2:

    srli    t0, t0, 7
    andi    t0, t0, 31                      /* rd */
    li      t2, CLINT_BASE + CLINT_MTIME
    ld      t2, 0(t2)
    csrr    t1, mepc
    addi    t1, t1, 4
    csrw    mepc, t1
    lla     t1, write_register
    slli    t0, t0, 3
    add     t1, t1, t0
    jr      t1

    .option push
    .option norvc
    .option norelax
    .balign 8
write_register:
    nop                                     /* x0 */
    j       done
    mv      x1, t2
    j       done
    csrw    mscratch, t2                    /* x2 waits there */
    j       done
    mv      x3, t2
    j       done
    mv      x4, t2
    j       done
    sd      t2, M_T0(sp)                    /* x5 to x7 and x28 are saved */
    j       done
    sd      t2, M_T1(sp)
    j       done
    sd      t2, M_T2(sp)
    j       done
    .irp    n, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
    mv      x\n, t2
    j       done
    .endr
    sd      t2, M_T3(sp)
    j       done
    mv      x29, t2
    j       done
    mv      x30, t2
    j       done
    mv      x31, t2
    j       done
    .option pop
done:
    ld      t2, M_T2(sp)
    ld      t3, M_T3(sp)
    j       rvirt_machine_return

/* Does by hand what delegation does in hardware (Privileged spec 1.13, 3.1.8). */
hand_down:
    csrr    t0, mepc
    csrw    sepc, t0
    csrr    t0, mcause
    csrw    scause, t0
    csrr    t0, mtval
    csrw    stval, t0
    csrr    t0, stvec
    andi    t0, t0, -4
    csrw    mepc, t0
    csrr    t0, mstatus
    li      t1, 0x120                       /* SPP, SPIE */
    csrc    mstatus, t1
    andi    t1, t0, 2                       /* SIE to SPIE */
    slli    t1, t1, 4
    csrs    mstatus, t1
    srli    t1, t0, 11 - 8                  /* MPP to SPP */
    andi    t1, t1, 0x100
    csrs    mstatus, t1
    csrci   mstatus, 2
    li      t0, MSTATUS_MPP_S
    csrs    mstatus, t0
    ld      t2, M_T2(sp)
    ld      t3, M_T3(sp)
    j       rvirt_machine_return
