/* Reads every register of the board's devices as reset leaves them, then prints "ADDRESS VALUE" for each, and ends the machine.
 * Runs in M-mode on the bare board and in S-mode as a guest: it touches no CSR. */
    .macro walk from, to, step, load
    li      s1, \from
    li      s2, \to
1:  \load  t0, 0(s1)
    sd      s1, 0(s0)
    sd      t0, 8(s0)
    addi    s0, s0, 16
    addi    s1, s1, \step
    bltu    s1, s2, 1b
    .endm

    .section .text
    .globl _start
_start:
    lla     s0, values
    walk    0x10000000, 0x10000008, 1, lbu          /* UART */
    walk    0x0c000000, 0x0c000180, 4, lwu          /* PLIC: priorities, pending */
    walk    0x0c001000, 0x0c00100c, 4, lwu
    walk    0x0c002000, 0x0c00200c, 4, lwu          /* enable bits of the first hart's contexts */
    walk    0x0c002080, 0x0c00208c, 4, lwu
    walk    0x0c200000, 0x0c200008, 4, lwu          /* threshold and claim */
    walk    0x0c201000, 0x0c201008, 4, lwu
    walk    0x10001000, 0x10001100, 4, lwu          /* virtio slots, the last of them empty */
    walk    0x10002000, 0x10002100, 4, lwu
    walk    0x10003000, 0x10003100, 4, lwu
    walk    0x10004000, 0x10004100, 4, lwu
    walk    0x10005000, 0x10005100, 4, lwu
    walk    0x10006000, 0x10006100, 4, lwu
    walk    0x10008000, 0x10008100, 4, lwu
    lla     s3, values
2:  ld      a0, 0(s3)
    jal     print
    li      a1, ' '
    jal     put
    ld      a0, 8(s3)
    jal     print
    li      a1, '\n'
    jal     put
    addi    s3, s3, 16
    bltu    s3, s0, 2b
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
3:  j       3b

/* Prints a0 in hexadecimal. */
print:
    mv      s4, ra
    li      s5, 28
4:  srl     t0, a0, s5
    andi    t0, t0, 15
    addi    a1, t0, '0'
    li      t1, 10
    bltu    t0, t1, 5f
    addi    a1, t0, 'a' - 10
5:  jal     put
    addi    s5, s5, -4
    bgez    s5, 4b
    mv      ra, s4
    ret

put:
    li      t2, 0x10000000
6:  lbu     t1, 5(t2)
    andi    t1, t1, 0x20
    beqz    t1, 6b
    sb      a1, 0(t2)
    ret

    .balign 8
values:
    .space  16 * 1024
