# The program of several harts: entry, what the others do, and the loop over the rows. Harts 0, 2, 4 and 6 are used (docs/performance.md says why), or
# 0 and 1 where there are no more.
.include "harts.inc"

.section .text.start, "ax"
.globl _start
_start:
    bnez a0, failed
    la t0, bss_start
    la t1, bss_end
1:  sd zero, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 1b
    la sp, stack_top
    call build_tables
    li a0, 0
    call prepare_hart
    la a0, text_banner
    call print
    li a7, SBI_HSM
    li a6, 2
    li a0, FIRST
    ecall
    bnez a0, shared
    li s1, FIRST
2:  mv a0, s1
    la a1, enter_hart
    li a2, 0
    li a7, SBI_HSM
    li a6, 0
    ecall
    bnez a0, failed
    mv a0, s1
    li a1, BUSY
    call set_hart
    mv a0, s1
    li a1, SLEEP
    call set_hart
    addi s1, s1, STEP
    li t0, HARTS
    bltu s1, t0, 2b
    la s0, rows

next_row:
    ld a0, 0(s0)
    beqz a0, finish
    mv a0, s0
    call run_row
    addi s0, s0, 32
    j next_row

shared:
    call share_hart

finish:
    la a0, text_done
    call print
    # By the test device: OpenSBI's SRST waits for harts that never get a turn.
    li t0, TEST_DEVICE
    li t1, 0x5555
    sw t1, 0(t0)
1:  wfi
    j 1b
.globl failed
failed:
    # The test device's exit status 1.
    li t0, TEST_DEVICE
    li t1, 0x13333
    sw t1, 0(t0)
1:  wfi
    j 1b

# Translation, interrupts and the block of hart a0.
prepare_hart:
    la tp, blocks
    slli t0, a0, BLOCK_SHIFT
    add tp, tp, t0
    la t0, take
    csrw stvec, t0
    la t0, root
    srli t0, t0, 12
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    csrci sip, SIE
    csrwi sie, SIE                       # software interrupts have that bit too
    ret

.globl enter_hart
enter_hart:
    call prepare_hart
dispatch:
    csrci sstatus, SIE
    ld t0, H_WANTED(tp)
    sd t0, H_DOES(tp)
    li t1, BUSY
    beq t0, t1, busy
    li t1, ANSWER
    beq t0, t1, answer
    # Sleeps.
1:  ld t0, H_WANTED(tp)
    bnez t0, dispatch
    wfi
    csrsi sstatus, SIE
    csrci sstatus, SIE
    j 1b

# Runs, and reads memory by the page that is fenced.
busy:
    csrsi sstatus, SIE
    li t2, REGION
    li t1, BUSY
1:  ld t0, 0(t2)
    ld t0, H_WANTED(tp)
    beq t0, t1, 1b
    j dispatch

# Sleeps, and answers each interrupt.
answer:
    ld s4, H_TAKEN(tp)
    li s5, ANSWER
1:  ld t0, H_WANTED(tp)
    bne t0, s5, dispatch
    ld t0, H_TAKEN(tp)
    bne t0, s4, 2f
    wfi
    csrsi sstatus, SIE
    csrci sstatus, SIE
    j 1b
2:  mv s4, t0
    li a0, 1
    li a1, 0
    li a7, SBI_IPI
    li a6, 0
    ecall
    j 1b

# Has hart a0 do a1, and waits until it does.
.globl set_hart
set_hart:
    la t0, blocks
    slli t1, a0, BLOCK_SHIFT
    add t0, t0, t1
    sd a1, H_WANTED(t0)
    fence rw, rw
    mv t2, a1
    li t1, 1
    sll a0, t1, a0
    li a1, 0
    li a7, SBI_IPI
    li a6, 0
    ecall
1:  ld t1, H_DOES(t0)
    bne t1, t2, 1b
    ret

# An interrupt of another hart, with as many privileged instructions as the timer's row has. What is interrupted leaves t5 and t6 free.
.balign 4
take:
    csrr t5, scause
    slli t5, t5, 1
    addi t5, t5, -2
    bnez t5, failed
    csrci sip, SIE
    ld t6, H_TAKEN(tp)
    addi t6, t6, 1
    sd t6, H_TAKEN(tp)
    sret

build_tables:
    la t0, root
    li t2, PTE_KERNEL                    # 0 to 1 GiB: devices
    sd t2, 0(t0)
    li t2, (0x80000000 >> 2) | PTE_KERNEL_CODE
    sd t2, 16(t0)
    la t2, middle
    srli t3, t2, 2
    ori t3, t3, PTE_TABLE
    sd t3, 8(t0)
    la t3, leaves
    srli t4, t3, 2
    ori t4, t4, PTE_TABLE
    sd t4, 0(t2)
    la t4, page
    srli t4, t4, 2
    ori t4, t4, PTE_KERNEL
    sd t4, 0(t3)
    ret

.section .rodata
text_banner: .asciz "\nrvirt-bench 1: several harts\n"
text_done: .asciz "rvirt-bench: done\n"

.bss
.balign 4096
root: .space 4096
middle: .space 4096
leaves: .space 4096
page: .space 4096
.space 8192
stack_top:
.globl blocks
blocks: .space HARTS << BLOCK_SHIFT
