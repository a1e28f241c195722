# Four harts of one guest that ask for what they may not, and do to each other what they may: masks and ranges that are wrong, starts of who runs,
# starts and stops by all at once, page tables edited under a neighbour's walk, fences from everybody to everybody.
# ROUNDS starts, and stores of each walk; FENCES rounds of fences, and then the end, while the others still fence.
# Harts 1 to 3 print nothing: they count what they find wrong. They are started with WORD and their number.
.equ WORD, 0x5eed00
.equ IPI, 0x735049
.equ RFENCE, 0x52464e43
.equ HSM, 0x48534d
.equ PAGE, 0x100000000           # the page whose entry is edited
.equ ENTRY, 0x80402000           # that entry
.equ ROOT, 0x8000000000080400
.align 2
main:
    mv      s0, ra
    la      s1, calls_of_interrupts
    jal     show_calls
    csrci   sip, 2
    la      s1, calls_of_fences
    jal     show_calls
    la      s1, calls_of_harts
    jal     show_calls

    # All are there, and nobody can start them again.
    la      s3, stay
    jal     start_all
    li      s4, 3
    jal     await_there
    la      s1, calls_of_the_running
    jal     show_calls
    la      t0, go
    li      t1, 1
    sw      t1, 0(t0)
    jal     await_stopped
    la      a0, text_stopped
    jal     print
    jal     newline

    # Each starts its neighbour and stops, hart 0 starts all of them, interrupts and fences fly; each start is one arrival.
stop_storm:
    li      s5, 1
stop_storm_hart:
    mv      a0, s5
    jal     start_restless
    addi    s5, s5, 1
    li      t0, 4
    bltu    s5, t0, stop_storm_hart
    li      a7, IPI
    li      a6, 0
    li      a0, 14
    li      a1, 0
    ecall
    bnez    a0, broken
    li      a7, RFENCE
    li      a6, 1
    li      a0, 0
    li      a1, -1
    li      a2, 0
    li      a3, 0
    ecall
    bnez    a0, broken
    la      t0, arrivals
    lw      t0, 0(t0)
    li      t1, ROUNDS
    bltu    t0, t1, stop_storm
    la      t0, enough
    li      t1, 1
    fence
    sw      t1, 0(t0)
settle:
    jal     await_stopped
    fence
    la      t0, starts
    la      t1, arrivals
    lw      t0, 0(t0)
    lw      t1, 0(t1)
    bne     t0, t1, settle
    la      a0, text_settled
    jal     print
    jal     newline

    # The root maps the gigabyte at 0x80000000 where it is; index 4 leads through two tables to the entry that hart 0 changes while the others store.
    li      t0, 0x80400000
    li      t1, 0x200000cf
    sd      t1, 16(t0)
    li      t1, 0x20100401
    sd      t1, 32(t0)
    li      t0, 0x80401000
    li      t1, 0x20100801
    sd      t1, 0(t0)
    fence
    la      s3, walker
    jal     start_all
    li      s5, 0
    li      s7, 0
edit:
    andi    t0, s5, 7
    slli    t0, t0, 3
    la      t1, entries
    add     t1, t1, t0
    ld      t1, 0(t1)
    li      t0, ENTRY
    sd      t1, 0(t0)
    addi    s5, s5, 1
    # Each fifth time, so that each entry stands while a fence is made.
    addi    s7, s7, 1
    li      t0, 5
    bltu    s7, t0, edit_look
    li      s7, 0
    li      a7, RFENCE
    li      a6, 1
    li      a0, 14
    li      a1, 0
    li      a2, PAGE
    li      a3, 4096
    ecall
    bnez    a0, broken
edit_look:
    la      t0, there
    lw      t0, 0(t0)
    li      t1, 6
    bltu    t0, t1, edit
    jal     await_stopped
    la      a0, text_walked
    jal     print
    jal     newline

    la      t0, entries
    ld      t0, 0(t0)
    li      t1, ENTRY
    sd      t0, 0(t1)
    fence
    la      s3, fencer
    jal     start_all
    li      s4, 0
    li      s5, 0
fence_storm:
    jal     t6, fence_all
    addi    s5, s5, 1
    li      t0, FENCES
    bltu    s5, t0, fence_storm
    li      s4, 9
    jal     await_there
    csrw    satp, zero
    la      a0, text_fenced
    jal     print
    la      t0, wrong
    lw      a0, 0(t0)
    jal     print_hex
    jal     newline
    mv      ra, s0
    ret

# s1: calls, eight doublewords each: a7, a6, a0 to a4 and nothing. Shows the error without its sign, and where there is none the value.
show_calls:
    mv      s2, ra
show_next:
    ld      a7, 0(s1)
    beqz    a7, show_done
    ld      a6, 8(s1)
    ld      a0, 16(s1)
    ld      a1, 24(s1)
    ld      a2, 32(s1)
    ld      a3, 40(s1)
    ld      a4, 48(s1)
    addi    s1, s1, 64
    ecall
    mv      s3, a1
    mv      s4, a0
    neg     a0, a0
    jal     print_hex
    bnez    s4, show_space
    li      a0, 58
    jal     put
    mv      a0, s3
    jal     print_hex
show_space:
    li      a0, 32
    jal     put
    j       show_next
show_done:
    jal     newline
    mv      ra, s2
    ret

# s3: where harts 1 to 3 start. One that has not stopped yet is waited for.
start_all:
    li      s4, 1
start_one:
    li      a7, HSM
    li      a6, 0
    mv      a0, s4
    mv      a1, s3
    li      a2, WORD
    add     a2, a2, s4
    ecall
    li      t0, -6
    beq     a0, t0, start_one
    bnez    a0, broken
    addi    s4, s4, 1
    li      t0, 4
    bltu    s4, t0, start_one
    ret

# s4: how often harts have said that they are there, in all.
await_there:
    la      t0, there
    lw      t0, 0(t0)
    bltu    t0, s4, await_there
    ret

await_stopped:
    li      s4, 1
await_stop:
    li      a7, HSM
    li      a6, 2
    mv      a0, s4
    ecall
    bnez    a0, broken
    li      t0, 1
    bne     a1, t0, await_stop
    addi    s4, s4, 1
    li      t0, 4
    bltu    s4, t0, await_stop
    ret

# a0: who is started among the restless. Only that it runs already may stand against it.
start_restless:
    li      a7, HSM
    li      a6, 0
    la      a1, restless
    li      a2, WORD
    add     a2, a2, a0
    ecall
    bnez    a0, start_refused
    la      t0, starts
    li      t1, 1
    amoadd.w zero, t1, (t0)
    ret
start_refused:
    li      t0, -6
    bne     a0, t0, broken
    ret

# Everything to everybody, itself too; then the page is still there. Returns to t6.
fence_all:
    csrr    s7, satp
    li      t0, ROOT
    csrw    satp, t0
    li      a7, RFENCE
    li      a6, 1
    li      a0, 0
    li      a1, -1
    li      a2, 0
    li      a3, 0
    ecall
    bnez    a0, broken
    li      a0, 15
    li      a1, 0
    li      a2, PAGE
    li      a3, 4096
    ecall
    bnez    a0, broken
    li      a6, 2
    li      a0, 15
    li      a1, 0
    li      a2, PAGE
    li      a3, 8192
    li      a4, 1
    ecall
    bnez    a0, broken
    li      a6, 0
    li      a0, 15
    li      a1, 0
    ecall
    bnez    a0, broken
    li      a7, IPI
    li      a0, 0
    li      a1, -1
    ecall
    bnez    a0, broken
    li      t0, PAGE
    slli    t1, s4, 3
    add     t0, t0, t1
    sd      s5, 0(t0)
    ld      t1, 0(t0)
    bne     t1, s5, broken
    csrw    satp, s7
    jr      t6

broken:
    ebreak

# Harts 1 to 3
.align 2
arrived:
    csrr    t0, satp
    bnez    t0, arrived_wrong
    csrr    t0, sstatus
    andi    t0, t0, 2
    bnez    t0, arrived_wrong
    li      t0, WORD
    add     t0, t0, a0
    bne     t0, a1, arrived_wrong
    mv      s4, a0
    li      s11, 0
    la      t0, other_trap
    csrw    stvec, t0
    jr      t6
arrived_wrong:
    la      t0, wrong
    li      t1, 1
    amoadd.w zero, t1, (t0)
    jr      t6

.align 2
other_trap:
    beqz    s11, other_surprise
    jr      s11
other_surprise:
    la      t0, wrong
    li      t1, 1
    amoadd.w zero, t1, (t0)
    j       stop

say_there:
    fence
    la      t0, there
    li      t1, 1
    amoadd.w zero, t1, (t0)
    jr      t6

stop:
    li      a7, HSM
    li      a6, 1
    ecall
    j       arrived_wrong

.align 2
stay:
    jal     t6, arrived
    jal     t6, say_there
stay_on:
    la      t0, go
    lw      t0, 0(t0)
    beqz    t0, stay_on
    j       stop

.align 2
restless:
    jal     t6, arrived
    la      t0, arrivals
    li      t1, 1
    amoadd.w zero, t1, (t0)
    la      t0, enough
    lw      t0, 0(t0)
    bnez    t0, stop
    addi    a0, s4, 1
    li      t0, 4
    bltu    a0, t0, restless_start
    li      a0, 1
restless_start:
    jal     start_restless
    j       stop

# Stores until ROUNDS of them went one way or the other, and both ways were seen.
.align 2
walker:
    jal     t6, arrived
    li      t0, ROOT
    csrw    satp, t0
    li      s1, 0
    li      s2, ROUNDS
    li      s5, 0
    li      s7, 0
    li      s10, PAGE
    slli    t0, s4, 3
    add     s10, s10, t0
walk:
    sfence.vma
    la      s11, walk_fault
    sd      s1, 0(s10)
    addi    s5, s5, 1
    j       walk_next
walk_fault:
    addi    s7, s7, 1
walk_next:
    li      s11, 0
    addi    s1, s1, 1
    bltu    s1, s2, walk
    beqz    s5, walk
    beqz    s7, walk
    csrw    satp, zero
    jal     t6, say_there
    j       stop

.align 2
fencer:
    jal     t6, arrived
    li      s5, 0
    li      s3, FENCES
fencer_round:
    jal     t6, fence_all
    addi    s5, s5, 1
    bne     s5, s3, fencer_round
    jal     t6, say_there
    j       fencer_round

.align 3
there:
    .word 0
go:
    .word 0
enough:
    .word 0
starts:
    .word 0
arrivals:
    .word 0
wrong:
    .word 0
text_stopped:
    .asciz "stopped"
text_settled:
    .asciz "settled"
text_walked:
    .asciz "walked"
text_fenced:
    .asciz "fenced "

# A page; the same, not accessed yet; the first behind RAM; one far behind it; read-only; nothing; the PLIC; the table itself as a table.
.align 3
entries:
    .dword 0x201400cf
    .dword 0x2014000f
    .dword 0x204000cf
    .dword 0x2080000f
    .dword 0x201400c3
    .dword 0
    .dword 0x030000cf
    .dword 0x20100801

calls_of_interrupts:
    .dword IPI, 0, 0x10, 0, 0, 0, 0, 0
    .dword IPI, 0, 1, 4, 0, 0, 0, 0
    .dword IPI, 0, -1, 0, 0, 0, 0, 0
    .dword IPI, 0, 1, -2, 0, 0, 0, 0
    .dword IPI, 0, 4, 2, 0, 0, 0, 0
    .dword IPI, 0, 0x8000000000000000, 1, 0, 0, 0, 0
    .dword IPI, 0, 0x8000000000000000, 0xffffffffffffffc1, 0, 0, 0, 0
    .dword IPI, 0, 0, 0, 0, 0, 0, 0
    .dword IPI, 0, 0xdead0000, -1, 0, 0, 0, 0
    .dword IPI, 0, 15, 0, 0, 0, 0, 0
    .dword IPI, 1, 1, 0, 0, 0, 0, 0
    .dword 0
calls_of_fences:
    .dword RFENCE, 0, 0x10, 0, 0, 0, 0, 0
    .dword RFENCE, 1, 0x10, 0, 0, 4096, 0, 0
    .dword RFENCE, 2, 8, 1, 0, 4096, 1, 0
    .dword RFENCE, 1, 15, 0, 0xfffffffffffff000, 8192, 0, 0
    .dword RFENCE, 1, 15, 0, 1, 0xfffffffffffffffe, 0, 0
    .dword RFENCE, 1, 15, 0, 0xfffffffffffff000, 4096, 0, 0
    .dword RFENCE, 1, 15, 0, 0x1000, -1, 0, 0
    .dword RFENCE, 1, 0, -1, 0, 0, 0, 0
    .dword RFENCE, 2, 15, 0, 0x123, 0x7fffffffffffffff, 0xffff, 0
    .dword RFENCE, 3, 15, 0, 0, 4096, 0, 0
    .dword RFENCE, 4, 15, 0, 0, 4096, 0, 0
    .dword RFENCE, 5, 15, 0, 0, 4096, 0, 0
    .dword RFENCE, 6, 15, 0, 0, 4096, 0, 0
    .dword RFENCE, 7, 15, 0, 0, 4096, 0, 0
    .dword 0
calls_of_harts:
    .dword HSM, 0, 0, 0x80200000, 0, 0, 0, 0
    .dword HSM, 0, 4, 0x80200000, 0, 0, 0, 0
    .dword HSM, 0, -1, 0x80200000, 0, 0, 0, 0
    .dword HSM, 0, 0x100000001, 0x80200000, 0, 0, 0, 0
    .dword HSM, 0, 1, 0x80200001, 0, 0, 0, 0
    .dword HSM, 0, 1, 0x10000000, 0, 0, 0, 0
    .dword HSM, 0, 1, 0x81000000, 0, 0, 0, 0
    .dword HSM, 0, 1, -2, 0, 0, 0, 0
    .dword HSM, 2, 0, 0, 0, 0, 0, 0
    .dword HSM, 2, 1, 0, 0, 0, 0, 0
    .dword HSM, 2, 3, 0, 0, 0, 0, 0
    .dword HSM, 2, 4, 0, 0, 0, 0, 0
    .dword HSM, 3, 1, 0, 0, 0, 0, 0
    .dword HSM, 3, 0x80000000, 0x80200001, 0, 0, 0, 0
    .dword HSM, 3, 0x80000000, 0x81000000, 0, 0, 0, 0
    .dword HSM, 4, 0, 0, 0, 0, 0, 0
    .dword 0
calls_of_the_running:
    .dword HSM, 2, 1, 0, 0, 0, 0, 0
    .dword HSM, 2, 2, 0, 0, 0, 0, 0
    .dword HSM, 2, 3, 0, 0, 0, 0, 0
    .dword HSM, 0, 1, 0x80200000, 0, 0, 0, 0
    .dword HSM, 0, 2, 0x80200001, 0, 0, 0, 0
    .dword HSM, 0, 3, 0x80200000, 0, 0, 0, 0
    .dword 0
