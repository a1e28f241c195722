/* A program for Linux that uses the real-time clock's alarm (rtc(4)): without arguments it waits for the interrupt of the clock's next second,
 * with one it sets an alarm for noon of 2041-01-01 and leaves it. Ends with 0, or with the number of the step that failed.
 */
    .equ    OPENAT, 56
    .equ    IOCTL, 29
    .equ    READ, 63
    .equ    EXIT, 93
    .equ    AT_FDCWD, -100
    .equ    O_RDONLY, 0
    .equ    RTC_UIE_ON, 0x7003
    .equ    RTC_WKALM_SET, 0x4028700f

    .macro call number, step
    li      a7, \number
    ecall
    li      s2, \step
    bltz    a0, end
    .endm

    .section .text
    .globl _start
_start:
    ld      s1, 0(sp)                   /* how many words the command line has */
    li      a0, AT_FDCWD
    lla     a1, device
    li      a2, O_RDONLY
    call    OPENAT, 1
    mv      s0, a0
    li      t0, 1
    bgtu    s1, t0, leave
    li      a1, RTC_UIE_ON
    call    IOCTL, 2
    mv      a0, s0
    addi    sp, sp, -16
    mv      a1, sp
    li      a2, 8
    call    READ, 3
    li      s2, 0
    j       end

leave:
    li      a1, RTC_WKALM_SET
    lla     a2, alarm
    call    IOCTL, 4
    li      s2, 0

end:
    mv      a0, s2
    li      a7, EXIT
    ecall

device:
    .asciz  "/dev/rtc0"
    .balign 8
alarm:                                  /* enabled, pending; seconds, minutes, hours, day, month from 0, years from 1900, the rest is not looked at */
    .byte   1, 0, 0, 0
    .word   0, 0, 12, 1, 0, 141, 0, 0, 0
