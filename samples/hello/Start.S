    .section .text.start, "ax"
    .globl _start
_start:
    la sp, stack_top
    tail image_main
