# Traps, with the privileged instructions of Linux's entry and exit, in its order and number.
.include "defs.inc"

.equ FRAME, 288                  # x1 to x31 at 8 * n, sstatus at 256, sepc at 264

.text
.balign 4
.globl trap_entry
trap_entry:
    csrrw tp, sscratch, tp
    bnez tp, 1f
    csrr tp, sscratch
    sd sp, TP_KERNEL_SP(tp)
1:  sd sp, TP_USER_SP(tp)
    ld sp, TP_KERNEL_SP(tp)
    addi sp, sp, -FRAME
    sd x1, 8(sp)
    sd x3, 24(sp)
    sd x5, 40(sp)
.irp n, 6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd x\n, 8 * \n(sp)
.endr
    li t0, SUM | FS_VS
    ld s0, TP_USER_SP(tp)
    csrrc s1, sstatus, t0
    csrr s2, sepc
    csrr s3, stval
    csrr s4, scause
    csrr s5, sscratch
    sd s0, 16(sp)
    sd s1, 256(sp)
    sd s2, 264(sp)
    sd s5, 32(sp)
    csrw sscratch, zero
    bltz s4, interrupt
    li t0, 8
    beq s4, t0, system_call
    li t0, 15
    beq s4, t0, page_fault
    li t0, 5
    beq s4, t0, access_fault
    j unexpected

system_call:
    addi s2, s2, 4
    sd s2, 264(sp)
    csrsi sstatus, SIE
    bnez a7, leave_user
    # As a kernel looks up and calls what was asked for.
    slli t0, a7, 3
    la t1, system_calls
    add t0, t0, t1
    ld t0, 0(t0)
    jr t0
system_call_0:
    csrrci t0, sstatus, SIE
    andi t0, t0, SIE
    csrs sstatus, t0
    csrci sstatus, SIE
    j return_to_user

# U-mode stored where nothing is mapped: map it, as Linux does for anonymous memory.
page_fault:
    csrsi sstatus, SIE
    csrrci t0, sstatus, SIE
    andi t0, t0, SIE
    csrs sstatus, t0
    srli t1, s3, 12
    li t2, REGION >> 12
    sub t1, t1, t2
    li t2, REGION_PAGES
    bgeu t1, t2, unexpected
    andi t2, t1, FRAME_MASK
    slli t2, t2, 10
    li t3, FRAMES >> 2 | PTE_USER
    add t2, t2, t3
    slli t1, t1, 3
    la t3, leaves
    add t1, t1, t3
    # Locks, as a kernel takes them around its accounts and its tables.
    csrrci t0, sstatus, SIE
    andi t0, t0, SIE
    ld t3, TP_FAULTS(tp)
    addi t3, t3, 1
    sd t3, TP_FAULTS(tp)
    csrs sstatus, t0
    csrrci t0, sstatus, SIE
    ld t3, 0(t1)
    bnez t3, unexpected
    sd t2, 0(t1)
    sfence.vma s3, zero
    andi t0, t0, SIE
    csrs sstatus, t0
    csrci sstatus, SIE

return_to_user:
    addi s0, sp, FRAME
    sd s0, TP_KERNEL_SP(tp)
    csrw sscratch, tp
restore:
    ld a0, 256(sp)
    ld a2, 264(sp)
    csrw sstatus, a0
    csrw sepc, a2
    ld x1, 8(sp)
    ld x3, 24(sp)
    ld x4, 32(sp)
    ld x5, 40(sp)
.irp n, 6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld x\n, 8 * \n(sp)
.endr
    ld sp, 16(sp)
    sret

interrupt:
    slli t0, s4, 1
    li t1, 10
    bne t0, t1, unexpected
    li t0, STIE
    csrc sie, t0
    li t0, 1
    sd t0, TP_TIMER_FLAG(tp)
return_to_kernel:
    # Where the trap came from S-mode, tp did not change hands.
    sd tp, 32(sp)
    addi t0, sp, FRAME
    sd t0, TP_KERNEL_SP(tp)
    j restore

# For the timer's interrupt alone: the loop it interrupts leaves t0 and t1 free.
.balign 4
.globl short_trap_entry
short_trap_entry:
    csrr t0, scause
    slli t0, t0, 1
    li t1, 10
    bne t0, t1, 1f
    li t0, STIE
    csrc sie, t0
    sd t1, TP_TIMER_FLAG(tp)
    sret
1:  csrr s4, scause
    csrr s2, sepc
    csrr s3, stval
    j unexpected

# A read of a device that is not there: skip it and say so.
access_fault:
    li t0, 1
    sd t0, TP_FAULT_FLAG(tp)
    ld t1, 264(sp)
    addi t1, t1, 4
    sd t1, 264(sp)
    j return_to_kernel

# The system call with a7 = 1 ends a run in U-mode: back to the caller of enter_user.
leave_user:
    csrci sstatus, SIE
    addi t0, sp, FRAME
    sd t0, TP_KERNEL_SP(tp)
    ld ra, TP_RETURN(tp)
    ld sp, TP_RETURN + 8(tp)
.irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    ld s\n, TP_RETURN + 16 + 8 * \n(tp)
.endr
    ret

# Runs user code: a0 its argument, a1 its place in the user page as loaded. Returns when it makes the system call with a7 = 1.
.globl enter_user
enter_user:
    sd ra, TP_RETURN(tp)
    sd sp, TP_RETURN + 8(tp)
.irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    sd s\n, TP_RETURN + 16 + 8 * \n(tp)
.endr
    sd sp, TP_KERNEL_SP(tp)
    csrw sscratch, tp
    la t0, user_code
    sub a1, a1, t0
    li t0, USER_CODE
    add t0, t0, a1
    csrw sepc, t0
    li t0, SPP
    csrc sstatus, t0
    li a7, 0
    sret

unexpected:
    la a0, text_unexpected
    call print
    mv a0, s4
    call print_hex
    mv a0, s2
    call print_hex
    mv a0, s3
    call print_hex
    la a0, text_newline
    call print
    # A failure: the test device's exit status 1.
    li t0, TEST_DEVICE
    li t1, 0x13333
    sw t1, 0(t0)
1:  wfi
    j 1b

.section .rodata
.balign 8
system_calls: .dword system_call_0
text_unexpected: .asciz "rvirt-bench: unexpected trap (scause, sepc, stval):"
text_newline: .asciz "\n"
