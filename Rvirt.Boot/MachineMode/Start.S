/* Reset: every hart starts here in M-mode, a1 = device tree. One goes on to boot, the others sleep until SBI HSM starts them. */
#include "MachineMode.inc"

    .section .text.machine.start, "ax", @progbits
    .globl rvirt_machine_start, rvirt_machine_unusable, rvirt_machine_sleep
rvirt_machine_start:
    csrw    mie, zero
    csrr    a0, mhartid
    li      t0, M_MAX_HARTS
    bgeu    a0, t0, rvirt_machine_sleep

    /* Harts without S-mode are no use (some boards have one): a trap at what belongs to S-mode puts them to sleep. */
    lla     t6, rvirt_machine_unusable
    csrw    mtvec, t6
    csrw    satp, zero
    li      t0, 0xb1ff                      /* all exceptions that a guest or S-mode can raise, but its ecall */
    csrw    medeleg, t0
    li      t0, SIP_SSIP | SIP_STIP | SIP_SEIP
    csrw    mideleg, t0
    li      t0, 7
    csrw    scounteren, t0
    csrr    t0, misa                        /* where none of these trapped; zero says nothing */
    beqz    t0, 1f
    slli    t0, t0, 63 - ('S' - 'A')
    bgez    t0, rvirt_machine_unusable
1:  lla     s0, rvirt_machine_harts
    slli    t0, a0, M_BLOCK_SHIFT
    add     s0, s0, t0
    BOARD_MSIP a0
    sd      t0, M_MSIP(s0)
    sw      zero, 0(t0)
    BOARD_MTIMECMP a0
    sd      t0, M_MTIMECMP(s0)
    li      t2, -1                          /* zero at reset: a timer interrupt pending for ever, which slows emulators down */
    sd      t2, 0(t0)

    /* PMP: this code and its data are closed to S-mode, everything else is open. */
    li      t1, 0x1f18
    lla     t0, __machine_start
    srli    t0, t0, 2
    li      t3, (MACHINE_SIZE >> 3) - 1
    or      t0, t0, t3
    TRY     csrw pmpaddr0, t0
    TRY     csrw pmpaddr1, t2
    TRY     csrw pmpcfg0, t1

    li      t0, 7
    TRY     csrw mcounteren, t0

    /* Sstc and the cache-block instructions. STCE may read as set where stimecmp is missing, so that one is tried itself. */
    li      t0, (1 << 63) | 0xf0
    TRY     csrw CSR_MENVCFG, t0
    li      t3, 0
    lla     t6, 1f
    csrw    mtvec, t6
    csrw    CSR_STIMECMP, t2
    li      t3, 1
    .balign 4
1:  sd      t3, M_SSTC(s0)

    /* A hart without a time CSR: S-mode reads mtime, and emulates rdtime for its guests by it, so that this part is in nobody's way. */
    BOARD_MTIME
    mv      t3, t0
    lla     t6, 1f
    csrw    mtvec, t6
    rdtime  t0
    li      t3, 0
    .balign 4
1:  sd      t3, M_TIME_REGISTER(s0)

    li      t0, 0x2200                      /* FS and VS: initial */
    csrw    mstatus, t0
    lla     t0, rvirt_machine_trap
    csrw    mtvec, t0
    csrw    mscratch, s0
    csrwi   mie, MIP_MSIP

    lla     t0, boot_lottery
    li      t1, 1
    amoswap.w.aqrl t1, t1, (t0)
    bnez    t1, rvirt_machine_stopped
    sd      zero, M_STATE(s0)               /* HSM_STARTED */

    /* C# reads the machine's tree here as it does later: this part is not told what is in there. */
    lla     sp, rvirt_boot_stack_top
    mv      s1, a1
    mv      a0, a1
    call    rvirt_choose_mode
    beqz    a0, 2f
    jal     t3, rvirt_machine_fits
    beqz    a0, 2f                          /* C# says so */
    lla     t0, rvirt_machine_direct_call
    lla     t1, rvirt_direct_call
    sd      t0, 0(t1)
2:  csrr    a0, mhartid
    mv      a1, s1
    lla     t0, rvirt_start
    j       rvirt_machine_enter

    .balign 4                               /* mtvec may lead here; a0 = the hart's id, and hart_start refuses it from now on */
rvirt_machine_unusable:
    lla     s0, rvirt_machine_harts
    slli    t0, a0, M_BLOCK_SHIFT
    add     s0, s0, t0
    li      t0, HSM_UNUSABLE
    sd      t0, M_STATE(s0)
rvirt_machine_sleep:
    wfi
    j       rvirt_machine_sleep

/* For the linker script: where what follows may begin. */
    .globl rvirt_machine_size
    .set    rvirt_machine_size, MACHINE_SIZE

    .section .data.machine, "aw", @progbits
    .balign 8
boot_lottery:
    .dword  0
    .balign 1 << M_BLOCK_SHIFT
    .globl rvirt_machine_harts
rvirt_machine_harts:
    .rept   M_MAX_HARTS
    .zero   M_STATE
    .dword  HSM_STOPPED
    .zero   (1 << M_BLOCK_SHIFT) - M_STATE - 8
    .endr
