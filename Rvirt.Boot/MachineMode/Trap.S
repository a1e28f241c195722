/* Traps to M-mode: the calls of S-mode, and the timer and software interrupts that are handed down to it. */
#include "MachineMode.inc"

    .section .text.machine, "ax", @progbits
    .balign 64
    .globl rvirt_machine_trap
rvirt_machine_trap:
    csrrw   sp, mscratch, sp
    sd      t0, M_T0(sp)
    sd      t1, M_T1(sp)
    csrr    t0, mcause
    bltz    t0, interrupt
    addi    t1, t0, -CAUSE_ECALL_S
    beqz    t1, rvirt_machine_call
    j       rvirt_machine_unexpected

interrupt:
    slli    t0, t0, 1
    addi    t0, t0, -2 * 7
    beqz    t0, timer
    addi    t0, t0, 2 * (7 - 3)
    bnez    t0, rvirt_machine_unexpected

    ld      t1, M_MSIP(sp)
    sw      zero, 0(t1)
    fence   o, rw                           /* what S-mode reads from here on, after that: else a call in between is lost */
    csrsi   mip, MIP_SSIP
    j       rvirt_machine_return

timer:
    li      t0, MIP_MTIP
    csrc    mie, t0
    li      t0, MIP_STIP
    csrs    mip, t0

    .globl rvirt_machine_return
rvirt_machine_return:
    ld      t0, M_T0(sp)
    ld      t1, M_T1(sp)
    csrrw   sp, mscratch, sp
    mret
