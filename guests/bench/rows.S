# The rows: what is measured. Each function runs its loop a0 times; the empty loops cost what the others cost without the operation.
.include "defs.inc"

.macro row name, prepare, operation, empty, iterations=0, units=1
    .section .rodata
9:  .asciz "\name"
    .data
    .dword 9b, \prepare, \operation, \empty, \iterations, \units
    .text
.endm

.macro loop name
    .text
    .balign 4
\name:
1:
.endm

.macro endloop
    addi a0, a0, -1
    bnez a0, 1b
    ret
.endm

.data
.balign 8
.globl rows
rows:

loop empty
    endloop

.macro read_row csr
loop read_\csr
    csrr t0, \csr
    endloop
row "csrr \csr", 0, read_\csr, empty
.endm
read_row sscratch
read_row sepc
read_row scause
read_row stval

loop write_sscratch
    csrw sscratch, t0
    endloop
row "csrw sscratch", 0, write_sscratch, empty

loop swap_sscratch
    csrrw t0, sscratch, t0
    endloop
row "csrrw sscratch swap", 0, swap_sscratch, empty

loop toggle_sie
    csrsi sstatus, SIE
    csrci sstatus, SIE
    endloop
row "sstatus.SIE set + clear", 0, toggle_sie, empty

loop toggle_sum
    csrs sstatus, a5
    csrc sstatus, a5
    endloop
row "sstatus.SUM set + clear", load_sum, toggle_sum, empty
load_sum:
    li a5, SUM
    ret

# sret clears SPP, so each round sets it first; the empty loop does so too.
loop set_spp
    csrs sstatus, a5
    nop
    endloop
loop return_to_s
    csrs sstatus, a5
    nop
    sret
return_to_s_target:
    endloop
row "sret to S", load_spp, return_to_s, set_spp
load_spp:
    li a5, SPP
    la t0, return_to_s_target
    csrw sepc, t0
    ret

# U-mode
run_user_empty:
    la a1, user_empty
    j enter_user
run_user_call:
    la a1, user_call
    j enter_user
run_user_store:
    la a1, user_store
    j enter_user
run_user_store_one:
    la a1, user_store_one
    j enter_user
row "null system call", 0, run_user_call, run_user_empty

unmap_region:
    li a0, 0
    j map_region
row "user page fault, per page", unmap_region, run_user_store, run_user_store_one, REGION_PAGES

# Memory
map_kernel:
    addi sp, sp, -16
    sd ra, 0(sp)
    li a0, PTE_KERNEL
    call map_region
    ld ra, 0(sp)
    addi sp, sp, 16
    li a5, REGION
    li a4, 4096
    ret
loop touch
    ld t0, 0(a5)
    add a5, a5, a4
    endloop
loop touch_none
    add a5, a5, a4
    endloop
row "first touch of a mapped 4 KiB page", map_kernel, touch, touch_none, REGION_PAGES

# A table that a fence dropped is cleared when its page is used again, perhaps rows later: that many rounds go once through all tables of
# a guest of 512 MiB before the clock counts, so that each row pays for its own.
.equ ROUNDS_OF_FENCES, 2048

loop fence_all
    sfence.vma
    endloop
row "sfence.vma all", 0, fence_all, empty, ROUNDS_OF_FENCES

.macro touch_64_pages
    mv t1, a5
    li t2, 64
2:  ld t3, 0(t1)
    xor t4, t4, t3
    add t1, t1, a4
    addi t2, t2, -1
    bnez t2, 2b
.endm

loop fence_all_touch
    sfence.vma
    touch_64_pages
    endloop
row "sfence.vma all + 64 pages touched", map_kernel, fence_all_touch, empty, ROUNDS_OF_FENCES

loop fence_page
    sfence.vma a5, zero
    endloop
row "sfence.vma one page", map_kernel, fence_page, empty

loop fence_page_touch
    sfence.vma a5, zero
    ld t0, 0(a5)
    endloop
row "sfence.vma one page + touch", map_kernel, fence_page_touch, empty

map_switch:
    addi sp, sp, -16
    sd ra, 0(sp)
    call map_kernel
    ld ra, 0(sp)
    addi sp, sp, 16
    la t0, satp_values
    ld a6, 0(t0)
    ld a7, 8(t0)
    xor a7, a7, a6
    ret

loop switch_touch
    xor a6, a6, a7
    csrw satp, a6
    touch_64_pages
    endloop
row "satp switch + 64 pages, no fence", map_switch, switch_touch, empty

loop switch_fence
    xor a6, a6, a7
    csrw satp, a6
    sfence.vma
    endloop
row "satp switch + sfence.vma", map_switch, switch_fence, empty, ROUNDS_OF_FENCES

# One page again, with a page of 2 MiB elsewhere in its gigabyte: Linux has the device tree's beside the page that it patches code through.
.equ LARGE, 24
map_large:
    addi sp, sp, -16
    sd ra, 0(sp)
    la t0, middle
    li t1, FRAMES >> 2 | PTE_KERNEL
    sd t1, 8 * LARGE(t0)
    call map_kernel
    li t0, REGION + (LARGE << 21)
    ld t0, 0(t0)
    ld ra, 0(sp)
    addi sp, sp, 16
    ret
row "sfence.vma one page beside a large one", map_large, fence_page, empty

# Devices
.macro device_row name, label, address
load_\label:
    li a5, \address
    ret
row "\name", load_\label, read_\label, empty
.endm
.macro device_loop label, load
loop read_\label
    .option push
    .option norvc
    \load t0, 0(a5)
    .option pop
    endloop
.endm
device_loop plic, lw
device_loop uart, lbu
device_loop virtio, lw
device_row "PLIC register read", plic, PLIC + 40
device_row "UART register read", uart, UART + 5
device_row "virtio register read", virtio, VIRTIO

# A timer set to a time gone by, and its interrupt; the handler masks it, as Linux's does. Once with a handler of three privileged
# instructions, once with Linux's way in and out.
timer:
    la t0, short_trap_entry
    j 1f
timer_linux:
    la t0, trap_entry
1:  addi sp, sp, -32
    sd ra, 0(sp)
    sd s0, 8(sp)
    sd s1, 16(sp)
    csrw stvec, t0
    mv s0, a0
    li s1, STIE
    csrsi sstatus, SIE
1:  sd zero, TP_TIMER_FLAG(tp)
    li a7, SBI_TIME
    li a6, 0
    li a0, 0
    ecall
    csrs sie, s1
2:  ld t0, TP_TIMER_FLAG(tp)
    beqz t0, 2b
    addi s0, s0, -1
    bnez s0, 1b
    csrci sstatus, SIE
    csrc sie, s1
    li a7, SBI_TIME
    li a6, 0
    li a0, -1
    ecall
    la t0, trap_entry
    csrw stvec, t0
    ld ra, 0(sp)
    ld s0, 8(sp)
    ld s1, 16(sp)
    addi sp, sp, 32
    ret
timer_empty:
    mv s11, a0
1:  sd zero, TP_TIMER_FLAG(tp)
    li a7, SBI_TIME
    li a6, 0
    li a0, 0
    ld t0, TP_TIMER_FLAG(tp)
    beqz t0, 2f
2:  addi s11, s11, -1
    bnez s11, 1b
    ret
row "timer interrupt round trip", 0, timer, timer_empty
row "timer interrupt round trip, Linux's entry", 0, timer_linux, timer_empty

# What an S-mode payload asks its firmware for least.
sbi_version:
    mv s11, a0
1:  li a7, 0x10
    li a6, 0
    ecall
    addi s11, s11, -1
    bnez s11, 1b
    ret
sbi_empty:
    mv s11, a0
1:  li a7, 0x10
    li a6, 0
    addi s11, s11, -1
    bnez s11, 1b
    ret
row "SBI call: base, version", 0, sbi_version, sbi_empty

.data
    .dword 0

# One page of code that runs in U-mode, wherever it is mapped.
.section .user, "ax"
.balign 4096
.globl user_code
user_code:
user_empty:
1:  addi a0, a0, -1
    bnez a0, 1b
    j user_end
user_call:
1:  ecall
    addi a0, a0, -1
    bnez a0, 1b
    j user_end
user_store:
    li a5, REGION
    li a4, 4096
    j 1f
user_store_one:
    li a5, USER_DATA
    li a4, 0
1:  sd zero, 0(a5)
    add a5, a5, a4
    addi a0, a0, -1
    bnez a0, 1b
user_end:
    li a7, 1
    ecall
