# Counts from a time of the machine's clock to another one, with interrupts off and without a trap, and prints the count.
# With COUNT it counts to that from the start, prints, and goes on for ever without a trap.
    .text
    .globl _start
_start:
    csrci sstatus, 2
    li s1, 15000000
    li s2, 35000000
#ifndef COUNT
    rdtime t0
    bgeu t0, s1, late
1:  li t1, 1000
7:  addi t1, t1, -1
    bnez t1, 7b
    rdtime t0
    bltu t0, s1, 1b
#endif
    li s0, 0
2:  addi s0, s0, 1
    li t1, 1000                             # QEMU is slow to read the time
6:  addi t1, t1, -1
    bnez t1, 6b
#ifdef COUNT
    li t0, COUNT
    bltu s0, t0, 2b
#else
    rdtime t0
    bltu t0, s2, 2b
#endif

    # Sixteen digits.
    li a0, '='
    jal put
    li s3, 60
3:  srl a0, s0, s3
    andi a0, a0, 15
    li t0, 10
    bltu a0, t0, 4f
    addi a0, a0, 'a' - '0' - 10
4:  addi a0, a0, '0'
    jal put
    addi s3, s3, -4
    bgez s3, 3b
    li a0, '\n'
    jal put
#ifdef COUNT
    j 5f
#endif
    li a7, 8
    ecall
late:
    li a0, '!'
    jal put
    li a0, '\n'
    jal put
5:  j 5b

put:
    li a7, 1
    ecall
    ret
