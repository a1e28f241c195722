/* Shows each received byte as "[STATUS VALUE]" in hexadecimal, the status without the transmitter's bits, until a 'q' ends the machine. */
    .section .text
    .globl _start
_start:
    li      s0, 0x10000000
    li      t0, 7                   /* FIFOs on and empty */
    sb      t0, 2(s0)
    lla     s1, text_ready
1:  lbu     a1, 0(s1)
    addi    s1, s1, 1
    beqz    a1, 2f
    jal     put
    j       1b

2:  lbu     s2, 5(s0)               /* once: reading it clears a break */
    andi    t0, s2, 1
    beqz    t0, 2b
    lbu     s3, 0(s0)
    li      a1, '['
    jal     put
    andi    a0, s2, 0x1f
    jal     print
    li      a1, ' '
    jal     put
    mv      a0, s3
    jal     print
    li      a1, ']'
    jal     put
    li      t0, 'q'
    bne     s3, t0, 2b
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
3:  j       3b

/* Prints a byte. */
print:
    mv      s4, ra
    li      s5, 4
4:  srl     t0, a0, s5
    andi    t0, t0, 15
    addi    a1, t0, '0'
    li      t1, 10
    bltu    t0, t1, 5f
    addi    a1, t0, 'a' - 10
5:  jal     put
    addi    s5, s5, -4
    bgez    s5, 4b
    mv      ra, s4
    ret

/* Without a look at the line status, which would clear a break: the board's transmitter, and a guest's, is always empty. */
put:
    sb      a1, 0(s0)
    ret

text_ready:
    .asciz  "ready\n"
