/* Applies the image's relocations for the window address it runs at: every absolute pointer becomes a window address. */
    .section .text.entry, "ax", @progbits

/* Runs in the window, so that the addresses it computes are already final. */
    .globl rvirt_relocate
rvirt_relocate:
    lla     t0, __rela_start
    lla     t1, __rela_end
    lla     t2, __image_start
    lla     t3, __link_address              /* holds where the linker put __image_start */
    ld      t3, 0(t3)
    sub     t2, t2, t3                      /* run-time address minus link-time address */
    li      t6, 3                           /* R_RISCV_RELATIVE */
1:  bgeu    t0, t1, 2f
    ld      t3, 0(t0)
    lwu     t4, 8(t0)
    ld      t5, 16(t0)
    bne     t4, t6, 3f
    add     t3, t3, t2
    add     t5, t5, t2
    sd      t5, 0(t3)
    addi    t0, t0, 24
    j       1b
2:  fence.i
    ret
3:  lla     a0, relocation_message
    j       rvirt_early_failure

    .section .rodata.boot, "a", @progbits
relocation_message:
    .asciz  "rvirt: error: the image holds a relocation that is not relative: it was linked wrongly\n"
