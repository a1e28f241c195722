# The rows of harts that run apart. QEMU's plugin (count.c) counts what they take.
.include "harts.inc"

.equ ROUNDS, 64
.equ WARM, 256                   # once through all of a virtual hart's tables and roots, which a fence leaves to whoever takes them next
.equ THREE, (1 << FIRST) | (1 << (FIRST + STEP)) | (1 << (FIRST + 2 * STEP))

# What the harts from the first on do; how many of them; the loop.
.macro row name, does, harts, operation
    .section .rodata
9:  .asciz "\name"
    .data
    .dword 9b, \does, \harts, \operation
    .text
.endm

.data
.balign 8
.globl rows
rows:
row "IPI to a busy hart", BUSY, 1, ipi
row "IPI to a hart in wfi", ANSWER, 1, ping_first
row "remote fence of a page, to a busy hart", BUSY, 1, fence_page_1
row "remote fence of a page, to 3 busy harts", BUSY, 3, fence_page_3
row "remote fence of all, to a busy hart", BUSY, 1, fence_all_1
row "remote fence of all, to 3 busy harts", BUSY, 3, fence_all_3
row "remote fence of all, to 3 harts in wfi", SLEEP, 3, fence_all_3
    .dword 0
    .text

# Each operation comes a little later in the hart's turn than the one before: where in its round a waiting loop is when the turn ends is then no row's luck.
.macro later
    mark PAUSE
    andi t0, s4, ROUNDS - 1
9:  addi t0, t0, -1
    bgez t0, 9b
    mark GO
.endm

# Each runs a0 times.
ipi:
    mv s4, a0
    la s5, blocks + (FIRST << BLOCK_SHIFT)
    ld s6, H_TAKEN(s5)
1:  later
    li a0, 1 << FIRST
    li a1, 0
    li a7, SBI_IPI
    li a6, 0
    ecall
2:  ld t0, H_TAKEN(s5)
    beq t0, s6, 2b
    mv s6, t0
    addi s4, s4, -1
    bnez s4, 1b
    ret

.macro fence name, mask, start, size
\name:
    mv s4, a0
1:  later
    li a0, \mask
    li a1, 0
    li a2, \start
    li a3, \size
    li a7, SBI_RFENCE
    li a6, 1
    ecall
    addi s4, s4, -1
    bnez s4, 1b
    ret
.endm
fence fence_page_1, 1 << FIRST, REGION, 4096
fence fence_page_3, THREE, REGION, 4096
fence fence_all_1, 1 << FIRST, 0, -1
fence fence_all_3, THREE, 0, -1

# There and back: two of what the row says.
ping_first:
    li a1, FIRST
# The same with hart a1.
.globl ping
ping:
    mv s4, a0
    li s5, 1
    sll s5, s5, a1
1:  ld s6, H_TAKEN(tp)
    mv a0, s5
    li a1, 0
    li a7, SBI_IPI
    li a6, 0
    ecall
2:  ld t0, H_TAKEN(tp)
    bne t0, s6, 3f
    wfi
    csrsi sstatus, SIE
    csrci sstatus, SIE
    j 2b
3:  addi s4, s4, -2
    bnez s4, 1b
    ret

# a0: the row.
.globl run_row
run_row:
    addi sp, sp, -64
    sd ra, 0(sp)
    sd s0, 8(sp)
    sd s1, 16(sp)
    sd s2, 24(sp)
    mv s0, a0
    ld s1, 16(s0)
    li s2, FIRST
1:  mv a0, s2
    ld a1, 8(s0)
    call set_hart
    addi s2, s2, STEP
    addi s1, s1, -1
    bnez s1, 1b
    ld t0, 24(s0)
    li a0, WARM
    jalr t0
    ld t0, 24(s0)
    li a0, ROUNDS
    mark BEGIN
    jalr t0
    mark END
    ld s1, 16(s0)
    li s2, FIRST
2:  mv a0, s2
    li a1, SLEEP
    call set_hart
    addi s2, s2, STEP
    addi s1, s1, -1
    bnez s1, 2b
    ld a0, 0(s0)
    li a1, ROUNDS
    call show_row
    ld ra, 0(sp)
    ld s0, 8(sp)
    ld s1, 16(sp)
    ld s2, 24(sp)
    addi sp, sp, 64
    ret

# Prints the row's name a0, and how often it was made, or its figure, a1: the plugin's figures are in the rows' order.
.globl show_row
show_row:
    addi sp, sp, -16
    sd ra, 0(sp)
    sd s1, 8(sp)
    mv s1, a1
    call print
    call pad
    li t0, 100
    mul a0, s1, t0
    call print_hundredths
    li a0, '\n'
    call print_byte
    ld ra, 0(sp)
    ld s1, 8(sp)
    addi sp, sp, 16
    ret
