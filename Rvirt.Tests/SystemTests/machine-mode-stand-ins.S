/* What the machine-mode part names of the rest of an image, for programs that stand in its place: guests are not resident, and nothing is printed. */
    .section .text.entry, "ax", @progbits
    .globl  rvirt_choose_mode, rvirt_early_failure
rvirt_choose_mode:
    li      a0, 0
    ret

rvirt_early_failure:
    wfi
    j       rvirt_early_failure

    .section .data, "aw", @progbits
    .balign 8
    .globl  rvirt_direct_call
rvirt_direct_call:
    .dword  0

    .section .bss, "aw", @nobits
    .balign 16
    .zero   256
    .globl  rvirt_boot_stack_top
rvirt_boot_stack_top:
