# A guest that minds its own business: a pattern in its RAM, a timer tick, and an answer to every character typed.
# It says nothing by itself: its line would come between two pieces of a line of its neighbour's, wherever that had got to.
.align 2
main:
    li      s1, 0x80400000
    li      s2, 0x80f00000
    li      s3, 0x9e3779b97f4a7c15
victim_fill:
    mul     t0, s1, s3
    sd      t0, 0(s1)
    addi    s1, s1, 8
    bltu    s1, s2, victim_fill
    li      s4, 0                   # ticks
    li      s5, 0x10000000
    la      t0, victim_tick
    csrw    stvec, t0
    jal     victim_arm
    li      t0, 0x20
    csrw    sie, t0
victim_wait:
    wfi
    csrsi   sstatus, 2
    csrci   sstatus, 2
    lbu     t0, 5(s5)
    andi    t0, t0, 1
    beqz    t0, victim_wait
    lbu     t0, 0(s5)
    li      s1, 0x80400000
victim_check:
    mul     t0, s1, s3
    ld      t1, 0(s1)
    bne     t0, t1, victim_broken
    addi    s1, s1, 8
    bltu    s1, s2, victim_check
    la      a0, text_intact
    jal     print
    mv      a0, s4
    jal     print_hex
    jal     newline
    j       victim_wait
victim_broken:
    la      a0, text_broken
    jal     print
    mv      a0, s1
    jal     print_hex
    jal     newline
    j       victim_wait

# The next tick in 100000 ticks of time, 10 ms on QEMU.
victim_arm:
    rdtime  a0
    li      t0, 100000
    add     a0, a0, t0
    li      a6, 0
    li      a7, 0x54494d45
    ecall
    ret

.align 2
victim_tick:
    mv      s7, ra
    addi    s4, s4, 1
    jal     victim_arm
    mv      ra, s7
    sret

.align 3
text_intact:
    .asciz "intact "
text_broken:
    .asciz "broken at "
