/* The shell of a compiled suite under qemu-riscv64: entry, two system calls, and a call that a panic returns from. */
    .section .text
    .globl _start
_start:
    mv      a0, sp
    andi    sp, sp, -16
    call    suite_main
    j       suite_exit

    /* suite_write(bytes, count): to standard output, all of it. */
    .globl suite_write
suite_write:
    mv      t0, a0
    mv      t1, a1
1:  beqz    t1, 2f
    li      a0, 1
    mv      a1, t0
    mv      a2, t1
    li      a7, 64
    ecall
    blez    a0, 3f
    add     t0, t0, a0
    sub     t1, t1, a0
    j       1b
2:  ret
3:  li      a0, 70

    .globl suite_exit
suite_exit:
    li      a7, 94
    ecall
    j       suite_exit

    /* guarded_call(function, argument): 0 when the function returned, 1 when guarded_abort ended it. */
    .globl guarded_call
guarded_call:
    la      t0, saved
    sd      ra, 0(t0)
    sd      sp, 8(t0)
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    sd      s\n, 16 + 8 * \n(t0)
    .endr
    mv      t0, a0
    mv      a0, a1
    jalr    t0
    li      a0, 0
    j       1f

    .globl guarded_abort
guarded_abort:
    li      a0, 1
1:  la      t0, saved
    ld      ra, 0(t0)
    ld      sp, 8(t0)
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ld      s\n, 16 + 8 * \n(t0)
    .endr
    ret

    .section .bss
    .balign 16
saved:
    .zero   112
    .globl suite_buffer
suite_buffer:
    .zero   SUITE_BUFFER_SIZE
