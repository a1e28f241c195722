/* Harts that firmware without HSM starts together with the first: each waits until its mailbox names a HartStart. */
#include "Csr.inc"
#include "Limits.inc"
#include "rvirt_offsets.inc"

    .section .text.entry, "ax", @progbits

/* a0 = hart id. */
    .globl rvirt_wait_for_start
rvirt_wait_for_start:
    li      t0, RVIRT_MAX_HARTS
    bgeu    a0, t0, 2f
    lla     t1, rvirt_mailboxes
    slli    t2, a0, 3
    add     t1, t1, t2
    csrw    sie, SIP_SSIP
1:  csrc    sip, SIP_SSIP
    fence   o, rw                           /* CSR writes are device output (Unprivileged spec, Zicsr): an IPI that follows wakes again */
    ld      a1, 0(t1)
    bnez    a1, rvirt_start_hart
    wfi
    j       1b
2:  csrw    sie, zero
3:  wfi
    j       3b

    .section .data.boot, "aw", @progbits
    .balign 8
    .globl rvirt_mailboxes
rvirt_mailboxes:
    .zero   RVIRT_MAX_HARTS * 8
