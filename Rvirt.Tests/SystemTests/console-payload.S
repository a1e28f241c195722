/*
 * Prints a text by each SBI call that writes to the console, each time between a '<' and a '>', and ends the machine. Where there is no
 * debug console only the legacy call prints.
 */
    .section .text
    .globl _start
_start:
    lla     s0, text
    lla     s1, text_end

    /* Legacy console_putchar. */
    li      a0, '<'
    jal     put
    mv      s2, s0
1:  lbu     a0, 0(s2)
    jal     put
    addi    s2, s2, 1
    bltu    s2, s1, 1b
    li      a0, '>'
    jal     put

    li      a0, 0x4442434e
    li      a6, 3
    li      a7, 0x10
    ecall                           /* BASE: probe_extension */
    beqz    a1, end

    /* DBCN write, which may take less than it is asked to. */
    li      a0, '<'
    jal     put
    mv      s2, s0
2:  sub     a0, s1, s2
    mv      a1, s2
    li      a2, 0
    li      a6, 0
    li      a7, 0x4442434e
    ecall
    bnez    a0, fail
    add     s2, s2, a1
    bltu    s2, s1, 2b
    li      a0, '>'
    jal     put

    /* DBCN write_byte. */
    li      a0, '<'
    jal     put
    mv      s2, s0
3:  lbu     a0, 0(s2)
    li      a6, 2
    li      a7, 0x4442434e
    ecall
    bnez    a0, fail
    addi    s2, s2, 1
    bltu    s2, s1, 3b
    li      a0, '>'
    jal     put
end:
    li      t1, 0x5555
    j       finish
fail:
    li      t1, 0x13333
finish:
    li      t0, 0x100000
    sw      t1, 0(t0)
4:  j       4b

put:
    li      a7, 1
    ecall
    ret

text:
    .ascii  "one\ntwo\r\n\n\n\rthree\r\r\n\tx\033[m\n\001\177"
    .rept   40
    .ascii  "longer than a call carries\n"
    .endr
text_end:
