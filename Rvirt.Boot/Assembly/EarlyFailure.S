/* The end of a boot that fails before C# can run: one line through SBI, then off. */
#include "Csr.inc"

    .section .text.entry, "ax", @progbits

/* a0 = message, ended by a zero byte. */
    .globl rvirt_early_failure
rvirt_early_failure:
    mv      s0, a0
1:  lbu     a0, 0(s0)
    beqz    a0, 2f
    li      a7, SBI_PUTCHAR
    ecall
    addi    s0, s0, 1
    j       1b
2:  li      a0, 0                           /* system reset: shutdown, reason: failure */
    li      a1, 1
    li      a6, 0
    li      a7, SBI_SRST
    ecall
    li      a7, SBI_SHUTDOWN
    ecall
3:  wfi
    j       3b
