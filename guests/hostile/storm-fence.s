# Fences and satp writes in a tight loop, each after another change of the page tables in use. LIMIT rounds, then the end.
# The root maps the gigabyte at 0x80000000 twice: where it is, and through a table at index 4 whose entries this program keeps changing.
.align 2
main:
    mv      s0, ra
    li      s1, 0
    li      s2, LIMIT
    li      s3, 0x80400000          # Sv39 root
    li      s4, 0x80401000          # level 1
    li      t0, 0x200000cf
    sd      t0, 16(s3)
    li      t0, 0x20100401
    sd      t0, 32(s3)
    li      s5, 0x8000000000080400
    li      s10, 0x100000000        # what index 4 maps
    li      s7, 0                   # faults
storm_round:
    csrw    satp, s5
    andi    t0, s1, 7
    slli    t0, t0, 2
    la      t1, storm_leaves
    add     t1, t1, t0
    lwu     t0, 0(t1)
    sd      t0, 0(s4)
    sfence.vma s10, zero
    la      s11, storm_fault
    sd      s1, 8(s10)
    ld      t0, 8(s10)
    bne     t0, s1, surprise
    j       storm_next
storm_fault:
    addi    s7, s7, 1
storm_next:
    li      s11, 0
    sfence.vma
    csrw    satp, zero
    sfence.vma zero, s1
    sfence.vma s10, s1
    li      t0, 1
    slli    t0, t0, 44
    add     s5, s5, t0              # another ASID
    li      t0, 0x8fffffffffffffff
    and     s5, s5, t0
    addi    s1, s1, 1
    bltu    s1, s2, storm_round
    csrw    satp, zero
    mv      a0, s7
    jal     print_hex
    jal     newline
    mv      ra, s0
    ret
# The megapage at 0x80800000; one that is read-only; one beyond RAM; one at the PLIC; a misaligned one; the table itself as a table; a table at the UART; nothing.
.align 3
storm_leaves:
    .word 0x202000cf
    .word 0x202000c3
    .word 0x204000cf
    .word 0x030000cf
    .word 0x202004cf
    .word 0x20100401
    .word 0x04000001
    .word 0
