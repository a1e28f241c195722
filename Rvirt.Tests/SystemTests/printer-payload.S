# Prints dots for ever.
.globl _start
_start:
    li t0, 0x10000000
    li t1, '.'
1:  sb t1, 0(t0)
    j 1b
