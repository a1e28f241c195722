/* Layout of a virtual hart as symbols that take no space, for Debugger/rvirt.py. */
#include "Limits.inc"
#include "rvirt_offsets.inc"

    .macro OFFSET name, value
    .globl  rvirt_offset_\name
    .set    rvirt_offset_\name, \value
    .endm

    OFFSET  stack_size, RVIRT_STACK_SIZE
    OFFSET  x, VCPU_X
    OFFSET  pc, VCPU_PC
    OFFSET  sstatus, VCPU_CSRS + GUEST_CSRS_SSTATUS
    OFFSET  sie, VCPU_CSRS + GUEST_CSRS_SIE
    OFFSET  sip, VCPU_CSRS + GUEST_CSRS_SIP
    OFFSET  stvec, VCPU_CSRS + GUEST_CSRS_STVEC
    OFFSET  sscratch, VCPU_CSRS + GUEST_CSRS_SSCRATCH
    OFFSET  sepc, VCPU_CSRS + GUEST_CSRS_SEPC
    OFFSET  scause, VCPU_CSRS + GUEST_CSRS_SCAUSE
    OFFSET  stval, VCPU_CSRS + GUEST_CSRS_STVAL
    OFFSET  satp, VCPU_CSRS + GUEST_CSRS_SATP
    OFFSET  scounteren, VCPU_CSRS + GUEST_CSRS_SCOUNTEREN
    OFFSET  mode, VCPU_CSRS + GUEST_CSRS_MODE
    OFFSET  counters, VCPU_COUNTERS
