/* Reads an instruction where the guest would fetch it: through its own mapping, which may be gone by now. */
#include "Csr.inc"
#include "Guard.inc"

    .section .text.trap, "ax", @progbits

/* a0 = guest virtual address, even. Returns the instruction, zero-extended, or all ones where there is no mapping. */
    .globl rvirt_guest_fetch
rvirt_guest_fetch:
    lui     t0, SSTATUS_SUM_MXR >> 12
    csrs    sstatus, t0
    RVIRT_GUARD no_mapping
    lhu     a1, 0(a0)
    not     a2, a1
    andi    a2, a2, 3
    bnez    a2, 1f
    RVIRT_GUARD no_mapping
    lhu     a2, 2(a0)
    slli    a2, a2, 16
    or      a1, a1, a2
1:  csrc    sstatus, t0
    mv      a0, a1
    ret
no_mapping:
    csrc    sstatus, t0
    li      a0, -1
    ret
