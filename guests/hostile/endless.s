# Guests that never return, by KIND: a loop with interrupts off; sleep with nothing enabled; a trap vector that faults; a root table that is
# no RAM; an illegal instruction that handles itself; calls that do not exist; notifications of a queue that was never set up.
.align 2
main:
    li      t0, KIND
    la      t1, kinds
    slli    t0, t0, 2
    add     t1, t1, t0
    la      a0, text_going
    jal     print
    jal     newline
    csrci   sstatus, 2
    li      t0, KIND
    la      t1, kinds
    slli    t0, t0, 2
    add     t1, t1, t0
    jr      t1
kinds:
    j       spin
    j       sleep
    j       lost_vector
    j       lost_root
    j       illegal
    j       calls
    j       notify
    j       stop
spin:
    j       spin
sleep:
    csrw    sie, zero
    wfi
    j       sleep
lost_vector:
    li      t0, 0x40000000
    csrw    stvec, t0
    jr      t0
lost_root:
    li      t0, 0x80000fffffffffff
    csrw    satp, t0
    j       lost_root
illegal:
    la      t0, illegal_again
    csrw    stvec, t0
.align 2
illegal_again:
    unimp
    j       illegal_again
calls:
    li      a7, -1
    ecall
    j       calls
notify:
    li      t0, 0x10001050
    sw      zero, 0(t0)
    j       notify
stop:
    li      a6, 1
    li      a7, 0x48534d
    ecall
    j       stop
.align 3
text_going:
    .asciz "going"
