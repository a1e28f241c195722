/* The way into the hypervisor's window: the longest translation mode the hart has, one root leaf that maps all physical memory.
 *
 * Sv57: index 256 covers 256 TiB from 0xff00000000000000. Sv48: index 256 covers 512 GiB from 0xffff800000000000. Both tables look
 * the same. Neither range is canonical in a shorter mode, so a guest loses nothing. Sv39: 1 GiB leaves from 0xffffffc000000000, a hole
 * in Linux's map. Guests' own tables map of them only what is used (HostTranslation).
 *
 * A write of satp with a mode the hart lacks changes nothing, and goes on behind it. One with a mode it has leaves the program
 * counter unmapped: the next fetch faults, and stvec leads into the window.
 */
#include "Csr.inc"
#include "Limits.inc"
#include "rvirt_offsets.inc"

#ifndef LONGEST_MODE                        /* tests build images that leave longer modes alone */
#define LONGEST_MODE        SATP_SV57
#endif

#define WINDOW_INDEX        256

/* WINDOW_TABLES: tables of 2 MiB pages instead of leaves of 1 GiB, for harts that ask PMP for a whole page (BoardQuirks.WholePagePmp). What is
 * touched until C# takes out the pages that are firmware's lies in none of them: the image, registers, and what the boot loader left. */
#if defined(WINDOW_TABLES) && LONGEST_MODE > SATP_SV39
#error "WINDOW_TABLES is for images of Sv39: LONGEST_MODE=8"
#endif

    .section .text.entry, "ax", @progbits

/* Fills in rvirt_boot_info. Returns to the caller's window address, with the window's base in a0. */
    .globl rvirt_enter_window
rvirt_enter_window:
    lla     s1, rvirt_boot_root
    li      t0, WINDOW_INDEX * 8
    add     t0, t0, s1
    li      t1, PTE_HYPERVISOR
    sd      t1, 0(t0)

#if LONGEST_MODE >= SATP_SV57
    li      s2, SATP_SV57
    li      s3, 1 << (48 - 30)
    li      a0, 0xff
    slli    a0, a0, 56
    jal     t6, try_mode
#endif

#if LONGEST_MODE >= SATP_SV48
    li      s2, SATP_SV48
    li      s3, 1 << (39 - 30)
    li      a0, -1
    slli    a0, a0, 47
    jal     t6, try_mode
#endif

#ifdef WINDOW_TABLES
    lla     t4, rvirt_window_tables
    lla     t0, rvirt_boot_info
    sd      t4, BOOT_INFO_WINDOW_TABLES(t0)
    mv      t0, t4
    li      t1, PTE_HYPERVISOR
    li      t2, RVIRT_SV39_SLOTS * 512
    li      t3, 1 << 19                     /* 2 MiB, as a PTE's page number has it */
1:  sd      t1, 0(t0)
    add     t1, t1, t3
    addi    t0, t0, 8
    addi    t2, t2, -1
    bnez    t2, 1b
    srli    t1, t4, 2
    ori     t1, t1, PTE_VALID
    li      t3, 4096 >> 2
#else
    li      t1, PTE_HYPERVISOR
    li      t3, 1 << 28                     /* one GiB, as a PTE's page number has it */
#endif
    li      t0, WINDOW_INDEX * 8
    add     t0, t0, s1
    li      t2, RVIRT_SV39_SLOTS
1:  sd      t1, 0(t0)
    add     t1, t1, t3
    addi    t0, t0, 8
    addi    t2, t2, -1
    bnez    t2, 1b
    li      s2, SATP_SV39
    li      s3, RVIRT_SV39_SLOTS
    li      a0, -1
    slli    a0, a0, 38
    jal     t6, try_mode

    lla     a0, no_mode_message
    j       rvirt_early_failure

/* s1 = root table, s2 = mode, s3 = gigabytes in the window, a0 = its base. Comes back to t6 only if the hart lacks the mode. */
try_mode:
    lla     t0, __image_end
    addi    t0, t0, -1
    srli    t0, t0, 30
    bgeu    t0, s3, too_high
    lla     t0, in_window
    add     t0, t0, a0
    csrw    stvec, t0
    srli    t1, s1, 12
    slli    t2, s2, SATP_MODE_SHIFT
    or      t1, t1, t2
    sfence.vma
    csrw    satp, t1
    jr      t6

too_high:
    lla     a0, too_high_message
    j       rvirt_early_failure

    .balign 4
in_window:
    sfence.vma
    lla     t0, rvirt_boot_info
    sd      a0, BOOT_INFO_WINDOW(t0)
    sd      t1, BOOT_INFO_SATP(t0)
    add     ra, ra, a0
    ret

/* A further hart: a0 = hart id, a1 = physical address of its HartStart. Ends in rvirt_hart_main(hart id, argument). */
    .globl rvirt_start_hart
rvirt_start_hart:
    csrw    sie, zero
    csrw    sscratch, zero
    ld      t0, HART_START_WINDOW(a1)
    ld      t1, HART_START_SATP(a1)
    ld      t2, HART_START_STACK(a1)
    ld      a1, HART_START_ARGUMENT(a1)
    lla     t3, 1f
    add     t3, t3, t0
    csrw    stvec, t3
    sfence.vma
    csrw    satp, t1
    unimp
    .balign 4
1:  sfence.vma
    lla     t0, rvirt_trap_vector
    csrw    stvec, t0
    mv      sp, t2
    li      fp, 0
    li      tp, 0
    call    rvirt_hart_main
    unimp

    .section .rodata.boot, "a", @progbits
no_mode_message:
    .asciz  "rvirt: error: this hart has none of Sv39, Sv48, Sv57; Rvirt needs paging: run it on a hart with an MMU\n"
too_high_message:
    .asciz  "rvirt: error: the image lies above the addresses that Rvirt can map on this hart; load it lower\n"

    .section .bss.boot_root, "aw", @nobits
    .balign 4096
    .globl rvirt_boot_root
rvirt_boot_root:
    .zero   4096

#ifdef WINDOW_TABLES
    .section .bss.window, "aw", @nobits
    .balign 4096
rvirt_window_tables:
    .zero   RVIRT_SV39_SLOTS * 4096
#endif
