# Text on the UART.
.include "defs.inc"

.text
# Prints the byte in a0. Leaves a0 to a3 as they are.
.globl print_byte
print_byte:
    li t0, UART
1:  lbu t1, 5(t0)
    andi t1, t1, 0x20
    beqz t1, 1b
    sb a0, 0(t0)
    ret

# Prints the string at a0; returns its length.
.globl print
print:
    addi sp, sp, -16
    sd ra, 0(sp)
    mv a1, a0
    mv a2, a0
1:  lbu a0, 0(a1)
    beqz a0, 2f
    call print_byte
    addi a1, a1, 1
    j 1b
2:  sub a0, a1, a2
    ld ra, 0(sp)
    addi sp, sp, 16
    ret

# Prints a0 as a decimal number, in a field of a1 characters.
.globl print_decimal
print_decimal:
    addi sp, sp, -48
    sd ra, 0(sp)
    addi a2, sp, 48
    li a3, 10
1:  remu t0, a0, a3
    divu a0, a0, a3
    addi t0, t0, '0'
    addi a2, a2, -1
    sb t0, 0(a2)
    addi a1, a1, -1
    bnez a0, 1b
2:  blez a1, 3f
    li a0, ' '
    call print_byte
    addi a1, a1, -1
    j 2b
3:  addi a3, sp, 48
4:  lbu a0, 0(a2)
    call print_byte
    addi a2, a2, 1
    bne a2, a3, 4b
    ld ra, 0(sp)
    addi sp, sp, 48
    ret

# Prints a space and a0 in hexadecimal.
.globl print_hex
print_hex:
    addi sp, sp, -16
    sd ra, 0(sp)
    mv a1, a0
    li a2, 60
    li a0, ' '
    call print_byte
1:  srl a0, a1, a2
    andi a0, a0, 15
    li t0, 10
    bltu a0, t0, 2f
    addi a0, a0, 'a' - '0' - 10
2:  addi a0, a0, '0'
    call print_byte
    addi a2, a2, -4
    bgez a2, 1b
    ld ra, 0(sp)
    addi sp, sp, 16
    ret

# Fills a name of a0 characters up to 44.
.globl pad
pad:
    addi sp, sp, -16
    sd ra, 0(sp)
    mv a1, a0
1:  li t0, 44
    bgeu a1, t0, 2f
    li a0, ' '
    call print_byte
    addi a1, a1, 1
    j 1b
2:  ld ra, 0(sp)
    addi sp, sp, 16
    ret

# Prints a0 hundredths as a decimal number with two places.
.globl print_hundredths
print_hundredths:
    addi sp, sp, -32
    sd ra, 0(sp)
    sd s3, 8(sp)
    mv s3, a0
    li t0, 100
    divu a0, s3, t0
    li a1, 12
    call print_decimal
    li a0, '.'
    call print_byte
    li t0, 100
    remu s3, s3, t0
    li t0, 10
    divu a0, s3, t0
    addi a0, a0, '0'
    call print_byte
    li t0, 10
    remu a0, s3, t0
    addi a0, a0, '0'
    call print_byte
    ld ra, 0(sp)
    ld s3, 8(sp)
    addi sp, sp, 32
    ret
