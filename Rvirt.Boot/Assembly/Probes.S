/* Finds out whether the hart has a CSR by using it, and uses those that it may have. */
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

/* Where the hart has the H extension: U-mode may not use HLV, HLVX and HSV (HU), which would reach past the guest's tables to the host's
 * memory, and sret leads to no virtual machine (SPV). What a reset or firmware left in hstatus is anybody's (Privileged spec 1.13, 3.4
 * and 18.2.1). */
    .globl rvirt_clear_hstatus
rvirt_clear_hstatus:
    RVIRT_GUARD 1f
    csrw    CSR_HSTATUS, zero
1:  ret
