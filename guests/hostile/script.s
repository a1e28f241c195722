# Carries out a list of operations, four doublewords each: number, and up to three operands in a1, a2, a3.
.align 2
main:
    mv      s0, ra
    la      s1, script
next:
    ld      t0, 0(s1)
    ld      a1, 8(s1)
    ld      a2, 16(s1)
    ld      a3, 24(s1)
    addi    s1, s1, 32
    la      t1, operations
    slli    t0, t0, 2
    add     t1, t1, t0
    jr      t1
operations:
    j       finish
    j       text
    j       store
    j       load
    j       probe
    j       call
    j       fence
    j       translate
    j       await
    j       fill
    j       status
    j       send

finish:
    mv      ra, s0
    ret

# a1: up to eight characters for the line.
text:
    beqz    a1, next
    sb      a1, 0(s6)
    addi    s6, s6, 1
    srli    a1, a1, 8
    j       text

# a1: address, a2: value, a3: bytes.
store:
    li      t0, 8
    beq     a3, t0, store_double
    li      t0, 4
    beq     a3, t0, store_word
    li      t0, 2
    beq     a3, t0, store_half
    sb      a2, 0(a1)
    j       next
store_half:
    sh      a2, 0(a1)
    j       next
store_word:
    sw      a2, 0(a1)
    j       next
store_double:
    sd      a2, 0(a1)
    j       next

# a1: address, a2: bits to show, a3: bytes.
load:
    li      t0, 8
    beq     a3, t0, load_double
    li      t0, 4
    beq     a3, t0, load_word
    lhu     a0, 0(a1)
    j       load_show
load_word:
    lwu     a0, 0(a1)
    j       load_show
load_double:
    ld      a0, 0(a1)
load_show:
    and     a0, a0, a2
    jal     print_hex
    j       next

# a1: address, a2: number of the instruction, a3: operand. Shows a dot, or the cause, and ! where stval is not the address.
probe:
    la      t1, stubs
    slli    t2, a2, 5
    add     t1, t1, t2
    mv      s2, a1
    mv      s3, sp
    la      s11, faulted
    jalr    t1
    li      s11, 0
    mv      sp, s3
    li      a0, 46
    jal     put
    j       next
faulted:
    li      s11, 0
    mv      sp, s3
    mv      a0, s8
    jal     print_hex
    beq     s9, s2, next
    li      a0, 33
    jal     put
    j       next

# a1: eight doublewords for a0 to a7 of an SBI call. Shows a0 and a1, and ! where another register changed.
call:
    mv      s2, a1
    ld      a0, 0(s2)
    ld      a1, 8(s2)
    ld      a2, 16(s2)
    ld      a3, 24(s2)
    ld      a4, 32(s2)
    ld      a5, 40(s2)
    ld      a6, 48(s2)
    ld      a7, 56(s2)
    mv      t5, sp
    mv      t6, s2
    ecall
    mv      s3, a1
    bne     t5, sp, call_changed
    bne     t6, s2, call_changed
    ld      t0, 16(s2)
    bne     t0, a2, call_changed
    ld      t0, 24(s2)
    bne     t0, a3, call_changed
    ld      t0, 32(s2)
    bne     t0, a4, call_changed
    ld      t0, 40(s2)
    bne     t0, a5, call_changed
    ld      t0, 48(s2)
    bne     t0, a6, call_changed
    ld      t0, 56(s2)
    bne     t0, a7, call_changed
call_show:
    jal     print_hex
    li      a0, 58
    jal     put
    mv      a0, s3
    jal     print_hex
    li      a0, 32
    jal     put
    j       next
call_changed:
    mv      s4, a0
    li      a0, 33
    jal     put
    mv      a0, s4
    j       call_show

fence:
    sfence.vma
    fence.i
    j       next

# a1: value for satp. Shows what it reads as then.
translate:
    csrw    satp, a1
    csrr    a0, satp
    jal     print_hex
    j       next

# a1: address of a halfword, a2: value to wait for, however long the device takes: how often that is looked at depends on the host's load.
await:
    lhu     t0, 0(a1)
    bne     t0, a2, await
    j       next

# a1: address, a2: doubleword, a3: how many.
fill:
    beqz    a3, next
    sd      a2, 0(a1)
    addi    a1, a1, 8
    addi    a3, a3, -1
    j       fill

# a1: bits of sstatus to clear, a2: bits to set.
status:
    csrc    sstatus, a1
    csrs    sstatus, a2
    j       next

send:
    jal     newline
    j       next
