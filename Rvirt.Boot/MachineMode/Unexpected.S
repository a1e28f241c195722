/* A machine-mode trap that cannot be: says what it was, then ends the machine. */
#include "MachineMode.inc"

    .section .text.machine, "ax", @progbits
    .globl rvirt_machine_unexpected
rvirt_machine_unexpected:
    csrr    s0, mcause
    csrr    s1, mepc
    csrr    s2, mtval
    lla     s3, nested
    csrw    mtvec, s3
    lla     s3, message
    jal     s4, text
    mv      s5, s0
    jal     s4, hex
    lla     s3, message_mepc
    jal     s4, text
    mv      s5, s1
    jal     s4, hex
    lla     s3, message_mtval
    jal     s4, text
    mv      s5, s2
    jal     s4, hex
    li      t3, '\n'
    jal     t2, rvirt_machine_put
    .balign 4
nested:
    lla     s3, stop
    csrw    mtvec, s3
    BOARD_FAIL zero
    .balign 4
stop:                                       /* also where a machine is not the board after all, and has no such device */
1:  wfi
    j       1b

text:
    lbu     t3, 0(s3)
    beqz    t3, 1f
    jal     t2, rvirt_machine_put
    addi    s3, s3, 1
    j       text
1:  jr      s4

hex:
    li      s6, 60
1:  srl     t3, s5, s6
    andi    t3, t3, 15
    addi    t3, t3, '0'
    li      t0, '9'
    bleu    t3, t0, 2f
    addi    t3, t3, 'a' - '0' - 10
2:  jal     t2, rvirt_machine_put
    addi    s6, s6, -4
    bgez    s6, 1b
    jr      s4

    .section .rodata.machine, "a", @progbits
message:
    .asciz  "\nrvirt: error: unexpected trap to machine mode: mcause 0x"
message_mepc:
    .asciz  " mepc 0x"
message_mtval:
    .asciz  " mtval 0x"
