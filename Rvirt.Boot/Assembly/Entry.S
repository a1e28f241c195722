/* Where the firmware, or Rvirt's own machine-mode part, hands over: S-mode, translation off, a0 = hart id, a1 = device tree.
 *
 * The image starts with the header of a flat Linux image, so that boot loaders which know that format load the .bin.
 * Nothing here may use an absolute address: relocations are applied on the way into the window.
 */
#include "Csr.inc"
#include "Limits.inc"
#include "rvirt_offsets.inc"

    .section .text.head, "ax", @progbits
    .globl rvirt_start
    .balign 8
rvirt_start:
    .option push
    .option norvc
    .option norelax
    j       start
    nop
    .option pop
    .dword  0x200000                        /* text_offset: from the start of RAM */
    .dword  __image_size_value              /* image_size: with bss, which the file lacks */
    .dword  0                               /* flags: little-endian */
    .word   2                               /* header version 0.2 */
    .word   0
    .dword  0
    .ascii  "RISCV\0\0\0"
    .ascii  "RSC\x05"
    .word   0

start:
    csrw    sie, zero
    csrw    sscratch, zero

    /* SBI firmware without HSM starts every hart here: the first one boots, the others wait. */
    lla     t0, boot_lottery
    li      t1, 1
    amoswap.w.aqrl t1, t1, (t0)
    bnez    t1, rvirt_wait_for_start

    lla     t0, __bss_start
    lla     t1, __bss_end
1:  bgeu    t0, t1, 2f
    sd      zero, 0(t0)
    addi    t0, t0, 8
    j       1b
2:
    lla     s0, rvirt_boot_info
    sd      a0, BOOT_INFO_HART_ID(s0)
    sd      a1, BOOT_INFO_DEVICE_TREE(s0)
    lla     t0, __image_start
    sd      t0, BOOT_INFO_IMAGE_START(s0)
    lla     t0, __image_end
    sd      t0, BOOT_INFO_IMAGE_END(s0)
    lla     t0, __machine_end
    sd      t0, BOOT_INFO_OPEN_START(s0)

    lla     t0, rvirt_direct_call
    ld      t0, 0(t0)
    bnez    t0, rvirt_enter_resident

    call    rvirt_enter_window              /* returns at its window address, window base in a0 */

    call    rvirt_relocate
    lla     s0, rvirt_boot_info
    lla     sp, rvirt_boot_stack_top
    lla     t0, rvirt_trap_vector
    csrw    stvec, t0
    mv      a0, s0
    li      fp, 0
    li      tp, 0
    call    rvirt_main
    unimp

    .section .data.boot, "aw", @progbits
    .balign 8
boot_lottery:
    .dword  0

    .section .bss.boot, "aw", @nobits
    .balign 16
    .globl rvirt_boot_info
rvirt_boot_info:
    .zero   BOOT_INFO_SIZE
    .balign RVIRT_STACK_SIZE           /* the panic code finds a stack's end by its alignment */
rvirt_boot_stack:
    .zero   RVIRT_STACK_SIZE
    .globl rvirt_boot_stack_top
rvirt_boot_stack_top:
