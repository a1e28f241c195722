/* Stores and loads the vector state in S-mode by the image's own routines, and looks whether everything is what it was. Status 0, or the number of
 * the check that failed. It runs without Rvirt, on a hart that has vectors.
 */
    .option arch, +v
    .globl _start
    .text
_start:
    j       start
#include "../../Rvirt.Boot/Assembly/Vector.S"

    .macro CHECK number, register, value
    li      s1, \number
    li      t0, \value
    bne     \register, t0, failed
    .endm

    .text
start:
    lla     sp, stack
    lla     t0, failed
    csrw    stvec, t0
    li      s1, 1
    call    rvirt_probe_vector_bytes
    li      t0, VLENB
    bne     a0, t0, failed

    /* A state with nothing in it that a reset or a load could have left by itself. */
    li      t0, 0x600
    csrs    sstatus, t0
    vsetvli t0, zero, e8, m8, ta, ma
    .irp    n, 0, 8, 16, 24
    vid.v   v\n
    li      t0, 3 + \n
    vmul.vx v\n, v\n, t0
    .endr
    li      t0, 5
    vsetvli zero, t0, e8, mf2, tu, mu
    csrwi   vcsr, 5
    csrwi   vstart, 3
    csrr    s6, vtype

    /* With VS off, as the kernel of a guest that uses it lazily leaves it. */
    li      t0, 0x600
    csrc    sstatus, t0
    lla     a0, first
    call    rvirt_save_vectors
    csrr    t1, sstatus
    andi    t1, t1, 0x600
    CHECK   2, t1, 0
    li      t0, 0x200
    csrs    sstatus, t0
    csrr    t1, vstart
    CHECK   3, t1, 3                        /* storing changes nothing */
    csrr    t1, vl
    CHECK   4, t1, 5
    lla     s2, first
    ld      t1, 0(s2)
    CHECK   5, t1, 3
    ld      t1, 8(s2)
    CHECK   6, t1, 5
    ld      t1, 24(s2)
    CHECK   7, t1, 5
    lbu     t1, 32 + 7(s2)
    CHECK   8, t1, 21                       /* element 7 of v0, times 3 */
    li      t1, 24 * VLENB
    add     t1, t1, s2
    lbu     t1, 32 + 2(t1)
    CHECK   9, t1, 54                       /* element 2 of v24, times 27 */

    /* Another life in between. */
    li      t0, 0x600
    csrs    sstatus, t0
    csrwi   vstart, 0
    csrwi   vcsr, 2
    vsetvli t0, zero, e64, m8, ta, ma
    .irp    n, 0, 8, 16, 24
    vmv.v.i v\n, -1
    .endr
    csrwi   vstart, 1
    csrc    sstatus, t0
    li      t0, 0x600
    csrc    sstatus, t0

    lla     a0, first
    call    rvirt_restore_vectors
    csrr    t1, sstatus
    andi    t1, t1, 0x600
    CHECK   10, t1, 0
    li      t0, 0x600
    csrs    sstatus, t0
    csrr    t1, vstart
    CHECK   11, t1, 3
    csrr    t1, vl
    CHECK   12, t1, 5
    csrr    t1, vcsr
    CHECK   13, t1, 5
    csrr    t1, vtype
    li      s1, 14
    bne     t1, s6, failed
    lla     a0, second
    call    rvirt_save_vectors
    lla     s2, first
    lla     s3, second
    li      s4, 32 + 32 * VLENB
    li      s1, 15
1:  ld      t1, 0(s2)
    ld      t2, 0(s3)
    bne     t1, t2, failed
    addi    s2, s2, 8
    addi    s3, s3, 8
    addi    s4, s4, -8
    bnez    s4, 1b

    /* A type that is illegal stays illegal. */
    csrwi   vstart, 0
    li      t0, -1
    vsetvl  zero, t0, t0
    lla     a0, first
    call    rvirt_save_vectors
    vsetvli t0, zero, e8, m1, ta, ma
    lla     a0, first
    call    rvirt_restore_vectors
    csrr    t1, vtype
    CHECK   16, t1, 0x8000000000000000
    csrr    t1, vl
    CHECK   17, t1, 0
    li      t1, 0x5555
    j       end

    .balign 4
failed:
    slli    t1, s1, 16
    li      t0, 0x3333
    or      t1, t1, t0
end:
    li      t0, 0x100000
    sw      t1, 0(t0)
1:  j       1b

    .bss
    .balign 16
first:
    .zero   32 + 32 * VLENB
second:
    .zero   32 + 32 * VLENB
    .zero   256
stack:
