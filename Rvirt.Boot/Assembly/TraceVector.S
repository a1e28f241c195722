/* The way out of a guest while tracing is on: notes the trap down in the hart's ring (TraceRing), then goes the usual way.
 *
 * stvec leads here or to rvirt_trap_vector, so that nothing is asked where tracing is off.
 * The ring's address is in the second doubleword from the far end of the hart's stack.
 */
#include "Csr.inc"
#include "Limits.inc"
#include "TrapMode.inc"
#include "rvirt_offsets.inc"

#define X(n) (VCPU_X + 8 * (n))

    .section .text.trap, "ax", @progbits
    .balign 64
    .globl TRAP_NAME(rvirt_trace_vector)
TRAP_NAME(rvirt_trace_vector):
    csrrw   sp, TRAP_CSR(scratch), sp
    beqz    sp, TRAP_NAME(rvirt_host_trap_vector)
    sd      x5, X(5)(sp)
    sd      x6, X(6)(sp)
    sd      x7, X(7)(sp)
    ld      x5, VCPU_HOST_STACK(sp)
    li      x6, RVIRT_STACK_SIZE
    sub     x5, x5, x6
    ld      x5, 8(x5)
    ld      x6, TRACE_RING_COUNT(x5)
    andi    x6, x6, RVIRT_TRACE_RECORDS - 1
    slli    x6, x6, 5
    .if     TRACE_RECORD_SIZE != 1 << 5
    .error  "the size of a record"
    .endif
    add     x6, x6, x5
    ld      x7, TRACE_RING_TIME_REGISTER(x5)
    bnez    x7, 1f
    rdtime  x7
    j       2f
1:  ld      x7, 0(x7)
2:  sd      x7, TRACE_RING_RECORDS + TRACE_RECORD_TIME(x6)
    csrr    x7, TRAP_CSR(epc)
    sd      x7, TRACE_RING_RECORDS + TRACE_RECORD_PC(x6)
    csrr    x7, TRAP_CSR(cause)
    sd      x7, TRACE_RING_RECORDS + TRACE_RECORD_CAUSE(x6)
    csrr    x7, TRAP_VALUE
    sd      x7, TRACE_RING_RECORDS + TRACE_RECORD_VALUE(x6)
    ld      x7, TRACE_RING_COUNT(x5)
    addi    x7, x7, 1
    fence   w, w                            /* who sees it counted sees it written */
    sd      x7, TRACE_RING_COUNT(x5)
    ld      x5, X(5)(sp)
    ld      x6, X(6)(sp)
    ld      x7, X(7)(sp)
    csrrw   sp, TRAP_CSR(scratch), sp
    j       TRAP_NAME(rvirt_trap_vector)
