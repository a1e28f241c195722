/* SBI 0.1 firmware in the manner of BBL: a console, timers, interrupts between harts and the machine's end, and an error for all that is newer. All harts enter
 * S-mode together, where QEMU says. Illegal instructions come to M-mode first, which hands them on to S-mode.
 * QEMU's reset code gives a0 = hart, a1 = device tree, a2 = struct fw_dynamic_info, whose third word is the next stage's address. */
    .equ    MSIP, 0x02000000                /* CLINT: a word a hart */
    .equ    MTIMECMP, 0x02004000            /* and a doubleword a hart */
    .equ    UART, 0x10000000
    .equ    FINISHER, 0x100000
    .equ    SSIP, 0x02
    .equ    STIP, 0x20
    .equ    MSIE, 0x08
    .equ    MTIE, 0x80
    .equ    MPRV, 0x20000

    .section .text
    .globl _start
_start:
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    li      t0, 0xb1fb                      /* every exception but illegal instructions, and ecalls from S and M */
    csrw    medeleg, t0
    li      t0, 0x222
    csrw    mideleg, t0
    li      t0, 7
    csrw    mcounteren, t0
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
    li      t0, MSIE
    csrw    mie, t0
    mret

    .balign 4
trap:
    csrrw   sp, mscratch, sp
    sd      t0, 0(sp)
    sd      t1, 8(sp)
    sd      t2, 16(sp)
    csrr    t0, mcause
    bltz    t0, interrupt
    li      t1, 9
    beq     t0, t1, call

    /* To S-mode, as if it had been delegated. */
    csrw    scause, t0
    csrr    t0, mepc
    csrw    sepc, t0
    csrr    t0, mtval
    csrw    stval, t0
    csrr    t0, mstatus
    andi    t1, t0, 0x02                    /* SIE to SPIE */
    slli    t1, t1, 4
    srli    t2, t0, 3                       /* MPP, which is U or S, to SPP */
    andi    t2, t2, 0x100
    or      t1, t1, t2
    andi    t0, t0, ~0x122
    or      t0, t0, t1
    li      t1, 0x0800
    or      t0, t0, t1
    csrw    mstatus, t0
    csrr    t0, stvec
    andi    t0, t0, ~3
    csrw    mepc, t0
    j       done

interrupt:
    andi    t0, t0, 0xf
    li      t1, 7
    beq     t0, t1, timer
    csrr    t0, mhartid
    slli    t0, t0, 2
    li      t1, MSIP
    add     t0, t0, t1
    sw      zero, 0(t0)
    csrs    mip, SSIP
    j       done
timer:
    li      t0, MTIE
    csrc    mie, t0
    li      t0, STIP
    csrs    mip, t0
    j       done

call:
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
    beqz    a7, set_timer
    li      t0, 1
    beq     a7, t0, put
    li      t0, 2
    beq     a7, t0, get
    li      t0, 3
    beq     a7, t0, clear
    li      t0, 4
    beq     a7, t0, send
    li      t0, 8
    beq     a7, t0, shutdown
    li      a0, -2
    j       done

set_timer:
    csrr    t0, mhartid
    slli    t0, t0, 3
    li      t1, MTIMECMP
    add     t0, t0, t1
    sd      a0, 0(t0)
    li      t0, STIP
    csrc    mip, t0
    li      t0, MTIE
    csrs    mie, t0
    j       good

put:
    li      t0, UART
1:  lbu     t1, 5(t0)
    andi    t1, t1, 0x20
    beqz    t1, 1b
    sb      a0, 0(t0)
    j       good

get:
    li      t0, UART
    lbu     t1, 5(t0)
    andi    t1, t1, 1
    li      a0, -1
    beqz    t1, done
    lbu     a0, 0(t0)
    j       done

clear:
    csrc    mip, SSIP
    j       good

    /* The mask stands at a virtual address of S-mode's. */
send:
    li      t0, MPRV
    csrs    mstatus, t0
    ld      t1, 0(a0)
    csrc    mstatus, t0
    li      t0, MSIP
    li      t2, 1
1:  beqz    t1, good
    andi    a0, t1, 1
    beqz    a0, 2f
    sw      t2, 0(t0)
2:  addi    t0, t0, 4
    srli    t1, t1, 1
    j       1b

shutdown:
    li      t0, FINISHER
    li      t1, 0x5555
    sw      t1, 0(t0)
1:  wfi
    j       1b

good:
    li      a0, 0
done:
    ld      t0, 0(sp)
    ld      t1, 8(sp)
    ld      t2, 16(sp)
    csrrw   sp, mscratch, sp
    mret

    .balign 16
stacks:
    .space  64 * 8
