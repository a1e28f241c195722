/* A program in the hypervisor's place, above Rvirt's own machine-mode part on a board of two harts: has that part do all it does with the board's hardware. It
 * prints "put", waits for a timer that has run out, starts the other hart, and ends the machine by TYPE and REASON of SRST. FOUND is where it leaves what that
 * part says of the other hart's mtimecmp and msip, and of the time, then what the other hart leaves. */
#include "MachineMode.inc"

    .macro CALL extension, function
    li      a7, \extension
    li      a6, \function
    ecall
    .endm

    .section .text.head, "ax", @progbits
    .globl rvirt_start
rvirt_start:
    xori    s1, a0, 1                       /* the other hart */
    li      s0, FOUND
    lla     a1, text
    li      a0, 3
    li      a2, 0
    CALL    0x4442434E, 0
    mv      a0, s1
    CALL    0x0A007276, 1
    sd      a1, 0(s0)
    mv      a0, s1
    CALL    0x0A007276, 2
    sd      a1, 8(s0)
    CALL    0x0A007276, 0
    sd      a1, 16(s0)
    li      a0, 0
    CALL    0x54494D45, 0
1:  csrr    t0, sip
    andi    t0, t0, 0x20
    beqz    t0, 1b
    li      a0, -1
    CALL    0x54494D45, 0
2:  mv      a0, s1
    CALL    0x48534D, 2
    addi    a1, a1, -HSM_STOPPED
    bnez    a1, 2b
    mv      a0, s1
    lla     a1, other
    li      a2, 7
    CALL    0x48534D, 0
3:  ld      t0, 24(s0)
    beqz    t0, 3b
    li      a0, TYPE
    li      a1, REASON
    CALL    0x53525354, 0
4:  wfi
    j       4b

other:
    li      t0, FOUND
    sd      a1, 24(t0)
5:  wfi
    j       5b

    .section .rodata, "a", @progbits
text:
    .ascii  "put"
    .section .data, "aw", @progbits
    .dword  0
    .section .bss.boot_root, "aw", @nobits
    .balign 4096
    .zero   4096
