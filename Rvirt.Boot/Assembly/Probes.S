/* Finds out whether the hart has a CSR by using it. */
#include "Csr.inc"
#include "Guard.inc"

    .section .text, "ax", @progbits

/* Whether stimecmp exists and is ours to use (Sstc). Sets it to never. */
    .globl rvirt_probe_stimecmp
rvirt_probe_stimecmp:
    li      a0, -1
    RVIRT_GUARD 1f
    csrw    CSR_STIMECMP, a0
    li      a0, 1
    ret
1:  li      a0, 0
    ret

/* Whether rdtime works in S-mode, natively or through the firmware. */
    .globl rvirt_probe_time
rvirt_probe_time:
    RVIRT_GUARD 1f
    rdtime  a0
    li      a0, 1
    ret
1:  li      a0, 0
    ret
