# Entry, page tables, the loop over the rows, power-off.
.include "defs.inc"

.section .text.start, "ax"
.globl _start
_start:
    csrw sie, zero
    la t0, bss_start
    la t1, bss_end
1:  sd zero, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 1b
    la sp, stack_top
    la tp, block
    sd sp, TP_KERNEL_SP(tp)
    csrw sscratch, zero
    la t0, trap_entry
    csrw stvec, t0
    call build_tables
    la t0, satp_values
    ld t0, 0(t0)
    csrw satp, t0
    sfence.vma
    la a0, text_banner
    call print
    la s0, rows
next_row:
    ld a0, 0(s0)
    beqz a0, finish
.ifdef ONLY
    la a1, only
    call is_same
    beqz a0, 1f
.endif
    mv a0, s0
    call run_row
1:  addi s0, s0, 48
    j next_row

finish:
    la a0, text_done
    call print
    li a7, SBI_SRST
    li a6, 0
    li a0, 0
    li a1, 0
    ecall
    # No SRST: the test device.
    li t0, TEST_DEVICE
    li t1, 0x5555
    sw t1, 0(t0)
1:  wfi
    j 1b

.ifdef ONLY
# Whether the texts a0 and a1 are the same.
is_same:
    lbu t0, 0(a0)
    lbu t1, 0(a1)
    addi a0, a0, 1
    addi a1, a1, 1
    bne t0, t1, 1f
    bnez t0, is_same
    li a0, 1
    ret
1:  li a0, 0
    ret
.endif

# Two roots with the same tables below, so that a switch between them changes nothing but satp.
build_tables:
    la t0, root_one
    la t1, root_two
    li t2, PTE_KERNEL                    # 0 to 1 GiB: devices
    sd t2, 0(t0)
    sd t2, 0(t1)
    li t2, (0x80000000 >> 2) | PTE_KERNEL_CODE
    sd t2, 16(t0)
    sd t2, 16(t1)
    la t2, middle
    srli t3, t2, 2
    ori t3, t3, PTE_TABLE
    sd t3, 8(t0)
    sd t3, 8(t1)
    la t3, leaves
    li t4, REGION_TABLES + 1
1:  srli t5, t3, 2
    ori t5, t5, PTE_TABLE
    sd t5, 0(t2)
    addi t2, t2, 8
    li t5, 4096
    add t3, t3, t5
    addi t4, t4, -1
    bnez t4, 1b
    la t2, user_leaves
    la t3, user_code
    srli t3, t3, 2
    ori t3, t3, PTE_USER_CODE
    sd t3, 0(t2)
    la t3, user_data
    srli t3, t3, 2
    ori t3, t3, PTE_USER
    sd t3, 8(t2)
    la t2, satp_values
    li t3, 8 << 60 | 1 << 44
    srli t0, t0, 12
    or t0, t0, t3
    sd t0, 0(t2)
    li t3, 8 << 60 | 2 << 44
    srli t1, t1, 12
    or t1, t1, t3
    sd t1, 8(t2)
    ret

# Fills REGION with leaves of the flags in a0, or empties it when a0 is 0.
.globl map_region
map_region:
    la t0, leaves
    li t1, 0
    li t2, REGION_PAGES
    li t5, FRAMES >> 2
1:  andi t3, t1, FRAME_MASK
    slli t3, t3, 10
    add t3, t3, t5
    or t3, t3, a0
    bnez a0, 2f
    li t3, 0
2:  sd t3, 0(t0)
    addi t0, t0, 8
    addi t1, t1, 1
    bltu t1, t2, 1b
    sfence.vma
    ret

.section .rodata
text_banner: .asciz "\nrvirt-bench 1: instructions per operation under -icount shift=0, nanoseconds otherwise\n"
text_done: .asciz "rvirt-bench: done\n"

.bss
.balign 4096
root_one: .space 4096
root_two: .space 4096
.globl middle
middle: .space 4096
.globl leaves
leaves: .space 4096 * REGION_TABLES
user_leaves: .space 4096
user_data: .space 4096
.space 16384
stack_top:
.globl satp_values
satp_values: .space 16
.globl block
block: .space TP_SIZE
