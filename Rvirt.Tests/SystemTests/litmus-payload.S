# Litmus programs of the memory model on four harts: each test runs in rounds of up to 128 instances, and all outcomes are counted and printed at the end, as
# "test outcome count" in hexadecimal. Bits 2h and 2h+1 of an outcome are what hart h found in a2 and a3.
# s0 hart (0 is the one that firmware begins on), s1 test, s2 rounds left, s3 what this hart does, s4 instance, s9 where a pair meets,
# s10 and s11 the barrier; a0 and a1 two variables, a4 a page, a5 a piece of code.
    .equ DATA, 0x80400000
    .equ RESULTS, 0x80410000
    .equ COUNTS, 0x80420000
    .equ ROOT, 0x80440000
    .equ FRAME0, 0x80443000
    .equ FRAME1, 0x80444000
    .equ CODE, 0x80450000
    .equ ARRIVED, 0x80460000
    .equ AGAIN, 0x80460080
    .equ MET, 0x80460100
    .equ PAGES, 0x40000000
    .equ INSTANCES, 128
    .equ FENCES, 16                         # of those, where each has a remote fence
    .text
    .globl _start
_start:
    # A root table, two below, and all of RAM as one page.
    li t0, ROOT
    li t1, (ROOT + 0x1000) >> 12 << 10 | 1
    sd t1, 8(t0)
    li t1, 0x80000000 >> 12 << 10 | 0xcf
    sd t1, 16(t0)
    li t0, ROOT + 0x1000
    li t1, (ROOT + 0x2000) >> 12 << 10 | 1
    sd t1, 0(t0)
    li t0, FRAME1
    li t1, 1
    sd t1, 0(t0)
    # Firmware may begin on any hart: the program counts from that one.
    mv s2, a0
    li s1, 1
1:  add a0, s2, s1
    andi a0, a0, 3
    la a1, enter
    mv a2, s1
    li a7, 0x48534d
    li a6, 0
    ecall
    bnez a0, failed
    addi s1, s1, 1
    li t0, 4
    bne s1, t0, 1b
    li a1, 0
enter:
    mv s0, a1
    li t0, 8 << 60 | ROOT >> 12
    csrw satp, t0
    sfence.vma
    csrwi sie, 2
    li s9, 0
    li s10, ARRIVED
    li s11, 0
    la s1, tests
test:
    ld t0, 0(s1)
    beqz t0, print
    slli t1, s0, 3
    add t1, t1, s1
    ld s3, 8(t1)
repeat:
    li s2, ROUNDS
round:
    call barrier
    bnez s0, 2f
    li t0, DATA
    li t1, DATA + 256 * INSTANCES
1:  sd zero, 0(t0)
    addi t0, t0, 8
    bne t0, t1, 1b
    li t0, RESULTS
    li t1, RESULTS + 64 * INSTANCES
1:  sd zero, 0(t0)
    addi t0, t0, 8
    bne t0, t1, 1b
    li t0, ROOT + 0x2000
    li t1, ROOT + 0x2000 + 8 * INSTANCES
    li t2, FRAME0 >> 12 << 10 | 0xc7
    li t3, CODE
    li t4, 0x0000806700000613               # li a2, 0; ret
1:  sd t2, 0(t0)
    sd t4, 0(t3)
    addi t3, t3, 64
    addi t0, t0, 8
    bne t0, t1, 1b
2:  call barrier
    fence.i
    sfence.vma
    li s4, 0
3:  call locate
    ld t0, 0(s1)
    jalr t0
    addi s4, s4, 1
    ld t0, 48(s1)
    bne s4, t0, 3b
    call barrier
    li s4, 0
4:  call meet
    call locate
    li a2, 0
    li a3, 0
    jalr s3
    slli t0, s4, 6
    slli t1, s0, 4
    add t0, t0, t1
    li t1, RESULTS
    add t0, t0, t1
    sd a2, 0(t0)
    sd a3, 8(t0)
    addi s4, s4, 1
    ld t0, 48(s1)
    bne s4, t0, 4b
    call barrier
    bnez s0, 7f
    li s4, 0
5:  call locate
    ld t0, 40(s1)
    jalr t0
    slli t0, s4, 6
    li t1, RESULTS
    add t0, t0, t1
    li t1, 0
    li t2, 0
6:  ld t3, 0(t0)
    andi t3, t3, 1
    sll t3, t3, t2
    or t1, t1, t3
    addi t0, t0, 8
    addi t2, t2, 1
    li t3, 8
    bne t2, t3, 6b
    call count
    ld t2, 0(t1)
    addi t2, t2, 1
    sd t2, 0(t1)
    addi s4, s4, 1
    ld t0, 48(s1)
    bne s4, t0, 5b
7:  addi s2, s2, -1
    bnez s2, round
    # Once more, until an outcome that is wanted was seen.
    bnez s0, 8f
    ld t1, 56(s1)
    li t2, 0
    bltz t1, 9f
    call count
    ld t2, 0(t1)
    seqz t2, t2
9:  li t0, AGAIN
    sd t2, 0(t0)
8:  call barrier
    li t0, AGAIN
    ld t0, 0(t0)
    bnez t0, repeat
    addi s1, s1, 64
    j test

# t1 = outcome: gives the place of its count
count:
    la t2, tests
    sub t2, s1, t2
    slli t2, t2, 5
    slli t1, t1, 3
    add t1, t1, t2
    li t2, COUNTS
    add t1, t1, t2
    ret

# Who waits sleeps: a hart that a test leaves out takes no time from those that it needs. The last wakes the others.
barrier:
    addi s11, s11, 4
    li t0, 1
    amoadd.d.aqrl t0, t0, (s10)
    addi t0, t0, 1
    bne t0, s11, 1f
    li a0, 15
    li a1, 0
    li a7, 0x735049
    li a6, 0
    ecall
    bnez a0, failed
1:  csrci sip, 2
    ld t0, 0(s10)
    bge t0, s11, 2f
    wfi
    j 1b
2:  fence rw, rw
    ret

# Harts 0 and 1 start each instance of a test that is theirs alone at once.
meet:
    ld t0, 24(s1)
    la t1, idle
    bne t0, t1, 2f
    li t0, 2
    bgeu s0, t0, 2f
    addi s9, s9, 2
    li t1, MET
    li t0, 1
    amoadd.d.aqrl zero, t0, (t1)
1:  ld t0, 0(t1)
    blt t0, s9, 1b
2:  ret

locate:
    slli t0, s4, 8
    li a0, DATA
    add a0, a0, t0
    addi a1, a0, 128
    slli t0, s4, 12
    li a4, PAGES
    add a4, a4, t0
    slli t0, s4, 6
    li a5, CODE
    add a5, a5, t0
    ret

print:
    bnez s0, asleep
    la s1, tests
    li s5, 0
1:  ld t0, 0(s1)
    beqz t0, 4f
    li s4, 0
2:  mv t1, s4
    call count
    ld s6, 0(t1)
    beqz s6, 3f
    mv s7, s5
    call hex
    mv s7, s4
    call hex
    mv s7, s6
    call hex
    li a0, '\n'
    li a7, 1
    ecall
3:  addi s4, s4, 1
    li t0, 256
    bne s4, t0, 2b
    addi s1, s1, 64
    addi s5, s5, 1
    j 1b
4:  li a0, '.'
    li a7, 1
    ecall
    li a0, '\n'
    ecall
    li a7, 8
    ecall
failed:
    li a0, '!'
    li a7, 1
    ecall
    li a0, '\n'
    ecall
asleep:
    wfi
    j asleep

# s7 in eight digits, and a blank
hex:
    li s8, 28
1:  srl a0, s7, s8
    andi a0, a0, 15
    li t0, 10
    bltu a0, t0, 2f
    addi a0, a0, 'a' - '0' - 10
2:  addi a0, a0, '0'
    li a7, 1
    ecall
    addi s8, s8, -4
    bgez s8, 1b
    li a0, ' '
    ecall
    ret

idle:
    ret

    .macro set place, value=1
    li t0, \value
    sd t0, 0(\place)
    .endm

sb_0:
    set a0
    ld a2, 0(a1)
    ret
sb_1:
    set a1
    ld a2, 0(a0)
    ret
sbf_0:
    set a0
    fence rw, rw
    ld a2, 0(a1)
    ret
sbf_1:
    set a1
    fence rw, rw
    ld a2, 0(a0)
    ret

mp_0:
    set a0
    fence w, w
    set a1
    ret
mp_1:
    ld a2, 0(a1)
    fence r, r
    ld a3, 0(a0)
    ret
amo_0:
    set a0
    amoswap.d.rl zero, t0, (a1)
    ret
amo_1:
    amoor.d.aq a2, zero, (a1)
    ld a3, 0(a0)
    ret
address_1:
    ld a2, 0(a1)
    xor t0, a2, a2
    add t0, t0, a0
    ld a3, 0(t0)
    ret

lb_0:
    ld a2, 0(a0)
    fence r, w
    set a1
    ret
lb_1:
    ld a2, 0(a1)
    fence r, w
    set a0
    ret
data_0:
    ld a2, 0(a0)
    xor t0, a2, a2
    addi t0, t0, 1
    sd t0, 0(a1)
    ret
data_1:
    ld a2, 0(a1)
    xor t0, a2, a2
    addi t0, t0, 1
    sd t0, 0(a0)
    ret

write_x:
    set a0
    ret
write_y:
    set a1
    ret
xy:
    ld a2, 0(a0)
    fence r, r
    ld a3, 0(a1)
    ret
yx:
    ld a2, 0(a1)
    fence r, r
    ld a3, 0(a0)
    ret
xx:
    ld a2, 0(a0)
    ld a3, 0(a0)
    ret

ww_0:
    set a0
    fence w, w
    set a1, 2
    ret
ww_1:
    set a1
    fence w, w
    set a0, 2
    ret
ww_last:
    slli t0, s4, 6
    li t1, RESULTS
    add t0, t0, t1
    ld t1, 0(a0)
    addi t1, t1, -1
    seqz t1, t1
    sd t1, 0(t0)
    ld t1, 0(a1)
    addi t1, t1, -1
    seqz t1, t1
    sd t1, 8(t0)
    ret

# Other code in the same place, fenced on all harts, and then a flag.
run:
    mv t6, ra
    jalr a5
    mv ra, t6
    ret
code_0:
    mv t5, a0
    li t0, 0x00100613                       # li a2, 1
    sw t0, 0(a5)
    li a0, 0
    li a1, -1
    li a7, 0x52464e43
    li a6, 0
    ecall
    bnez a0, failed
    fence rw, w
    set t5
    ret
code_1:
    ld a3, 0(a0)
    beqz a3, code_1
    fence r, r
    mv t6, ra
    jalr a5
    mv ra, t6
    ret

# Another page at the same address, likewise.
touch:
    ld t0, 0(a4)
    ret
    .macro map
    slli t0, s4, 3
    li t1, ROOT + 0x2000
    add t0, t0, t1
    li t1, FRAME1 >> 12 << 10 | 0xc7
    sd t1, 0(t0)
    .endm
page_0:
    map
    mv t5, a0
    li a0, 0
    li a1, -1
    mv a2, a4
    li a3, 4096
    li a7, 0x52464e43
    li a6, 1
    ecall
    bnez a0, failed
    li a2, 0
    li a3, 0
    fence rw, w
    set t5
    ret
alone_0:
    map
    sfence.vma a4
    fence rw, w
    set a0
    ret
page_1:
    ld a3, 0(a0)
    beqz a3, page_1
    fence r, r
    ld a2, 0(a4)
    ret

    # Before a round, the harts, hart 0 behind it, instances, the outcome that has to be seen.
    .macro row before, h0, h1, h2, h3, last, instances=INSTANCES, wanted=-1
    .dword \before, \h0, \h1, \h2, \h3, \last, \instances, \wanted
    .endm
    .data
    .balign 64
tests:
    row idle, sb_0, sb_1, idle, idle, idle
    row idle, sbf_0, sbf_1, idle, idle, idle
    row idle, mp_0, mp_1, idle, idle, idle
    row idle, amo_0, amo_1, idle, idle, idle
    row idle, mp_0, address_1, idle, idle, idle
    row idle, lb_0, lb_1, idle, idle, idle
    row idle, data_0, data_1, idle, idle, idle
    row idle, write_x, write_y, xy, yx, idle
    row idle, write_x, xx, xx, xx, idle
    row idle, ww_0, ww_1, idle, idle, ww_last
    row run, code_0, code_1, code_1, code_1, idle, FENCES
    row touch, page_0, page_1, page_1, page_1, idle, FENCES
    row touch, alone_0, page_1, idle, idle, idle, wanted=8
    .dword 0
