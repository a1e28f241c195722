/* The end of a boot that fails before C# can run, or after it cannot any more: one line through SBI, then off, with a status that
 * says so. Firmware may know no other status than success, so the board's own device is tried first. */
#include "Csr.inc"
#if __has_include("board.inc")
#include "board.inc"
#endif
#include "Limits.inc"
#include "rvirt_offsets.inc"

    .section .text.entry, "ax", @progbits

/* a0 = message, ended by a zero byte. */
    .globl rvirt_early_failure
rvirt_early_failure:
    mv      s0, a0
1:  lbu     a0, 0(s0)
    beqz    a0, 2f
    li      a7, SBI_PUTCHAR
    call    rvirt_firmware_call
    addi    s0, s0, 1
    j       1b
2:
/* Ends the machine as failed, for want of a better way to do so. */
    .globl rvirt_end_failed
rvirt_end_failed:
#if __has_include("board.inc")
    lla     t0, .Lno_device                 /* where it is not there, its registers fault */
    csrw    stvec, t0
    li      t6, 0
    csrr    t0, satp
    beqz    t0, .Luntranslated
    lla     t0, rvirt_boot_info
    ld      t6, BOOT_INFO_WINDOW(t0)
.Luntranslated:
    BOARD_FAIL t6
    .balign 4
.Lno_device:
#endif
    li      a0, 0                           /* system reset: shutdown, reason: failure */
    li      a1, 1
    li      a6, 0
    li      a7, SBI_SRST
    call    rvirt_firmware_call
    li      a7, SBI_SHUTDOWN
    call    rvirt_firmware_call
5:  wfi
    j       5b
