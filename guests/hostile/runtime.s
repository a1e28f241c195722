# Start, trap handler and output of the hostile guests. One source for two assemblers, so no directive but the plain ones.
# s11: where a fault is expected to go, 0 for nowhere. After a fault s8 is scause and s9 stval. s6: where the line being built ends.
_start:
    la      sp, stack
    la      t0, trap
    csrw    stvec, t0
    csrw    sie, zero
    li      t0, 0x6000              # FS on
    csrs    sstatus, t0
    li      s11, 0
    la      s6, line
    jal     main
    csrw    satp, zero
    la      a0, text_end
    jal     print
    jal     newline
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
over:
    j       over

.align 2
trap:
    csrr    s8, scause
    csrr    s9, stval
    beqz    s11, surprise
    jr      s11
surprise:
    csrw    satp, zero
    la      a0, text_surprise
    jal     print
    mv      a0, s8
    jal     print_hex
    la      a0, text_space
    jal     print
    mv      a0, s9
    jal     print_hex
    la      a0, text_space
    jal     print
    csrr    a0, sepc
    jal     print_hex
    jal     newline
    li      t0, 0x100000
    li      t1, 0x13333
    sw      t1, 0(t0)
    j       over

# a0: a character for the line.
put:
    sb      a0, 0(s6)
    addi    s6, s6, 1
    ret

# a0: a text for the line.
print:
    lbu     t0, 0(a0)
    beqz    t0, print_done
    sb      t0, 0(s6)
    addi    s6, s6, 1
    addi    a0, a0, 1
    j       print
print_done:
    ret

# a0: a number for the line.
print_hex:
    li      t0, 60
hex_skip:
    srl     t1, a0, t0
    andi    t1, t1, 15
    bnez    t1, hex_digit
    beqz    t0, hex_digit
    addi    t0, t0, -4
    j       hex_skip
hex_digit:
    srl     t1, a0, t0
    andi    t1, t1, 15
    addi    t1, t1, 48
    li      t2, 58
    blt     t1, t2, hex_put
    addi    t1, t1, 39
hex_put:
    sb      t1, 0(s6)
    addi    s6, s6, 1
    addi    t0, t0, -4
    bgez    t0, hex_digit
    ret

# Sends the line through the debug console, which takes as many bytes of a call as it likes, and starts another.
newline:
    li      t0, 10
    sb      t0, 0(s6)
    addi    s6, s6, 1
    la      a1, line
    sub     a0, s6, a1
    mv      s6, a1
newline_more:
    mv      t0, a0
    mv      t1, a1
    li      a2, 0
    li      a6, 0
    li      a7, 0x4442434e
    ecall
    sub     a0, t0, a1
    add     a1, t1, a1
    bnez    a0, newline_more
    ret

.align 3
text_end:
    .asciz "end"
text_surprise:
    .asciz "surprise "
text_space:
    .asciz " "
.align 4
line:
    .zero 1024
    .zero 2048
stack:
    .zero 16
