# A timer that is always in the past: each interrupt sets it again. LIMIT interrupts, then the end.
.align 2
main:
    mv      s0, ra
    li      s1, 0
    li      s2, LIMIT
    la      t0, storm
    csrw    stvec, t0
    li      t0, 0x20
    csrw    sie, t0
    jal     storm_arm
    csrsi   sstatus, 2
storm_wait:
    bltu    s1, s2, storm_wait
    csrci   sstatus, 2
    csrw    sie, zero
    mv      a0, s1
    jal     print_hex
    jal     newline
    mv      ra, s0
    ret
storm_arm:
    li      a0, 0
    li      a6, 0
    li      a7, 0x54494d45
    ecall
    ret
.align 2
storm:
    mv      s7, ra
    csrr    s8, scause
    slli    t0, s8, 1
    li      t1, 10                  # cause 5, the interrupt bit shifted out
    bne     t0, t1, surprise
    addi    s1, s1, 1
    jal     storm_arm
    bltu    s1, s2, storm_return
    li      t0, 0x20
    csrc    sie, t0
storm_return:
    mv      ra, s7
    sret
