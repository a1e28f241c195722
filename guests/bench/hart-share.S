# Two virtual harts that share a hart of the host: switches from one to the other. QEMU's plugin (count.c) counts what they take.
.include "harts.inc"

.equ OTHER, 1
.equ TICKS, 640000               # 64 ms: that many slices
.equ ROUNDS, 64
.equ WAITS, 16
.equ TICK, 100                   # instructions

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

    # One waits for the other to take an interrupt, which runs, but not while the first one does.
    li a0, OTHER
    li a1, BUSY
    call set_hart
    li s4, WAITS
    la s5, blocks + (OTHER << BLOCK_SHIFT)
    ld s6, H_TAKEN(s5)
    mark BEGIN
    rdtime s7
2:  li a0, 1 << OTHER
    li a1, 0
    li a7, SBI_IPI
    li a6, 0
    ecall
3:  .word 0x0100000f                     # pause
    ld t0, H_TAKEN(s5)
    beq t0, s6, 3b
    mv s6, t0
    addi s4, s4, -1
    bnez s4, 2b
    rdtime t0
    mark END
    sub t0, t0, s7
    li t1, TICK
    mul t0, t0, t1
    li t1, WAITS
    divu a1, t0, t1
    la a0, text_spin
    call show_row
    ld ra, 0(sp)
    addi sp, sp, 16
    ret

.section .rodata
text_slice: .asciz "world switch at a slice's end"
text_spin: .asciz "IPI to a busy sibling, awaited with pause"
text_wait: .asciz "IPI to a sibling on the same hart, in wfi"
