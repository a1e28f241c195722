/* The way out of a guest and back into it.
 *
 * While a guest runs, sscratch points to its virtual hart; while the hypervisor runs, sscratch is zero. A trap therefore tells by
 * sscratch alone where it came from. Interrupts are off in the hypervisor (sstatus.SIE is zero) and always taken in U-mode, so
 * nothing here touches sstatus: SPP is U as the guest's trap left it.
 */
#include "Csr.inc"
#include "rvirt_offsets.inc"

#define X(n) (VCPU_X + 8 * (n))

    .section .text.trap, "ax", @progbits
    .balign 64
    .globl rvirt_trap_vector
rvirt_trap_vector:
    csrrw   sp, sscratch, sp
    beqz    sp, rvirt_host_trap_vector
    sd      x1, X(1)(sp)
    sd      x3, X(3)(sp)
    sd      x4, X(4)(sp)
    sd      x5, X(5)(sp)
    sd      x6, X(6)(sp)
    sd      x7, X(7)(sp)
    sd      x8, X(8)(sp)
    sd      x9, X(9)(sp)
    sd      x10, X(10)(sp)
    csrrw   x10, sscratch, zero             /* the guest's x2 */
    sd      x11, X(11)(sp)
    sd      x12, X(12)(sp)
    sd      x13, X(13)(sp)
    sd      x14, X(14)(sp)
    sd      x15, X(15)(sp)
    sd      x16, X(16)(sp)
    sd      x17, X(17)(sp)
    sd      x18, X(18)(sp)
    sd      x19, X(19)(sp)
    sd      x20, X(20)(sp)
    sd      x21, X(21)(sp)
    sd      x22, X(22)(sp)
    sd      x23, X(23)(sp)
    sd      x24, X(24)(sp)
    sd      x25, X(25)(sp)
    sd      x26, X(26)(sp)
    sd      x27, X(27)(sp)
    sd      x28, X(28)(sp)
    sd      x29, X(29)(sp)
    sd      x30, X(30)(sp)
    sd      x31, X(31)(sp)
    sd      x10, X(2)(sp)
    csrr    x11, sepc
    sd      x11, VCPU_PC(sp)
    csrr    a1, scause
    csrr    a2, stval
    mv      a0, sp
    ld      sp, VCPU_HOST_STACK(sp)
    jal     rvirt_trap                      /* (virtual hart, scause, stval): the virtual hart to enter next */

/* a0 = the virtual hart to run. Never returns: its next trap starts at the top of its host stack. */
    .globl rvirt_enter_guest
rvirt_enter_guest:
    ld      x1, VCPU_PC(a0)
    csrw    sscratch, a0
    csrw    sepc, x1
    ld      x1, X(1)(a0)
    ld      x2, X(2)(a0)
    ld      x3, X(3)(a0)
    ld      x4, X(4)(a0)
    ld      x5, X(5)(a0)
    ld      x6, X(6)(a0)
    ld      x7, X(7)(a0)
    ld      x8, X(8)(a0)
    ld      x9, X(9)(a0)
    ld      x11, X(11)(a0)
    ld      x12, X(12)(a0)
    ld      x13, X(13)(a0)
    ld      x14, X(14)(a0)
    ld      x15, X(15)(a0)
    ld      x16, X(16)(a0)
    ld      x17, X(17)(a0)
    ld      x18, X(18)(a0)
    ld      x19, X(19)(a0)
    ld      x20, X(20)(a0)
    ld      x21, X(21)(a0)
    ld      x22, X(22)(a0)
    ld      x23, X(23)(a0)
    ld      x24, X(24)(a0)
    ld      x25, X(25)(a0)
    ld      x26, X(26)(a0)
    ld      x27, X(27)(a0)
    ld      x28, X(28)(a0)
    ld      x29, X(29)(a0)
    ld      x30, X(30)(a0)
    ld      x31, X(31)(a0)
    ld      x10, X(10)(a0)
    sret
