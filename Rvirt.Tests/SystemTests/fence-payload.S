/* Two fences, each a trap of its own out of a guest's S-mode, then failure 7 to the test device (sifive,test0). */
    .section .text
    .globl _start
_start:
    sfence.vma
    nop
    sfence.vma
    nop
    li      t0, 0x100000
    li      t1, (7 << 16) | 0x3333
    sw      t1, 0(t0)
1:  j       1b
