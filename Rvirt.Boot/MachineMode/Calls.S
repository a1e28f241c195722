/* SBI calls of the hypervisor in S-mode (SBI 2.0): just the ones it makes. a7 and a6 name the call, a0 and a1 return. */
#include "MachineMode.inc"

#define SBI_SUCCESS                 0
#define SBI_ERR_NOT_SUPPORTED       -2
#define SBI_ERR_INVALID_PARAM       -3
#define SBI_ERR_ALREADY_AVAILABLE   -6

#define EXT_LEGACY_SET_TIMER        0
#define EXT_LEGACY_PUTCHAR          1
#define EXT_LEGACY_SHUTDOWN         8
#define EXT_BASE                    0x10
#define EXT_TIME                    0x54494D45
#define EXT_IPI                     0x735049
#define EXT_HSM                     0x48534D
#define EXT_SRST                    0x53525354
#define EXT_DBCN                    0x4442434E
#define EXT_OWN                     0x0A007276      /* the range of this implementation's own calls (SBI 2.0, chapter 3) */

    .section .text.machine, "ax", @progbits
    .globl rvirt_machine_call
rvirt_machine_call:                         /* sp = the hart's block; t0 and t1 are saved */
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0

    li      t0, EXT_TIME
    beq     a7, t0, set_timer
    sd      t2, M_T2(sp)
    sd      t3, M_T3(sp)
    sd      t4, M_T4(sp)
    sd      t5, M_T5(sp)
    li      t0, EXT_IPI
    beq     a7, t0, send_ipi
    li      t0, EXT_HSM
    beq     a7, t0, hart_state
    li      t0, EXT_DBCN
    beq     a7, t0, debug_console
    li      t0, EXT_BASE
    beq     a7, t0, base
    li      t0, EXT_SRST
    beq     a7, t0, system_reset
    li      t0, EXT_OWN
    beq     a7, t0, own
    li      t0, EXT_LEGACY_PUTCHAR
    beq     a7, t0, legacy_putchar
    beqz    a7, legacy_set_timer
    li      t0, EXT_LEGACY_SHUTDOWN
    beq     a7, t0, shutdown
not_supported:
    li      a0, SBI_ERR_NOT_SUPPORTED
    j       return_zero
invalid:
    li      a0, SBI_ERR_INVALID_PARAM
    j       return_zero
success:
    li      a0, SBI_SUCCESS
return_zero:
    li      a1, 0
return_legacy:
    ld      t2, M_T2(sp)
    ld      t3, M_T3(sp)
    ld      t4, M_T4(sp)
    ld      t5, M_T5(sp)
    j       rvirt_machine_return

/* TIME (SBI 2.0, chapter 6): a0 = deadline. Clears a pending timer interrupt. */
set_timer:
    ld      t0, M_SSTC(sp)
    bnez    t0, 1f
    ld      t0, M_MTIMECMP(sp)
    sd      a0, 0(t0)
    li      t0, MIP_STIP
    csrc    mip, t0
    li      t0, MIP_MTIP
    csrs    mie, t0
    li      a0, SBI_SUCCESS
    li      a1, 0
    j       rvirt_machine_return
1:  csrw    CSR_STIMECMP, a0
    li      a0, SBI_SUCCESS
    li      a1, 0
    j       rvirt_machine_return

legacy_set_timer:
    ld      t0, M_SSTC(sp)
    bnez    t0, 1f
    ld      t0, M_MTIMECMP(sp)
    sd      a0, 0(t0)
    li      t0, MIP_STIP
    csrc    mip, t0
    li      t0, MIP_MTIP
    csrs    mie, t0
    j       2f
1:  csrw    CSR_STIMECMP, a0
2:  li      a0, 0
    j       return_legacy

/* IPI (chapter 7): a0 = mask of harts, from hart a1 on; a1 = -1: all harts. */
send_ipi:
    bnez    a6, not_supported
    addi    t0, a1, 1
    bnez    t0, 1f
    li      a0, -1
    li      a1, 0
1:  fence   rw, o                       /* what was written before the other hart is told; fence rw, rw orders no device */
    li      t2, M_MAX_HARTS
    lla     t3, rvirt_machine_harts
    slli    t0, a1, M_BLOCK_SHIFT
    bgeu    a1, t2, 4f
    add     t3, t3, t0
2:  beqz    a0, success
    bgeu    a1, t2, success
    andi    t0, a0, 1
    beqz    t0, 3f
    ld      t0, M_STATE(t3)
    bnez    t0, 3f                          /* not started: nothing to tell */
    ld      t0, M_MSIP(t3)
    li      t1, 1
    sw      t1, 0(t0)
3:  srli    a0, a0, 1
    addi    a1, a1, 1
    addi    t3, t3, 1 << M_BLOCK_SHIFT
    j       2b
4:  bnez    a0, invalid
    j       success

/* HSM (chapter 9): start, stop and status. */
hart_state:
    li      t0, 1
    beq     a6, t0, hart_stop
    bgtu    a6, t0, 1f
    li      t0, M_MAX_HARTS
    bgeu    a0, t0, invalid
    slli    t0, a0, M_BLOCK_SHIFT
    lla     t3, rvirt_machine_harts
    add     t3, t3, t0
    ld      t0, M_STATE(t3)
    addi    t0, t0, -HSM_UNUSABLE
    beqz    t0, invalid
    addi    t0, t0, HSM_UNUSABLE - HSM_STOPPED
    bnez    t0, already_available
    sd      a1, M_START(t3)
    sd      a2, M_OPAQUE(t3)
    fence   w, w                            /* a hart that sees the state sees those */
    li      t0, HSM_START_PENDING
    sd      t0, M_STATE(t3)
    fence   rw, rw                          /* this and the fence of a hart that comes: it sees the state, or this its register, or both */
    ld      t2, M_MSIP(t3)
    beqz    t2, success                     /* it has not come yet, and looks before it sleeps */
    fence   rw, o                           /* the state, before the other hart is told */
    li      t0, 1
    sw      t0, 0(t2)
    j       success
1:  addi    t0, a6, -2
    bnez    t0, not_supported
    li      t0, M_MAX_HARTS
    bgeu    a0, t0, invalid
    slli    t0, a0, M_BLOCK_SHIFT
    lla     t3, rvirt_machine_harts
    add     t3, t3, t0
    ld      a1, M_STATE(t3)
    li      t0, HSM_START_PENDING
    beq     a1, t0, 2f
    ld      t0, M_MSIP(t3)
    beqz    t0, invalid                     /* no such hart ever came by, and nobody waits for it */
2:  li      a0, SBI_SUCCESS
    j       return_legacy
already_available:
    li      a0, SBI_ERR_ALREADY_AVAILABLE
    j       return_zero

hart_stop:
    mv      s0, sp
    csrw    mscratch, sp
    li      t0, HSM_STOPPED
    fence   rw, rw
    sd      t0, M_STATE(s0)

/* s0 = the hart's block, with its M_MSIP. Waits for hart_start, which may have come before the hart did. */
    .globl rvirt_machine_stopped
rvirt_machine_stopped:
    li      t0, MIP_MSIP
    csrw    mie, t0
    fence   orw, rw                         /* M_MSIP and M_STATE are there for others, and msip is cleared, before the state is read */
    j       2f
1:  wfi
    csrr    t0, mip
    andi    t0, t0, MIP_MSIP
    beqz    t0, 1b
    ld      t0, M_MSIP(s0)
    sw      zero, 0(t0)
    fence   o, rw                           /* a start that follows interrupts again */
2:  ld      t0, M_STATE(s0)
    addi    t0, t0, -HSM_START_PENDING
    bnez    t0, 1b
    fence   r, rw
    csrr    a0, mhartid
    ld      a1, M_OPAQUE(s0)
    sd      zero, M_STATE(s0)               /* HSM_STARTED */
    ld      t0, M_START(s0)

/* t0 = where S-mode begins, with translation off and interrupts masked; a0 and a1 are its arguments. Below resident guests it is M-mode that goes on there. */
    .globl rvirt_machine_enter
rvirt_machine_enter:
    lla     t1, rvirt_direct_call
    ld      t1, 0(t1)
    bnez    t1, rvirt_machine_stay
    csrw    satp, zero
    csrw    sie, zero
    csrw    mepc, t0
    li      t0, MSTATUS_MPP
    csrc    mstatus, t0
    li      t0, MSTATUS_MPP_S
    csrs    mstatus, t0
    csrci   mstatus, 2                      /* SIE */
    fence.i
    mret

/* DBCN (chapter 12): write, no read, write_byte. */
debug_console:
    li      t0, 2
    beq     a6, t0, write_byte
    bnez    a6, not_supported
    mv      t4, a0
    mv      t5, a1
    li      a1, 0
1:  beq     a1, t4, 2f
    add     t0, t5, a1
    lbu     t3, 0(t0)
    jal     t2, put
    addi    a1, a1, 1
    j       1b
2:  li      a0, SBI_SUCCESS
    j       return_legacy
write_byte:
    andi    t3, a0, 0xff
    jal     t2, put
    j       success
legacy_putchar:
    andi    t3, a0, 0xff
    jal     t2, put
    li      a0, 0
    j       return_legacy

/* t3 = byte; link in t2; uses t0 and t1. */
    .globl rvirt_machine_put
rvirt_machine_put:
put:
    BOARD_PUT t3
    jr      t2

/* BASE (chapter 4). */
base:
    li      t0, 3
    beq     a6, t0, probe_extension
    li      a0, SBI_SUCCESS
    beqz    a6, 1f
    li      t0, 1
    beq     a6, t0, 2f
    li      t0, 6
    bgtu    a6, t0, not_supported
    li      a1, 0                           /* implementation version, mvendorid, marchid, mimpid */
    j       return_legacy
1:  li      a1, 2 << 24                     /* SBI 2.0 */
    j       return_legacy
2:  li      a1, 0x7276                      /* implementation id: unregistered */
    j       return_legacy
probe_extension:
    li      a1, 1
    li      t0, EXT_TIME
    beq     a0, t0, 1f
    li      t0, EXT_IPI
    beq     a0, t0, 1f
    li      t0, EXT_HSM
    beq     a0, t0, 1f
    li      t0, EXT_SRST
    beq     a0, t0, 1f
    li      t0, EXT_DBCN
    beq     a0, t0, 1f
    li      t0, EXT_BASE
    beq     a0, t0, 1f
    li      t0, EXT_OWN
    beq     a0, t0, 1f
    li      t0, EXT_LEGACY_PUTCHAR
    bleu    a0, t0, 1f
    li      t0, EXT_LEGACY_SHUTDOWN
    beq     a0, t0, 1f
    li      a1, 0
1:  li      a0, SBI_SUCCESS
    j       return_legacy

/* Our own: 0: where S-mode reads the time, 0 where that is the time CSR; 1 and 2: where the mtimecmp and the msip of hart a0 are, which need not have come yet. */
own:
    beqz    a6, own_time
    li      t0, 2
    bgtu    a6, t0, not_supported
    li      t1, M_MAX_HARTS
    bgeu    a0, t1, invalid
    beq     a6, t0, own_msip
    BOARD_MTIMECMP a0
    j       own_register
own_msip:
    BOARD_MSIP a0
own_register:
    mv      a1, t0
    li      a0, SBI_SUCCESS
    j       return_legacy
own_time:
    ld      a1, M_TIME_REGISTER(sp)
    li      a0, SBI_SUCCESS
    j       return_legacy

/* SRST (chapter 10): a0 = 0 shutdown, 1 and 2 reboot; a1 = reason, not zero: failure. */
system_reset:
    bnez    a6, not_supported
    beqz    a0, off
    li      t0, 2
    bgtu    a0, t0, invalid
    BOARD_RESET zero
    j       ended
off:
    beqz    a1, shutdown
    BOARD_FAIL zero
    j       ended
shutdown:
    BOARD_OFF zero
ended:
    wfi
    j       ended
