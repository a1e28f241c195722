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
    OFFSET  sstatus, VCPU_SSTATUS
    OFFSET  sie, VCPU_SIE
    OFFSET  sip, VCPU_SIP
    OFFSET  stvec, VCPU_STVEC
    OFFSET  sscratch, VCPU_SSCRATCH
    OFFSET  sepc, VCPU_SEPC
    OFFSET  scause, VCPU_SCAUSE
    OFFSET  stval, VCPU_STVAL
    OFFSET  satp, VCPU_SATP
    OFFSET  scounteren, VCPU_SCOUNTEREN
    OFFSET  mode, VCPU_MODE
    OFFSET  counters, VCPU_COUNTERS
