/* SBI firmware of two harts with HSM that starts a hart where the first one began, whatever address it is given, as OpenSBI 1.1 does when
 * the hart is faster than the call. S-mode sets its timers itself. SBI 2.0's BASE, IPI and HSM, and the legacy console's output.
 * QEMU's reset code gives a0 = hart, a1 = device tree, a2 = struct fw_dynamic_info, whose third word is the next stage's address. */
    .equ    MSIP, 0x02000000                /* CLINT: a word a hart */
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
    li      t0, -1
    csrw    0x14d, t0
    slli    t0, t0, 63
    csrw    0x30a, t0                       /* menvcfg.STCE */
    lla     t0, stacks
    slli    t1, a0, 6
    add     t0, t0, t1
    csrw    mscratch, t0
    lla     t0, trap
    csrw    mtvec, t0
    ld      t0, 16(a2)
    csrw    mepc, t0
    li      t0, 0x1800
    csrc    mstatus, t0
    li      t0, 0x0800
    csrs    mstatus, t0
    li      t0, 8
    csrw    mie, t0
    beqz    a0, 2f
    li      t1, MSIP
    slli    t2, a0, 2
    add     t1, t1, t2
1:  wfi
    lw      t0, 0(t1)
    beqz    t0, 1b
    sw      zero, 0(t1)
2:  mret

    .balign 4
trap:
    csrrw   sp, mscratch, sp
    sd      t0, 0(sp)
    sd      t1, 8(sp)
    csrr    t0, mcause
    bltz    t0, interrupt
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
    li      t0, 1
    beq     a7, t0, put
    li      t0, 0x10
    beq     a7, t0, base
    li      t0, 0x48534d
    beq     a7, t0, start
    li      t0, 0x735049
    beq     a7, t0, send
    li      a0, -2
    li      a1, 0
    j       done
base:
    li      a1, 2 << 24
    beqz    a6, good
    li      a1, 1
    li      t0, 0x48534d
    beq     a0, t0, good
    li      t0, 0x735049
    beq     a0, t0, good
    beq     a0, a1, good                    /* the legacy console */
    li      a1, 0
    j       good
start:
    mv      a1, a0
send:                                       /* one hart, as the hypervisor asks: its number is the mask's base */
    li      t0, MSIP
    slli    t1, a1, 2
    add     t0, t0, t1
    li      t1, 1
    sw      t1, 0(t0)
    li      a1, 0
good:
    li      a0, 0
    j       done
put:
    li      t0, 0x10000000
1:  lbu     t1, 5(t0)
    andi    t1, t1, 0x20
    beqz    t1, 1b
    sb      a0, 0(t0)
    li      a0, 0
    j       done
interrupt:
    csrr    t0, mhartid
    slli    t0, t0, 2
    li      t1, MSIP
    add     t0, t0, t1
    sw      zero, 0(t0)
    csrsi   mip, 2
done:
    ld      t0, 0(sp)
    ld      t1, 8(sp)
    csrrw   sp, mscratch, sp
    mret

    .balign 64
stacks:
    .space  128
