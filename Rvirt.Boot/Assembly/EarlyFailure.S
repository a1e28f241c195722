/* The end of a boot that fails before C# can run, or after it cannot any more: one line through SBI, then off, with a status that
 * says so. Firmware may know no other status than success, so the board's own device is tried first. */
#include "Csr.inc"
#if __has_include("board.inc")
#include "board.inc"
#endif
#include "BoardEnd.inc"
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
#ifdef END_BASE
    lla     t0, 4f                          /* where there is no such device, the store faults */
    csrw    stvec, t0
    li      t0, END_BASE
    csrr    t1, satp
    beqz    t1, 3f
    lla     t1, rvirt_boot_info
    ld      t1, BOOT_INFO_WINDOW(t1)
    add     t0, t0, t1
3:  li      t1, END_FAIL
    END_MACHINE t0, t1, t2
    .balign 4
4:
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
