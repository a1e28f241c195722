/* Saves and loads the vector state at a0: vstart, vl, vtype and vcsr, a doubleword each, then v0 to v31. The hypervisor itself never touches it. */
#include "Csr.inc"
#include "Guard.inc"

    .section .text, "ax", @progbits
    .option arch, +v

/* How many bytes a register has; 0 where there are none, or not those of V 1.0. */
    .globl rvirt_probe_vector_bytes
rvirt_probe_vector_bytes:
    li      t0, SSTATUS_VS_DIRTY
    csrrs   t1, sstatus, t0
    csrr    t2, sstatus
    and     t2, t2, t0
    li      a0, 0
    beqz    t2, 2f
    RVIRT_GUARD 1f
    csrr    a0, vlenb
    j       2f
1:  li      a0, 0
2:  csrw    sstatus, t1
    ret

/* A load or store of whole registers begins at the element that vstart names, so that it is zero meanwhile. */
    .globl rvirt_save_vectors
rvirt_save_vectors:
    li      t0, SSTATUS_VS_DIRTY
    csrrs   t1, sstatus, t0
    csrr    t0, vstart
    csrr    t2, vl
    csrr    t3, vtype
    csrr    t4, vcsr
    sd      t0, 0(a0)
    sd      t2, 8(a0)
    sd      t3, 16(a0)
    sd      t4, 24(a0)
    addi    a0, a0, 32
    csrr    t2, vlenb
    slli    t2, t2, 3
    csrw    vstart, zero
    .irp    n, 0, 8, 16, 24
    vs8r.v  v\n, (a0)
    add     a0, a0, t2
    .endr
    csrw    vstart, t0
    csrw    sstatus, t1
    ret

    .globl rvirt_restore_vectors
rvirt_restore_vectors:
    li      t0, SSTATUS_VS_DIRTY
    csrrs   t1, sstatus, t0
    addi    t0, a0, 32
    csrr    t2, vlenb
    slli    t2, t2, 3
    csrw    vstart, zero
    .irp    n, 0, 8, 16, 24
    vl8re8.v v\n, (t0)
    add     t0, t0, t2
    .endr
    ld      t2, 8(a0)
    ld      t3, 16(a0)
    vsetvl  zero, t2, t3                    /* vl is no more than that type has room for, so it is what it was; an illegal type stays one */
    ld      t2, 24(a0)
    csrw    vcsr, t2
    ld      t2, 0(a0)
    csrw    vstart, t2                      /* last: vsetvl clears it */
    csrw    sstatus, t1
    ret
