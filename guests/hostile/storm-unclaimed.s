# An external interrupt that the handler never claims: it comes again at once. Then one that is claimed and never completed: it stays away.
.align 2
main:
    mv      s0, ra
    li      s1, 0
    li      s2, LIMIT
    li      s3, 0x0c201004
    la      t0, storm
    csrw    stvec, t0
    li      t0, 0x0c000000
    li      t1, 1
    sw      t1, 40(t0)
    li      t0, 0x0c002080
    li      t1, 0x400
    sw      t1, 0(t0)
    li      t0, 0x10000000
    li      t1, 2
    sb      t1, 1(t0)
    li      t0, 0x200
    csrw    sie, t0
    csrsi   sstatus, 2
storm_wait:
    bltu    s1, s2, storm_wait
    mv      a0, s1
    jal     print_hex
    la      a0, text_space
    jal     print
    lw      a0, 0(s3)
    jal     print_hex
    la      a0, text_space
    jal     print
    lw      a0, 0(s3)
    jal     print_hex
    la      a0, text_space
    jal     print
    li      t0, 11                  # a source that is not claimed, one that does not exist, one that is not enabled
    sw      t0, 0(s3)
    li      t0, 1000
    sw      t0, 0(s3)
    li      t0, -1
    sw      t0, 0(s3)
    sw      zero, 0(s3)
    lw      a0, 0(s3)
    jal     print_hex
    la      a0, text_space
    jal     print
    li      t0, 0x10000000          # the transmitter asks once more for each byte
    sb      zero, 0(t0)
    li      t0, 10
    sw      t0, 0(s3)
    lw      a0, 0(s3)
    jal     print_hex
    jal     newline
    csrw    sie, zero
    mv      ra, s0
    ret
.align 2
storm:
    csrr    s8, scause
    slli    t0, s8, 1
    li      t1, 18
    bne     t0, t1, surprise
    addi    s1, s1, 1
    bltu    s1, s2, storm_return
    li      t0, 0x200
    csrc    sie, t0
storm_return:
    sret
