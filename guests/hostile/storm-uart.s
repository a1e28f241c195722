# A received byte's interrupt, claimed and completed and never acknowledged at the UART: the byte, looped back, is never read. LIMIT
# interrupts, then the end.
.align 2
main:
    mv      s0, ra
    li      s1, 0
    li      s2, LIMIT
    li      s3, 0x0c201004          # claim of hart 0's S-mode
    la      t0, storm
    csrw    stvec, t0
    li      t0, 0x0c000000
    li      t1, 1
    sw      t1, 40(t0)              # priority of source 10
    li      t0, 0x0c002080
    li      t1, 0x400
    sw      t1, 0(t0)
    li      t0, 0x0c201000
    sw      zero, 0(t0)
    li      t0, 0x10000000
    li      t1, 0x10                # loop back
    sb      t1, 4(t0)
    sb      t1, 0(t0)
    sb      zero, 4(t0)
    li      t1, 1
    sb      t1, 1(t0)
    li      t0, 0x200
    csrw    sie, t0
    csrsi   sstatus, 2
storm_wait:
    bltu    s1, s2, storm_wait
    csrw    sie, zero
    mv      a0, s1
    jal     print_hex
    jal     newline
    mv      ra, s0
    ret
.align 2
storm:
    csrr    s8, scause
    slli    t0, s8, 1
    li      t1, 18                  # cause 9, the interrupt bit shifted out
    bne     t0, t1, surprise
    lw      t2, 0(s3)
    li      t1, 10
    bne     t2, t1, surprise
    addi    s1, s1, 1
    sw      t2, 0(s3)
    bltu    s1, s2, storm_return
    li      t0, 0x200
    csrc    sie, t0
storm_return:
    sret
