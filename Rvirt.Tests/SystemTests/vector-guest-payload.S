/* A guest that shares its hart with another such guest: it fills its vector state with values of its own, by its NUMBER, 1 to 7, and looks whether it is
 * what it was each time after another guest had the hart, which it sees by a jump of the time. It never traps meanwhile.
 * It prints '=' after enough of them, or '!' and what was not its own any more: 1 vstart, 2 vl, 3 vtype, 4 vcsr, 5 a register; 6 where nobody else ran.
 */
    .equ    ROUNDS, 40
    .equ    ENOUGH, 10
    .equ    JUMP, 2000                      /* of the board's clock: 200 us, where a look at the time takes one or two */
    .equ    LOOKS, 2000000                  /* until it is alone, as the other has ended */

    .option arch, +v
    .text
    .globl _start
_start:
    csrci   sstatus, 2
    li      t0, 0x600
    csrs    sstatus, t0
    li      t0, 0x0101010101010101
    li      t1, NUMBER
    mul     s3, t0, t1
    vsetvli t0, zero, e64, m1, ta, ma
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    addi    t0, s3, \n
    vmv.v.x v\n, t0
    .endr
    li      t0, NUMBER
    vsetvli zero, t0, e8, m1, ta, ma
    csrr    s5, vtype
    csrwi   vcsr, NUMBER
    li      s0, 0
round:
    csrwi   vstart, NUMBER
    li      s1, LOOKS
    rdtime  t0
1:  addi    s1, s1, -1
    beqz    s1, alone
    mv      t1, t0
    rdtime  t0
    sub     t2, t0, t1
    li      t3, JUMP
    bltu    t2, t3, 1b

    li      s2, '1'
    li      t0, NUMBER
    csrr    t1, vstart
    bne     t1, t0, wrong
    li      s2, '2'
    csrr    t1, vl
    bne     t1, t0, wrong
    li      s2, '3'
    csrr    t1, vtype
    bne     t1, s5, wrong
    li      s2, '4'
    csrr    t1, vcsr
    bne     t1, t0, wrong
    li      s2, '5'
    csrwi   vstart, 0
    csrr    t4, vlenb
    lla     t5, buffer
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    vs1r.v  v\n, (t5)
    addi    t1, s3, \n
    call    looks
    .endr
    addi    s0, s0, 1
    li      t0, ROUNDS
    bltu    s0, t0, round
alone:
    li      s2, '6'
    li      t0, ENOUGH
    bltu    s0, t0, wrong
    li      a0, '='
    call    put
    j       end
wrong:
    li      a0, '!'
    call    put
    mv      a0, s2
    call    put
end:
    li      a0, '\n'
    call    put
    li      a7, 8
    ecall

put:
    li      a7, 1
    ecall
    ret

/* Whether all doublewords of the register at t5, t4 bytes, are t1. */
looks:
    mv      t0, t5
    add     t6, t5, t4
2:  ld      t2, 0(t0)
    bne     t2, t1, wrong
    addi    t0, t0, 8
    bltu    t0, t6, 2b
    ret

    .bss
    .balign 16
buffer:
    .zero   1024
