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

/* Puts back what firmware or a reset can have left set for U-mode, where the hart has it: what is in these CSRs then is anybody's
 * (Privileged spec 1.13, 3.4). Gives 1 where the hart took hstatus, and so may have the H extension, whatever its device tree says, and adds 2 where it took senvcfg.
 * senvcfg: no landing pads, shadow stacks or masked pointers, whose faults no guest knows (12.1.10).
 * hstatus: U-mode may not use HLV, HLVX and HSV (HU), which would reach past the guest's tables to the host's memory, and sret leads to no
 * virtual machine (SPV) (18.2.1). */
    .globl rvirt_settle_user_mode
rvirt_settle_user_mode:
    RVIRT_GUARD 1f
    csrw    CSR_SENVCFG, zero
    li      t0, 2
    j       2f
1:  li      t0, 0
2:  mv      a0, t0
    RVIRT_GUARD 3f
    csrw    CSR_HSTATUS, zero
    ori     a0, t0, 1
3:  ret

/* The hart has the H extension, which no guest is offered and any guest in S-mode can use: nothing that one left there interrupts another, or is found by
 * it. In M-mode only. */
    .globl rvirt_settle_hypervisor
rvirt_settle_hypervisor:
    .irp    csr, CSR_HSTATUS, CSR_HEDELEG, CSR_HIDELEG, CSR_HIE, CSR_HTIMEDELTA, CSR_HCOUNTEREN, CSR_HGEIE, CSR_HTVAL, CSR_HVIP, CSR_HTINST, CSR_HGATP, CSR_HENVCFG
    csrw    \csr, zero
    .endr
    .irp    csr, CSR_VSSTATUS, CSR_VSIE, CSR_VSTVEC, CSR_VSSCRATCH, CSR_VSEPC, CSR_VSCAUSE, CSR_VSTVAL, CSR_VSATP
    csrw    \csr, zero
    .endr
    ret
