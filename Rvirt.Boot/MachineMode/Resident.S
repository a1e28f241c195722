/* Resident mode: guests have S-mode, and the hypervisor stays in M-mode. Whether a hart is fit for it, what is switched off or handed down there, and how
 * the hypervisor calls the rest of this part. */
#include "MachineMode.inc"

#define CSR_MSTATEEN0   0x30C               /* Smstateen; four of them */

/* What S-mode takes itself: misaligned fetches, loads and stores, calls of U-mode. Page faults are the hypervisor's, access faults are findings,
 * what is illegal can be a fence or satp, and a breakpoint can be of who looks at the guest from outside. */
#define DELEGATED       0x0151

    .section .text.machine, "ax", @progbits

/* Whether the hart can: a0 = 1, else 0; link in t3. Changes nothing that stays. */
    .globl rvirt_machine_fits
rvirt_machine_fits:
    li      a0, 0
    csrr    t0, medeleg
    andi    t0, t0, 1 << 8
    beqz    t0, 1f
    li      t0, MSTATUS_TVM
    csrs    mstatus, t0
    csrr    t1, mstatus
    csrc    mstatus, t0
    and     t1, t1, t0
    beqz    t1, 1f
    li      t0, -1
    li      t1, 0
    TRY     csrw pmpaddr3, t0
    TRY     csrr t1, pmpaddr3
    TRY     csrw pmpaddr3, zero
    beqz    t1, 1f
    li      a0, 1
1:  lla     t0, rvirt_machine_trap
    csrw    mtvec, t0
    jr      t3

/* A hart begins in M-mode at t0; a0 and a1 are its arguments, s0 is its block. S-mode is shut out of all memory until C# opens what is a guest's. */
    .globl rvirt_machine_stay
rvirt_machine_stay:
    mv      s1, t0
    mv      s2, a0
    jal     t3, rvirt_machine_fits
    beqz    a0, unfit
    mv      a0, s2
    li      t0, DELEGATED
    csrw    medeleg, t0
    TRY     csrw pmpcfg0, zero
    TRY     csrw pmpcfg2, zero
    TRY     csrw CSR_MENVCFG, zero
    TRY     csrw CSR_MSTATEEN0, zero
    TRY     csrw CSR_MSTATEEN0 + 1, zero
    TRY     csrw CSR_MSTATEEN0 + 2, zero
    TRY     csrw CSR_MSTATEEN0 + 3, zero
    csrw    mie, zero
    li      t0, MSTATUS_TVM | 0x2200        /* FS and VS: initial */
    csrw    mstatus, t0
    csrw    satp, zero
    sfence.vma
    fence.i
    jr      s1
unfit:
    lla     a0, unfit_message
    lla     t0, rvirt_early_failure         /* far away where the closed pages are many */
    jr      t0

/* The hypervisor's calls from M-mode, by the C calling convention, on the calling hart's block: the call returns as to S-mode, but to M-mode. */
    .globl rvirt_machine_direct_call
rvirt_machine_direct_call:
    csrr    t6, mstatus
    li      t0, MSTATUS_MPIE
    csrc    mstatus, t0
    li      t0, MSTATUS_MPP
    csrs    mstatus, t0
    csrw    mscratch, sp
    csrr    t0, mhartid
    slli    t0, t0, M_BLOCK_SHIFT
    lla     sp, rvirt_machine_harts
    add     sp, sp, t0
    lla     t0, 1f
    addi    t0, t0, -4                      /* behind which a call returns */
    csrw    mepc, t0
    j       rvirt_machine_call
1:  csrw    mscratch, zero
    csrw    mstatus, t6                     /* MPP is the guest's mode again */
    ret

    .section .rodata.machine, "a", @progbits
unfit_message:
    .asciz  "rvirt: error: a hart is not fit for resident guests, as the one that booted is: use rvirt.mode=deprivileged\n"
