/* The way out of a guest and back into it.
 *
 * While a guest runs, sscratch points to its virtual hart; while the hypervisor runs, sscratch is zero. A trap therefore tells by
 * sscratch alone where it came from. Interrupts are off in the hypervisor (sstatus.SIE is zero) and always taken in U-mode, so
 * nothing here touches sstatus: SPP is U as the guest's trap left it.
 */
#include "Csr.inc"
#include "Registers.inc"
#include "TrapMode.inc"
#include "rvirt_offsets.inc"

#define X(n) (VCPU_X + 8 * (n))

    .section .text.trap, "ax", @progbits
    .balign 64
    .globl TRAP_NAME(rvirt_trap_vector)
TRAP_NAME(rvirt_trap_vector):
    csrrw   sp, TRAP_CSR(scratch), sp
    beqz    sp, TRAP_NAME(rvirt_host_trap_vector)
    sd      x1, X(1)(sp)
    sd      x3, X(3)(sp)
    sd      x4, X(4)(sp)
    sd      x5, X(5)(sp)
    sd      x6, X(6)(sp)
    sd      x7, X(7)(sp)
    sd      x8, X(8)(sp)
    sd      x9, X(9)(sp)
    sd      x10, X(10)(sp)
    csrrw   x10, TRAP_CSR(scratch), zero             /* the guest's x2 */
    .irp    n, X11_TO_X27, 28, X29_TO_X31
    sd      x\n, X(\n)(sp)
    .endr
    sd      x10, X(2)(sp)
    csrr    x11, TRAP_CSR(epc)
    sd      x11, VCPU_PC(sp)
    csrr    a1, TRAP_CSR(cause)
    csrr    a2, TRAP_VALUE
    mv      a0, sp
    ld      sp, VCPU_HOST_STACK(sp)
    jal     TRAP_NAME(rvirt_trap)           /* (virtual hart, cause, value): the virtual hart to enter next */

/* a0 = the virtual hart to run. Never returns: its next trap starts at the top of its host stack. */
    .globl TRAP_NAME(rvirt_enter_guest)
TRAP_NAME(rvirt_enter_guest):
    ld      x1, VCPU_PC(a0)
    csrw    TRAP_CSR(scratch), a0
    csrw    TRAP_CSR(epc), x1
    ld      x1, X(1)(a0)
    ld      x2, X(2)(a0)
    ld      x3, X(3)(a0)
    ld      x4, X(4)(a0)
    ld      x5, X(5)(a0)
    ld      x6, X(6)(a0)
    ld      x7, X(7)(a0)
    ld      x8, X(8)(a0)
    ld      x9, X(9)(a0)
    .irp    n, X11_TO_X27, 28, X29_TO_X31
    ld      x\n, X(\n)(a0)
    .endr
    ld      x10, X(10)(a0)
    TRAP_RETURN
