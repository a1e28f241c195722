/* A trap taken in the hypervisor itself: either at an instruction that may fail and says where to go on (RVIRT_GUARD), or a bug.
 *
 * Guards are pairs of 32-bit distances from the entry itself: to the instruction that may fail, and to where it continues then.
 */
#include "Csr.inc"
#include "Registers.inc"
#include "TrapMode.inc"
#include "rvirt_offsets.inc"

#define X(n) (HOST_FRAME_X + 8 * (n))

    .section .text.trap, "ax", @progbits
    .balign 4
    .globl TRAP_NAME(rvirt_host_trap_vector)
TRAP_NAME(rvirt_host_trap_vector):          /* sp = 0, the scratch register = the interrupted sp */
    csrrw   sp, TRAP_CSR(scratch), zero
    addi    sp, sp, -HOST_FRAME_SIZE
    sd      t0, X(5)(sp)
    sd      t1, X(6)(sp)
    lla     t0, nested_trap
    csrrw   t0, TRAP_CSR(tvec), t0                   /* there are two vectors of guests' traps */
    sd      t0, X(0)(sp)
    sd      t2, X(7)(sp)
    sd      t3, X(28)(sp)
    csrr    t0, TRAP_CSR(epc)
    lla     t1, __guards_start
    lla     t2, __guards_end
1:  bgeu    t1, t2, bug
    lw      t3, 0(t1)
    add     t3, t3, t1
    beq     t3, t0, 2f
    addi    t1, t1, 8
    j       1b

2:  lw      t3, 4(t1)
    add     t3, t3, t1
    csrw    TRAP_CSR(epc), t3               /* back into the hypervisor; SPP or MPP is U then, which a guest in U-mode needs, and who guards in M-mode writes */
    ld      t0, X(0)(sp)
    csrw    TRAP_CSR(tvec), t0
    ld      t0, X(5)(sp)
    ld      t1, X(6)(sp)
    ld      t2, X(7)(sp)
    ld      t3, X(28)(sp)
    addi    sp, sp, HOST_FRAME_SIZE
    TRAP_RETURN

bug:
    sd      x0, X(0)(sp)
    sd      x1, X(1)(sp)
    addi    t1, sp, HOST_FRAME_SIZE
    sd      t1, X(2)(sp)
    sd      x3, X(3)(sp)
    sd      x4, X(4)(sp)
    .irp    n, 8, 9, 10, X11_TO_X27, X29_TO_X31
    sd      x\n, X(\n)(sp)
    .endr
    sd      t0, HOST_FRAME_SEPC(sp)
    csrr    t1, TRAP_CSR(cause)
    sd      t1, HOST_FRAME_SCAUSE(sp)
    csrr    t1, TRAP_VALUE
    sd      t1, HOST_FRAME_STVAL(sp)
    csrr    t1, TRAP_CSR(status)
    sd      t1, HOST_FRAME_SSTATUS(sp)
    mv      a0, sp
    call    rvirt_host_trap
    unimp

/* A trap while one is being handled: the stack pointer or the panic code is bad. */
    .balign 4
nested_trap:
    lla     t0, 1f
    csrw    TRAP_CSR(tvec), t0
    lla     a0, nested_message
    j       rvirt_early_failure
    .balign 4
1:  wfi
    j       1b

    .section .rodata.boot, "a", @progbits
nested_message:
    .asciz  "\nrvirt: error: trap inside a trap of the hypervisor: its stack is gone\n"
