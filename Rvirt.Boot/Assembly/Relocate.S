/* Applies the image's relocations for the window address it runs at: every absolute pointer becomes a window address.
 * They are packed (ELF gABI, "Relative Relocation Table"): an even entry is the address of one pointer, an odd one has a bit for each of
 * the 63 doublewords behind what the entry before it was about, from bit 1 on. */
    .section .text.entry, "ax", @progbits

/* Runs in the window, so that the addresses it computes are already final. */
    .globl rvirt_relocate
rvirt_relocate:
    lla     t0, __relr_start
    lla     t1, __relr_end
    lla     t2, __image_start
    lla     t3, __link_address              /* holds where the linker put __image_start */
    ld      t3, 0(t3)
    sub     t2, t2, t3                      /* run-time address minus link-time address */
    mv      t6, zero                        /* the next doubleword */
1:  bgeu    t0, t1, 5f
    ld      t3, 0(t0)
    addi    t0, t0, 8
    andi    t4, t3, 1
    bnez    t4, 2f
    add     t6, t3, t2
    ld      t5, 0(t6)
    add     t5, t5, t2
    sd      t5, 0(t6)
    addi    t6, t6, 8
    j       1b
2:  mv      t5, t6
3:  srli    t3, t3, 1
    beqz    t3, 4f
    andi    t4, t3, 1
    beqz    t4, 6f
    ld      t4, 0(t5)
    add     t4, t4, t2
    sd      t4, 0(t5)
6:  addi    t5, t5, 8
    j       3b
4:  addi    t6, t6, 63 * 8
    j       1b
5:  fence.i
    ret
