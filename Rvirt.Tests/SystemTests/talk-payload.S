/*
 * Speaks with whoever types on its UART: prints "ready", then each line that it got between '<' and '>'.
 * A line that begins with 'H' hangs it: it reads no more. 'F' prints 3000 lines of 64 bytes before it goes on. 'Q' powers off.
 */
    .section .text
    .globl _start
_start:
    li      s0, 0x10000000
    lla     a1, ready
    jal     print
line:
    lla     s1, buffer
    mv      s2, s1
1:  lbu     t0, 5(s0)
    andi    t0, t0, 1
    beqz    t0, 1b
    lbu     t0, 0(s0)
    li      t1, '\r'
    beq     t0, t1, 2f
    sb      t0, 0(s2)
    addi    s2, s2, 1
    j       1b
2:  sb      zero, 0(s2)
    lbu     t0, 0(s1)
    li      t1, 'H'
    beq     t0, t1, hang
    li      t1, 'Q'
    beq     t0, t1, quit
    li      t1, 'F'
    beq     t0, t1, flood
answer:
    lla     a1, open
    jal     print
    mv      a1, s1
    jal     print
    lla     a1, close
    jal     print
    j       line
flood:
    li      s3, 3000
3:  lla     a1, filler
    jal     print
    addi    s3, s3, -1
    bnez    s3, 3b
    j       answer
hang:
    j       hang
quit:
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
4:  j       4b

print:
    lbu     t0, 0(a1)
    beqz    t0, 6f
5:  lbu     t1, 5(s0)
    andi    t1, t1, 0x20
    beqz    t1, 5b
    sb      t0, 0(s0)
    addi    a1, a1, 1
    j       print
6:  ret

ready:  .asciz  "ready\r\n"
open:   .asciz  "<"
close:  .asciz  ">\r\n"
filler: .asciz  "filler filler filler filler filler filler filler filler filler\r\n"
    .balign 8
buffer: .zero   0x20000
