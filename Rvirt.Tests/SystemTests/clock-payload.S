/* Drives the board's real-time clock through everything a driver can ask of it, prints "STEP VALUE" for each answer, and ends the machine.
 * Runs in M-mode on the bare board and in S-mode as a guest: it touches no CSR. No answer depends on how fast the machine is: what takes
 * longer than the lower half of the clock counts, four seconds, is done again.
 */
    .equ    CLOCK, 0x101000
    .equ    TIME_LOW, 0x00
    .equ    TIME_HIGH, 0x04
    .equ    ALARM_LOW, 0x08
    .equ    ALARM_HIGH, 0x0c
    .equ    IRQ_ENABLED, 0x10
    .equ    CLEAR_ALARM, 0x14
    .equ    ALARM_STATUS, 0x18
    .equ    CLEAR_INTERRUPT, 0x1c
    .equ    SOURCE, 11
    .equ    PENDING, 0x0c001000
    .equ    ENABLE, 0x0c002080          /* context 1 is the first hart's S-mode */
    .equ    CLAIM, 0x0c201004

    .macro set register, value
    li      t0, \value
    sw      t0, \register(s1)
    .endm

    /* Keeps a value under the next number. */
    .macro note
    sd      t0, 0(s0)
    addi    s0, s0, 8
    .endm

    .macro see register
    lwu     t0, \register(s1)
    note
    .endm

    /* Whether the interrupt controller has a request, without a look at the clock. */
    .macro pending
    li      t1, PENDING
    lwu     t0, 0(t1)
    srli    t0, t0, SOURCE
    andi    t0, t0, 1
    .endm

    .macro see_pending
    pending
    note
    .endm

    /* Claims, notes what, and completes it. */
    .macro see_claim
    li      t1, CLAIM
    lwu     t0, 0(t1)
    sw      t0, 0(t1)
    note
    .endm

    /* Branches where the lower half of the time is not below a quarter of its range: the machine was away for too long. */
    .macro late target
    lwu     t0, TIME_LOW(s1)
    srli    t0, t0, 30
    bnez    t0, \target
    .endm

    .section .text
    .globl _start
_start:
    lla     s0, values
    li      s1, CLOCK

    /* 0 to 6: after reset. */
    see     ALARM_LOW
    see     ALARM_HIGH
    see     IRQ_ENABLED
    see     CLEAR_ALARM
    see     ALARM_STATUS
    see     CLEAR_INTERRUPT
    see     0x20

    /* 7, 8: the interrupt of the source reaches the first hart's S-mode. */
    li      t1, 0x0c000000
    li      t0, 1
    sw      t0, 4*SOURCE(t1)
    li      t1, ENABLE
    li      t0, 1 << SOURCE
    sw      t0, 0(t1)
    see_pending
    see_claim

    /* 9: a time that is set is the time: its upper half stays, as the lower starts at 0. */
1:  set     TIME_HIGH, 0x12345678
    set     TIME_LOW, 0
    late    1b
    see     TIME_HIGH

    /* 10, 11: the upper half stands still until the lower is read. */
2:  set     TIME_HIGH, 0x12345678
    set     TIME_LOW, 0
    late    2b
    set     TIME_HIGH, 0x23456789
    lwu     s2, TIME_HIGH(s1)
    late    2b
    mv      t0, s2
    note
    see     TIME_HIGH

    /* 12: each half is set alone: the lower half goes on where the upper is written. */
3:  set     TIME_LOW, 0x10000000
    set     TIME_HIGH, 0x3456789a
    lwu     s2, TIME_LOW(s1)
    srli    t0, s2, 29                      /* what was set, and not a quarter of a second more */
    bnez    t0, 3b
    srli    t0, s2, 28
    note

    /* 13, 14: what is set goes on counting. */
4:  set     TIME_LOW, 0
    lwu     s2, TIME_LOW(s1)
5:  lwu     s3, TIME_LOW(s1)
    beq     s2, s3, 5b
    srli    t0, s3, 30
    bnez    t0, 4b
    sltu    t0, s2, s3
    note
    see     TIME_HIGH

    /* 15 to 17: only the first bit enables. */
    set     IRQ_ENABLED, 0xfffffffe
    see     IRQ_ENABLED
    set     IRQ_ENABLED, 0xffffffff
    see     IRQ_ENABLED
    set     IRQ_ENABLED, 0
    see     IRQ_ENABLED

    /* 18 to 22: the upper half of an alarm is kept, and arms nothing; the lower half arms. */
    set     ALARM_HIGH, 0x40000000
    see     ALARM_STATUS
    see     ALARM_HIGH
    set     ALARM_LOW, 0x89abcdef
    see     ALARM_STATUS
    see     ALARM_LOW
    see_pending

    /* 23 to 26: an alarm that is taken back keeps its time. */
    set     CLEAR_ALARM, 1
    see     ALARM_STATUS
    see     ALARM_LOW
    see     ALARM_HIGH
    see_pending

    /* 27 to 29: one in the past rings at once, and whoever enables the interrupt later gets it. */
    set     ALARM_HIGH, 0
    set     ALARM_LOW, 1
    see     ALARM_STATUS
    see_pending
    set     IRQ_ENABLED, 1
    see_pending

    /* 30, 31: without its line the request stays until it is claimed, and does not come again. (Boards differ in whether a line that stays
     * high asks again: it is always lowered first here.) */
    set     IRQ_ENABLED, 0
    see_claim
    see_claim

    /* 32 to 34: taking the alarm back does not take its interrupt back. */
    set     CLEAR_ALARM, 0
    set     IRQ_ENABLED, 1
    see_pending
    set     IRQ_ENABLED, 0
    see_claim
    see_claim

    /* 35 to 38: clearing it does. */
    set     CLEAR_INTERRUPT, 0
    set     IRQ_ENABLED, 1
    see_pending
    see_claim
    see     ALARM_STATUS
    see     ALARM_LOW

    /* 39 to 45: an alarm a tenth of a second ahead rings by itself, and not before its time. */
6:  set     TIME_HIGH, 0x1c000000
    set     TIME_LOW, 0
    set     ALARM_HIGH, 0x1c000000
    set     ALARM_LOW, 100000000
7:  pending
    beqz    t0, 7b
    lwu     s2, TIME_LOW(s1)
    lwu     s3, TIME_HIGH(s1)
    srli    t0, s2, 30
    bnez    t0, 6b
    li      t1, 100000000
    sltu    t0, s2, t1
    note
    mv      t0, s3
    note
    see     ALARM_STATUS
    see_pending
    set     CLEAR_INTERRUPT, 1
    see_claim
    see_claim
    see     IRQ_ENABLED

    /* 46 to 48: an alarm keeps its moment when the clock is set while it waits. */
8:  set     TIME_HIGH, 0x1c000000
    set     TIME_LOW, 0
    set     ALARM_LOW, 100000000
    set     TIME_HIGH, 0x10000000
    set     TIME_LOW, 0
9:  pending
    beqz    t0, 9b
    late    8b
    see     TIME_HIGH
    set     CLEAR_INTERRUPT, 1
    see_claim
    see_claim

    /* 49: nor does one ring that waits no longer. */
    set     TIME_HIGH, 0x1c000000
    set     TIME_LOW, 0
    set     ALARM_LOW, 0xf0000000
    set     CLEAR_ALARM, 1
    set     TIME_HIGH, 0x1c000001
    see_pending

    /* 50 to 53: registers that are only read take no writes, and those that are only written read as zero. */
    set     ALARM_STATUS, 1
    see     ALARM_STATUS
    set     0x20, 1
    see     0x20
    see     CLEAR_ALARM
    see     CLEAR_INTERRUPT

    lla     s3, values
    li      s6, 0
10: mv      a0, s6
    jal     print
    li      a1, ' '
    jal     put
    ld      a0, 0(s3)
    jal     print
    li      a1, '\n'
    jal     put
    addi    s3, s3, 8
    addi    s6, s6, 1
    bltu    s3, s0, 10b
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
11: j       11b

/* Prints a0 in hexadecimal. */
print:
    mv      s4, ra
    li      s5, 28
12: srl     t0, a0, s5
    andi    t0, t0, 15
    addi    a1, t0, '0'
    li      t1, 10
    bltu    t0, t1, 13f
    addi    a1, t0, 'a' - 10
13: jal     put
    addi    s5, s5, -4
    bgez    s5, 12b
    mv      ra, s4
    ret

put:
    li      t2, 0x10000000
14: lbu     t1, 5(t2)
    andi    t1, t1, 0x20
    beqz    t1, 14b
    sb      a1, 0(t2)
    ret

    .balign 8
values:
    .space  1024
