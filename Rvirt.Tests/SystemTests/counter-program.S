/* A program for Linux that has a firmware event counted for a tenth of a second (perf_event_open(2)), its number a hexadecimal digit on the
 * command line. Ends with 0 where something was counted, else with the number of the step that failed.
 */
    .equ    READ, 63
    .equ    EXIT, 93
    .equ    NANOSLEEP, 101
    .equ    PERF_EVENT_OPEN, 241

    .macro call number, step
    li      a7, \number
    ecall
    li      s2, \step
    bltz    a0, end
    .endm

    .section .text
    .globl _start
_start:
    ld      t0, 16(sp)                  /* the first argument */
    lbu     t0, 0(t0)
    li      t1, '9'
    addi    t2, t0, -'0'
    bleu    t0, t1, 1f
    addi    t2, t0, -'a' + 10
1:  lla     a0, attributes
    sb      t2, 8(a0)
    li      a1, -1                      /* every process */
    li      a2, 0                       /* on hart 0 */
    li      a3, -1
    li      a4, 0
    call    PERF_EVENT_OPEN, 1
    mv      s0, a0
    lla     a0, tenth
    li      a1, 0
    call    NANOSLEEP, 2
    mv      a0, s0
    addi    sp, sp, -16
    mv      a1, sp
    li      a2, 8
    call    READ, 3
    li      s2, 4
    ld      t0, 0(sp)
    beqz    t0, end
    li      s2, 0
end:
    mv      a0, s2
    li      a7, EXIT
    ecall

    .section .data
    .balign 8
attributes:
    .word   4, 64                       /* PERF_TYPE_RAW, size */
    .dword  0x8000000000000000          /* a firmware event */
    .zero   64 - 16
tenth:
    .dword  0, 100000000
