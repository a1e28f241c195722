# A hart that sends itself an interrupt from the handler of the last one. LIMIT interrupts, then the end.
.align 2
main:
    mv      s0, ra
    li      s1, 0
    li      s2, LIMIT
    la      t0, storm
    csrw    stvec, t0
    li      t0, 2
    csrw    sie, t0
    csrsi   sstatus, 2
    jal     storm_send
storm_wait:
    bltu    s1, s2, storm_wait
    csrw    sie, zero
    mv      a0, s1
    jal     print_hex
    jal     newline
    mv      ra, s0
    ret
storm_send:
    li      a0, 1
    li      a1, 0
    li      a6, 0
    li      a7, 0x735049
    ecall
    ret
.align 2
storm:
    mv      s7, ra
    csrr    s8, scause
    slli    t0, s8, 1
    li      t1, 2                   # cause 1, the interrupt bit shifted out
    bne     t0, t1, surprise
    addi    s1, s1, 1
    csrci   sip, 2
    bgeu    s1, s2, storm_return
    jal     storm_send
storm_return:
    mv      ra, s7
    sret
