/* Ends with the kinds of the devices in its first two virtio slots as its failure code: 16 times the first, and the second. */
    .section .text
    .globl _start
_start:
    li      t0, 0x10001000
    lw      t1, 8(t0)                       /* DeviceID */
    li      t0, 0x10002000
    lw      t2, 8(t0)
    slli    t1, t1, 4
    or      t1, t1, t2
    slli    t1, t1, 16
    li      t2, 0x3333
    or      t1, t1, t2
    li      t0, 0x100000
    sw      t1, 0(t0)
1:  j       1b
