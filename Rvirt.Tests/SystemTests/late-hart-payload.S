/* A program in the hypervisor's place, above Rvirt's own machine-mode part: the hart that boots starts the other of two, waits until it has answered and stopped,
 * and does so once more. Powers off; says failure where the hart is not started, or is given another one's id. */
#include "MachineMode.inc"

#define ROUNDS  2

    .macro CALL extension, function
    li      a7, \extension
    li      a6, \function
    ecall
    .endm

    .section .text.head, "ax", @progbits
    .globl rvirt_start
rvirt_start:
    xori    s0, a0, 1                       /* the other hart */
    li      s1, ROUNDS
1:  mv      a0, s0
    lla     a1, other
    mv      a2, s1
    CALL    0x48534D, 0
    bnez    a0, failed
    li      t0, CALLED
    sd      s1, 0(t0)
2:  lla     t0, answer
    ld      t0, 0(t0)
    bne     t0, s1, 2b
3:  mv      a0, s0
    CALL    0x48534D, 2
    bnez    a0, failed
    addi    a1, a1, -HSM_STOPPED
    bnez    a1, 3b
    addi    s1, s1, -1
    bnez    s1, 1b
    li      a0, 0
    li      a1, 0
    CALL    0x53525354, 0
failed:
    li      a0, 0
    li      a1, 1
    CALL    0x53525354, 0

other:
    mv      s0, a1
    lla     t0, answer
    sd      s0, 0(t0)
    CALL    0x48534D, 1
    j       failed

    .section .data, "aw", @progbits
    .balign 8
answer:
    .dword  0

    .section .rodata, "a", @progbits
    .byte   0
    .section .bss.boot_root, "aw", @nobits
    .balign 4096
    .zero   4096
