/*
 * The block functions that compiled code calls. Weak, so that an image may bring its own.
 * memmove copies forward by its own code, not by a memcpy of the image's that need not go upwards.
 * Each moves bytes until the destination is aligned, then doublewords, then bytes again.
 * Most of what a start copies comes in megabytes: two lines of 64 bytes at a time, whose loop costs three instructions.
 */
    .macro function name
    .section .text.\name, "ax", @progbits
    .weak \name
    .type \name, @function
    .balign 4
\name:
    .endm

    .macro end name
    .size \name, . - \name
    .endm

    /* 64 bytes from a1 to t0, both that much further on. */
    .macro copy_line at
    ld      t1, \at(a1)
    ld      t2, \at+8(a1)
    ld      t3, \at+16(a1)
    ld      t4, \at+24(a1)
    ld      t5, \at+32(a1)
    ld      t6, \at+40(a1)
    ld      a3, \at+48(a1)
    ld      a4, \at+56(a1)
    sd      t1, \at(t0)
    sd      t2, \at+8(t0)
    sd      t3, \at+16(t0)
    sd      t4, \at+24(t0)
    sd      t5, \at+32(t0)
    sd      t6, \at+40(t0)
    sd      a3, \at+48(t0)
    sd      a4, \at+56(t0)
    .endm

    /* 64 bytes of a1 at t0, that much further on. */
    .macro set_line at
    sd      a1, \at(t0)
    sd      a1, \at+8(t0)
    sd      a1, \at+16(t0)
    sd      a1, \at+24(t0)
    sd      a1, \at+32(t0)
    sd      a1, \at+40(t0)
    sd      a1, \at+48(t0)
    sd      a1, \at+56(t0)
    .endm

function memcpy
forward:
    mv      t0, a0
    sltiu   t1, a2, 8
    bnez    t1, 4f
    /* Bytes until the destination is aligned. */
    neg     t1, t0
    andi    t1, t1, 7
    beqz    t1, 2f
    sub     a2, a2, t1
    add     t1, t0, t1
1:  lbu     t2, 0(a1)
    sb      t2, 0(t0)
    addi    a1, a1, 1
    addi    t0, t0, 1
    bne     t0, t1, 1b
2:  andi    t1, a1, 7
    bnez    t1, 8f
    sltiu   t1, a2, 64
    bnez    t1, 3f
    andi    t1, a2, 64
    beqz    t1, 6f
    copy_line 0
    addi    a1, a1, 64
    addi    t0, t0, 64
6:  andi    a5, a2, -128
    andi    a2, a2, 63
    beqz    a5, 3f
    add     a5, t0, a5
7:  copy_line 0
    copy_line 64
    addi    a1, a1, 128
    addi    t0, t0, 128
    bltu    t0, a5, 7b
3:  andi    t1, a2, -8
    andi    a2, a2, 7
    beqz    t1, 4f
    add     t1, t0, t1
5:  ld      t2, 0(a1)
    sd      t2, 0(t0)
    addi    a1, a1, 8
    addi    t0, t0, 8
    bltu    t0, t1, 5b
4:  beqz    a2, 9f
    add     a2, t0, a2
10: lbu     t2, 0(a1)
    sb      t2, 0(t0)
    addi    a1, a1, 1
    addi    t0, t0, 1
    bne     t0, a2, 10b
9:  ret

    /* The source is not aligned as the destination is: two of its doublewords make one. Only those are read that hold a byte of it. */
8:  slli    t1, t1, 3
    neg     t2, t1
    andi    a1, a1, -8
    ld      t3, 0(a1)
    andi    a5, a2, -8
    andi    a2, a2, 7
    beqz    a5, 12f
    add     a5, t0, a5
11: ld      t4, 8(a1)
    srl     t5, t3, t1
    sll     t6, t4, t2
    or      t5, t5, t6
    sd      t5, 0(t0)
    mv      t3, t4
    addi    a1, a1, 8
    addi    t0, t0, 8
    bltu    t0, a5, 11b
12: srli    t1, t1, 3
    add     a1, a1, t1
    j       4b
end memcpy

function memmove
    sub     t0, a0, a1
    bgeu    t0, a2, 1f
    /* The destination lies within the source: from the end. */
    add     a1, a1, a2
    add     t0, a0, a2
    xor     t1, a0, a1
    sub     t1, t0, a1
    andi    t1, t1, 7
    bnez    t1, 4f
2:  andi    t1, t0, 7
    beqz    t1, 3f
    beqz    a2, 9f
    addi    a1, a1, -1
    addi    t0, t0, -1
    lbu     t2, 0(a1)
    sb      t2, 0(t0)
    addi    a2, a2, -1
    j       2b
3:  sltiu   t1, a2, 8
    bnez    t1, 4f
    addi    a1, a1, -8
    addi    t0, t0, -8
    ld      t2, 0(a1)
    sd      t2, 0(t0)
    addi    a2, a2, -8
    j       3b
4:  beq     t0, a0, 9f
    addi    a1, a1, -1
    addi    t0, t0, -1
    lbu     t2, 0(a1)
    sb      t2, 0(t0)
    j       4b
9:  ret
1:  tail    forward
end memmove

function memset
    mv      t0, a0
    andi    a1, a1, 0xff
    slli    t1, a1, 8
    or      a1, a1, t1
    slli    t1, a1, 16
    or      a1, a1, t1
    slli    t1, a1, 32
    or      a1, a1, t1
1:  andi    t1, t0, 7
    beqz    t1, 2f
    beqz    a2, 9f
    sb      a1, 0(t0)
    addi    t0, t0, 1
    addi    a2, a2, -1
    j       1b
2:  sltiu   t1, a2, 64
    bnez    t1, 3f
    andi    t1, a2, 64
    beqz    t1, 6f
    set_line 0
    addi    t0, t0, 64
6:  andi    a5, a2, -128
    andi    a2, a2, 63
    beqz    a5, 3f
    add     a5, t0, a5
7:  set_line 0
    set_line 64
    addi    t0, t0, 128
    bltu    t0, a5, 7b
3:  sltiu   t1, a2, 8
    bnez    t1, 4f
    sd      a1, 0(t0)
    addi    t0, t0, 8
    addi    a2, a2, -8
    j       3b
4:  beqz    a2, 9f
    add     a2, t0, a2
5:  sb      a1, 0(t0)
    addi    t0, t0, 1
    bne     t0, a2, 5b
9:  ret
end memset

function memcmp
    add     a2, a0, a2
1:  beq     a0, a2, 2f
    lbu     t0, 0(a0)
    lbu     t1, 0(a1)
    addi    a0, a0, 1
    addi    a1, a1, 1
    beq     t0, t1, 1b
    sub     a0, t0, t1
    ret
2:  li      a0, 0
    ret
end memcmp
