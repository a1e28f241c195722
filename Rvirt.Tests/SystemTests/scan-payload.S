/* Looks through its 64 MiB of RAM for what only another guest was given. Status 0: it is nowhere. */
    .section .text
    .globl _start
_start:
    lla     t0, inverted
    ld      t1, 0(t0)
    not     t1, t1
    li      t0, 0x80000000
    li      t2, 0x84000000 - 8
1:  ld      t3, 0(t0)
    beq     t3, t1, found
    addi    t0, t0, 4                       /* properties are aligned to 4 */
    bltu    t0, t2, 1b
    li      t1, 0x5555
    j       end
found:
    li      t1, (3 << 16) | 0x3333
end:
    li      t0, 0x100000
    sw      t1, 0(t0)
2:  j       2b
    .balign 8
inverted:
    .dword  ~0x5352454854524f46             /* "FORTHERS" */
