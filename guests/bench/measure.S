# Measures one row: as many iterations as it takes to make the clock's steps not matter, less the same loop without the operation.
.include "defs.inc"

.equ ENOUGH, 5000                # ticks of 100 ns: steps of the clock count for 0.02 %
.equ TICK, 100                   # nanoseconds

.text
# a0: the row.  s1 row, s2 iterations, s3 ticks, s4 ticks of the empty loop
.globl run_row
run_row:
    addi sp, sp, -64
    sd ra, 0(sp)
    sd s1, 8(sp)
    sd s2, 16(sp)
    sd s3, 24(sp)
    sd s4, 32(sp)
    mv s1, a0
    sd zero, TP_FAULT_FLAG(tp)
    ld s2, 32(s1)
    bnez s2, 2f
    # Twice with few iterations warms everything up.
    li s2, 16
    ld a0, 16(s1)
    call timed
1:  slli s2, s2, 2
    ld a0, 16(s1)
    call timed
    ld t0, TP_FAULT_FLAG(tp)
    bnez t0, absent
    li t0, ENOUGH
    bltu a0, t0, 1b
    mv s3, a0
    j 3f
2:  ld a0, 16(s1)
    call timed
    ld a0, 16(s1)
    call timed
    mv s3, a0
3:  ld a0, 24(s1)
    call timed
    mv s4, a0

    ld a0, 0(s1)
    call print
    call pad
    sub a0, s3, s4
    bgez a0, 4f
    li a0, 0
4:  li t0, TICK * 100
    mul a0, a0, t0
    # Rounded to hundredths.
    ld t0, 40(s1)
    mul t0, t0, s2
    srli t1, t0, 1
    add a0, a0, t1
    divu a0, a0, t0
    call print_hundredths
.ifdef ONLY
    # Once more, for profile.c, which keeps the last; and how often that was.
    ld a0, 16(s1)
    call timed
    la a0, text_trace
    call print
    ld a0, 40(s1)
    mul a0, a0, s2
    li t0, 100
    mul a0, a0, t0
    call print_hundredths
.endif
    j 5f
absent:
    ld a0, 0(s1)
    call print
    call pad
    la a0, text_absent
    call print
5:  li a0, '\n'
    call print_byte
    ld ra, 0(sp)
    ld s1, 8(sp)
    ld s2, 16(sp)
    ld s3, 24(sp)
    ld s4, 32(sp)
    addi sp, sp, 64
    ret

# Runs the function in a0 for s2 iterations, after the row's preparation; returns ticks.
timed:
    addi sp, sp, -32
    sd ra, 0(sp)
    sd s5, 8(sp)
    mv s5, a0
    csrw sscratch, zero
    ld t0, 8(s1)
    beqz t0, 1f
    jalr t0
1:  mv a0, s2
    rdtime t0
    sd t0, 16(sp)
.globl timed_begin
timed_begin:
    jalr s5
.globl timed_end
timed_end:
    rdtime a0
    ld t0, 16(sp)
    sub a0, a0, t0
    csrw sscratch, zero
    ld ra, 0(sp)
    ld s5, 8(sp)
    addi sp, sp, 32
    ret

.section .rodata
text_absent: .asciz "      absent"
.ifdef ONLY
text_trace: .asciz "\nrvirt-trace: "
.endif
