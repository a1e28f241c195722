/*
 * Prints the device tree that it was given, 32 bytes a line after their place in it, all in hexadecimal, and "end"; then an 'r' restarts the
 * machine and a 'q' ends it.
 */
    .section .text
    .globl _start
_start:
    li      s0, 0x10000000
    mv      s1, a1
    li      s2, 0                   /* the sum of totalsize's bytes, each in its place */
    addi    s3, s1, 4
    li      s4, 4
1:  lbu     t0, 0(s3)
    slli    s2, s2, 8
    or      s2, s2, t0
    addi    s3, s3, 1
    addi    s4, s4, -1
    bnez    s4, 1b
    add     s2, s2, s1
    mv      s3, s1
2:  sub     s4, s3, s1
    srl     a0, s4, 8
    jal     print
    mv      a0, s4
    jal     print
    li      a1, ' '
    jal     put
    li      s5, 32
3:  lbu     a0, 0(s3)
    jal     print
    addi    s3, s3, 1
    addi    s5, s5, -1
    bnez    s5, 3b
    li      a1, '\n'
    jal     put
    bltu    s3, s2, 2b
    lla     s3, text_end
4:  lbu     a1, 0(s3)
    addi    s3, s3, 1
    beqz    a1, 5f
    jal     put
    j       4b

5:  lbu     t0, 5(s0)
    andi    t0, t0, 1
    beqz    t0, 5b
    lbu     t0, 0(s0)
    li      t1, 0x7777
    li      t2, 'r'
    beq     t0, t2, 6f
    li      t1, 0x5555
    li      t2, 'q'
    bne     t0, t2, 5b
6:  li      t0, 0x100000
    sw      t1, 0(t0)
7:  j       7b

/* Prints the byte in the lower bits of a0. */
print:
    mv      s6, ra
    li      s7, 4
8:  srl     t0, a0, s7
    andi    t0, t0, 15
    addi    a1, t0, '0'
    li      t1, 10
    bltu    t0, t1, 9f
    addi    a1, t0, 'a' - 10
9:  jal     put
    addi    s7, s7, -4
    bgez    s7, 8b
    mv      ra, s6
    ret

put:
    sb      a1, 0(s0)
    ret

text_end:
    .asciz  "end\n"
