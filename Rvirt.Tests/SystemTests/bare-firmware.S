/* The least SBI firmware: enters S-mode where QEMU says, prints characters (SBI 0.1), and knows no other call.
 * QEMU's reset code gives a0 = hart, a1 = device tree, a2 = struct fw_dynamic_info, whose third word is the next stage's address. */
    .section .text
    .globl _start
_start:
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    li      t0, 0xb1ff                      /* every exception but ecalls from S and M */
    csrw    medeleg, t0
    li      t0, 0x222
    csrw    mideleg, t0
    li      t0, 7
    csrw    mcounteren, t0
    lla     t0, trap
    csrw    mtvec, t0
    lla     t0, stack
    csrw    mscratch, t0
    ld      t0, 16(a2)
    csrw    mepc, t0
    li      t0, 0x1800
    csrc    mstatus, t0
    li      t0, 0x0800
    csrs    mstatus, t0
    mret

    .balign 4
trap:
    csrrw   sp, mscratch, sp
    sd      t0, 0(sp)
    sd      t1, 8(sp)
    csrr    t0, mcause
    li      t1, 9
    bne     t0, t1, hang
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
    li      t1, 1
    bne     a7, t1, unknown
    li      t0, 0x10000000
1:  lbu     t1, 5(t0)
    andi    t1, t1, 0x20
    beqz    t1, 1b
    sb      a0, 0(t0)
    li      a0, 0
    j       done
unknown:
    li      a0, -2
    li      a1, 0
done:
    ld      t0, 0(sp)
    ld      t1, 8(sp)
    csrrw   sp, mscratch, sp
    mret
hang:
    wfi
    j       hang

    .balign 16
stack:
    .space  64
