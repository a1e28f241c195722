/* Saves and loads f0 to f31 and fcsr, 33 doublewords at a0. The hypervisor itself never touches them. */
#include "Csr.inc"

    .section .text, "ax", @progbits
    .option arch, +f, +d

    .globl rvirt_save_floating_point
rvirt_save_floating_point:
    li      t0, SSTATUS_FS_DIRTY
    csrrs   t1, sstatus, t0
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fsd     f\n, 8 * \n(a0)
    .endr
    frcsr   t2
    sd      t2, 256(a0)
    csrw    sstatus, t1
    ret

    .globl rvirt_restore_floating_point
rvirt_restore_floating_point:
    li      t0, SSTATUS_FS_DIRTY
    csrrs   t1, sstatus, t0
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fld     f\n, 8 * \n(a0)
    .endr
    ld      t2, 256(a0)
    fscsr   t2
    csrw    sstatus, t1
    ret
