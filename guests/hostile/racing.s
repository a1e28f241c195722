# Page tables that somebody else changes while they are walked: the entry at 0x80402000 is never the same for long. LIMIT rounds, and until both results were seen; then the end.
# The root maps the gigabyte at 0x80000000 where it is; index 4 leads through two tables to that entry.
.align 2
main:
    mv      s0, ra
    li      s1, 0
    li      s2, LIMIT
    li      s3, 0x80400000
    li      t0, 0x200000cf
    sd      t0, 16(s3)
    li      t0, 0x20100401
    sd      t0, 32(s3)
    li      s4, 0x80401000
    li      t0, 0x20100801
    sd      t0, 0(s4)
    li      t0, 0x8000000000080400
    csrw    satp, t0
    li      s10, 0x100000000
    li      s7, 0                   # faults
    li      s5, 0                   # stores that went through
racing_round:
    sfence.vma
    la      s11, racing_fault
    sd      s1, 8(s10)
    addi    s5, s5, 1
    j       racing_next
racing_fault:
    addi    s7, s7, 1
racing_next:
    li      s11, 0
    addi    s1, s1, 1
    bltu    s1, s2, racing_round
    # Whoever changes the entry may not have had its turn yet.
    beqz    s5, racing_round
    beqz    s7, racing_round
    csrw    satp, zero
    snez    a0, s5
    jal     print_hex
    snez    a0, s7
    jal     print_hex
    jal     newline
    mv      ra, s0
    ret
