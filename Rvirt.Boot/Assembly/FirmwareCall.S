/* A call of the firmware: the C calling convention is already SBI's (arguments in a0 to a5, function in a6, extension in a7,
 * error and value back in a0 and a1). */
    .section .text, "ax", @progbits
    .globl rvirt_firmware_call
rvirt_firmware_call:
    ecall
    ret
