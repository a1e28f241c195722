/* Where harts go on in M-mode, below resident guests: translation is off, so that the image runs where it was linked, and physical addresses are addresses.
 * The machine-mode part comes here instead of entering S-mode. */
#include "Csr.inc"
#include "Limits.inc"
#include "rvirt_offsets.inc"

#ifndef LONGEST_MODE
#define LONGEST_MODE        SATP_SV57
#endif

    .section .text.entry, "ax", @progbits

/* The first hart: s0 = rvirt_boot_info, which lacks the window yet. */
    .globl rvirt_enter_resident
rvirt_enter_resident:
    lla     t0, rvirt_trap_vector_of_machine
    csrw    mtvec, t0
    csrw    mscratch, zero
    sd      zero, BOOT_INFO_WINDOW(s0)

    /* The longest mode that the hart takes; nothing is mapped by the root that goes with it. */
    lla     t1, rvirt_boot_root
    srli    t1, t1, 12
    li      t2, LONGEST_MODE
1:  slli    t3, t2, SATP_MODE_SHIFT
    or      t3, t3, t1
    csrw    satp, t3
    csrr    t4, satp
    beq     t3, t4, 2f
    addi    t2, t2, -1
    li      t4, SATP_SV39
    bgeu    t2, t4, 1b
    lla     a0, no_mode_message
    j       rvirt_early_failure
2:  sd      t3, BOOT_INFO_SATP(s0)

    call    rvirt_relocate
    lla     sp, rvirt_boot_stack_top
    mv      a0, s0
    li      fp, 0
    li      tp, 0
    call    rvirt_main
    unimp

/* A further hart: a0 = hart id, a1 = its HartStart. */
    .globl rvirt_start_resident_hart
rvirt_start_resident_hart:
    lla     t0, rvirt_trap_vector_of_machine
    csrw    mtvec, t0
    csrw    mscratch, zero
    ld      sp, HART_START_STACK(a1)
    ld      a1, HART_START_ARGUMENT(a1)
    li      fp, 0
    li      tp, 0
    call    rvirt_hart_main
    unimp

    .section .rodata.boot, "a", @progbits
no_mode_message:
    .asciz  "rvirt: error: this hart has none of Sv39, Sv48, Sv57; Rvirt needs paging: run it on a hart with an MMU\n"

/* Where the hypervisor runs in M-mode: how the machine-mode part is called there (FirmwareCall.S); else 0. Set before any C# runs. */
    .section .data.boot, "aw", @progbits
    .balign 8
    .globl rvirt_direct_call
rvirt_direct_call:
    .dword  0
