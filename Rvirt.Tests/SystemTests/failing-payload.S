/* Says a word on the UART, then reports failure 7 to the test device (sifive,test0). */
    .section .text
    .globl _start
_start:
    li      t0, 0x10000000
    li      t1, 'x'
    sb      t1, 0(t0)
    li      t0, 0x100000
    li      t1, (7 << 16) | 0x3333
    sw      t1, 0(t0)
1:  j       1b
