# Two virtual harts that share a hart of the host: switches from one to the other. QEMU's plugin (count.c) counts what they take.
.include "harts.inc"

.equ OTHER, 1
.equ TICKS, 640000               # 64 ms: that many slices
.equ ROUNDS, 64

.text
.globl share_hart
share_hart:
    addi sp, sp, -16
    sd ra, 0(sp)
    li a0, OTHER
    la a1, enter_hart
    li a2, 0
    li a7, SBI_HSM
    li a6, 0
    ecall
    bnez a0, failed

    # Both run, and lose the hart to each other when a slice ends.
    li a0, OTHER
    li a1, BUSY
    call set_hart
    rdtime t0
    li t1, TICKS
    add t1, t1, t0
    mark BEGIN
1:  rdtime t0
    bltu t0, t1, 1b
    mark END
    la a0, text_slice
    li a1, 1
    call show_row

    # One wakes the other, and sleeps.
    li a0, OTHER
    li a1, ANSWER
    call set_hart
    li a0, ROUNDS
    li a1, OTHER
    call ping
    li a0, ROUNDS
    li a1, OTHER
    mark BEGIN
    call ping
    mark END
    la a0, text_wait
    li a1, ROUNDS
    call show_row
    ld ra, 0(sp)
    addi sp, sp, 16
    ret

.section .rodata
text_slice: .asciz "world switch at a slice's end"
text_wait: .asciz "IPI to a sibling on the same hart, in wfi"
