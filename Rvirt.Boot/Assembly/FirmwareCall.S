/* A call of the firmware: the C calling convention is already SBI's (arguments in a0 to a5, function in a6, extension in a7,
 * error and value back in a0 and a1). In M-mode there is none below: the machine-mode part is called directly. */
    .section .text, "ax", @progbits
    .globl rvirt_firmware_call
rvirt_firmware_call:
    lla     t0, rvirt_direct_call
    ld      t0, 0(t0)
    bnez    t0, 1f
    ecall
    ret
1:  jr      t0
