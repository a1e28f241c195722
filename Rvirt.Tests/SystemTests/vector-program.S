/* A program for Linux: processes fill all vector registers with values of their own, and see whether each finds its own again while the others run.
 * None makes a system call meanwhile, which may change vector registers (Linux, Documentation/arch/riscv/vector.rst): interrupts switch between them.
 * Ends with 0, or with a number that says what one of them found: 1 a register, 2 vl, 3 vtype, 4 vcsr; 9 where there was no process to be had.
 */
    .equ    EXIT, 93
    .equ    CLONE, 220
    .equ    WAIT4, 260
    .equ    SIGCHLD, 17
    .equ    PROCESSES, 6
    .equ    ROUNDS, 20000

    .option arch, +v
    .section .text
    .globl _start
_start:
    li      s0, PROCESSES
1:  li      a0, SIGCHLD
    li      a1, 0
    li      a2, 0
    li      a3, 0
    li      a4, 0
    li      a7, CLONE
    ecall
    li      s2, 9
    bltz    a0, end
    beqz    a0, child
    addi    s0, s0, -1
    bnez    s0, 1b

    li      s2, 0
    li      s0, PROCESSES
2:  li      a0, -1
    addi    sp, sp, -16
    mv      a1, sp
    li      a2, 0
    li      a3, 0
    li      a7, WAIT4
    ecall
    lw      t0, 0(sp)
    addi    sp, sp, 16
    or      s2, s2, t0
    addi    s0, s0, -1
    bnez    s0, 2b
    srli    t0, s2, 8                       /* the status of who exited, and something above 255 for who was ended */
    andi    t1, s2, 0x7f
    or      s2, t0, t1
end:
    mv      a0, s2
    li      a7, EXIT
    ecall

/* s0: a number of its own, 1 to PROCESSES. */
child:
    li      s1, ROUNDS
    li      t0, 0x0101010101010101
    mul     s3, s0, t0                      /* its pattern */
    csrwi   vxrm, 2
    csrwi   vxsat, 1
    csrr    s6, vcsr
    vsetvli t0, zero, e64, m1, ta, ma
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    addi    t0, s3, \n
    vmv.v.x v\n, t0
    .endr
    mv      t0, s0                          /* vl and vtype of its own, too, as far as there is room: 64 bits at least */
    vsetvli zero, t0, e8, m1, ta, ma
    csrr    s4, vl
    csrr    s5, vtype

3:  li      s2, 2
    csrr    t0, vl
    bne     t0, s4, end
    li      s2, 3
    csrr    t0, vtype
    bne     t0, s5, end
    li      s2, 4
    csrr    t0, vcsr
    bne     t0, s6, end
    li      s2, 1
    /* Each element of each register: stored whole, and looked at one by one. */
    csrr    t4, vlenb
    sub     t5, sp, t4
    andi    t5, t5, -16
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    vs1r.v  v\n, (t5)
    addi    t1, s3, \n
    call    looks
    .endr
    addi    s1, s1, -1
    bnez    s1, 3b
    li      s2, 0
    j       end

/* Whether all doublewords of the register at t5, t4 bytes, are t1. */
looks:
    mv      t0, t5
    add     t6, t5, t4
5:  ld      t2, 0(t0)
    bne     t2, t1, end
    addi    t0, t0, 8
    bltu    t0, t6, 5b
    ret
