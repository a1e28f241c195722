namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>The program of an explored guest, and where in its RAM it is told what to do and says what it found.</summary>
/// <remarks>
/// Hart 0 waits for the next number of a script, starts the others, does its own, and waits until the others have stopped. Each hart owns a page and two
/// instructions: it changes where the page leads, or what the code returns, fences all harts, and then says so. Whoever sees what it said must see
/// the change, or a later one.
/// </remarks>
internal static class ExploredGuest
{
    /// <summary>Where scripts are told, and results said.</summary>
    public const ulong Control = 0x8040_0000;

    /// <summary>From there: the number of the script, what hart 0 has done, how many have finished, the first fault, how often a hart ran that was started by others, how often one was, and starts of the guest.</summary>
    public const ulong Go = 0, Done = 8, Finished = 16, Fault = 24, Extras = 32, Started = 40, Boots = 48;

    /// <summary>From there: interrupts that were sent to each hart.</summary>
    public const ulong Tokens = 64;

    /// <summary>From there: fences that each hart has made.</summary>
    public const ulong Fences = 320;

    /// <summary>The scripts.</summary>
    public const ulong Scripts = 0x8041_0000;

    /// <summary>Two instructions for each hart, 64 bytes apart.</summary>
    public const ulong Code = 0x8042_0000;

    /// <summary>Page tables: the root, and two below for the pages of harts.</summary>
    public const ulong Root = 0x8050_0000;

    /// <summary>Eight pages, each of which begins with its number.</summary>
    public const ulong Frames = 0x8060_0000;

    /// <summary>Its text.</summary>
    public const string Program = """
            li s0, 0x80400000
            li t0, 1
            addi t1, s0, 48
            amoadd.d t0, t0, (t1)
            li s4, 0
            ld s1, 0(s0)
            sd s1, 8(s0)
        wait_go:
            ld t0, 0(s0)
            beq t0, s1, wait_go
            mv s1, t0
            call prepare
            li s9, 1
        start_next:
            mv a0, s9
            la a1, secondary
            li a2, 0
            li a7, 0x48534d
            li a6, 0
            ecall
            li t0, -6
            beq a0, t0, start_next
            li s6, 1
            bnez a0, fail
            addi s9, s9, 1
            li t0, 3
            bne s9, t0, start_next
            call script
        finish:
            csrci sip, 2
            ld t0, 16(s0)
            li t1, 2
            beq t0, t1, poll
            wfi
            j finish
        poll:
            li s9, 1
        poll_next:
            mv a0, s9
            li a7, 0x48534d
            li a6, 2
            ecall
            li t0, 1
            bne a1, t0, poll
            addi s9, s9, 1
            li t0, 3
            bne s9, t0, poll_next
            sd s1, 8(s0)
            j wait_go

        prepare:
            csrr t0, satp
            bnez t0, prepared
            li t0, 0x8000000000080500
            csrw satp, t0
            sfence.vma
        prepared:
            li t0, 2
            csrw sie, t0
            ret

        secondary:
            li s0, 0x80400000
            mv s4, a0
            mv s9, a1
            call prepare
            li t0, 1
            bnez s9, extra
            call script
            li t0, 1
            addi t1, s0, 16
            amoadd.d t0, t0, (t1)
            li a0, 1
            call send
            j stop
        extra:
            addi t1, s0, 32
            amoadd.d t0, t0, (t1)
        stop:
            li a7, 0x48534d
            li a6, 1
            ecall
            li s6, 2
        fail:
            sd s6, 24(s0)
            j .

        # a0 = mask of harts
        send:
            li a1, 0
            li a7, 0x735049
            li a6, 0
            ecall
            li s6, 3
            bnez a0, fail
            ret

        script:
            mv s10, ra
            li s11, 0
            li s5, 0x80410000
            slli t0, s4, 10
            add s5, s5, t0
        next:
            lbu t0, 0(s5)
            lbu s6, 1(s5)
            addi s5, s5, 8
            li t1, 1
            beq t0, t1, kick
            li t1, 2
            beq t0, t1, await
            li t1, 3
            beq t0, t1, fence
            li t1, 4
            beq t0, t1, fence
            li t1, 5
            beq t0, t1, fetches
            li t1, 6
            beq t0, t1, check
            li t1, 7
            beq t0, t1, start
            li t1, 8
            beq t0, t1, await
            li t1, 9
            beq t0, t1, nap
            li t1, 10
            beq t0, t1, watch
            jr s10

        # until a moment later: a timer wakes, and nobody else
        nap:
            li t0, 32
            csrw sie, t0
            csrr a0, time
            addi a0, a0, 3
            call set_timer
            wfi
            li a0, -1
            call set_timer
            li t0, 2
            csrw sie, t0
            j next
        set_timer:
            li a7, 0x54494d45
            li a6, 0
            ecall
            ret

        # s6 = whose fences; the next byte: how many; no trap meanwhile
        watch:
            lbu t0, -6(s5)
            slli t1, s6, 3
            add t1, t1, s0
        watching:
            ld t2, 320(t1)
            blt t2, t0, watching
            j next

        kick:
            slli t1, s6, 3
            add t1, t1, s0
            addi t1, t1, 64
            li t0, 1
            amoadd.d t0, t0, (t1)
            li a0, 1
            sll a0, a0, s6
            call send
            j next

        # t0 = how
        await:
            addi s11, s11, 1
            mv s9, t0
        awake:
            csrci sip, 2
            slli t1, s4, 3
            add t1, t1, s0
            ld t1, 64(t1)
            bge t1, s11, next
            li t0, 8
            beq s9, t0, suspend
            wfi
            j awake
        suspend:
            li a0, 0
            li a1, 0
            li a2, 0
            li a7, 0x48534d
            li a6, 3
            ecall
            li s6, 4
            bnez a0, fail
            j awake

        # t0 = 3 for the page, 4 for all
        fence:
            slli s9, s4, 4
            add s9, s9, s0
            ld s3, 136(s9)
            addi s3, s3, 1
            sd s3, 136(s9)
            andi t1, s3, 7
            slli t1, t1, 10
            li t2, 0x201800c7
            add t1, t1, t2
            li t2, 0x80502000
            slli t3, s4, 3
            add t2, t2, t3
            sd t1, 0(t2)
            li a2, 0x40000000
            slli t3, s4, 12
            add a2, a2, t3
            li a3, 0x1000
            li t1, 3
            beq t0, t1, page
            li a2, 0
            li a3, -1
        page:
            li a0, 0
            li a1, -1
            li a7, 0x52464e43
            li a6, 1
            ecall
            li s6, 5
            bnez a0, fail
            sd s3, 128(s9)
            j fenced

        fetches:
            slli s9, s4, 4
            add s9, s9, s0
            ld s3, 264(s9)
            addi s3, s3, 1
            sd s3, 264(s9)
            andi t1, s3, 7
            slli t1, t1, 20
            addi t1, t1, 0x513
            li t2, 0x80420000
            slli t3, s4, 6
            add t2, t2, t3
            sw t1, 0(t2)
            li a0, 0
            li a1, -1
            li a7, 0x52464e43
            li a6, 0
            ecall
            li s6, 6
            bnez a0, fail
            sd s3, 256(s9)
        fenced:
            slli t1, s4, 3
            add t1, t1, s0
            ld t0, 320(t1)
            addi t0, t0, 1
            sd t0, 320(t1)
            j next

        # s6 = whose
        check:
            slli s9, s6, 4
            add s9, s9, s0
            li t2, 0x40000000
            slli t3, s6, 12
            add t2, t2, t3
            ld t3, 128(s9)
            ld t4, 0(t2)
            ld t5, 136(s9)
            call compare
            li t2, 0x80420000
            slli t3, s6, 6
            add t2, t2, t3
            ld s3, 256(s9)
            jalr t2
            mv t3, s3
            mv t4, a0
            ld t5, 264(s9)
            call compare
            j next

        # t3 = what was said before, t4 = what is there, t5 = what was begun after
        compare:
            sub t4, t4, t3
            andi t4, t4, 7
            sub t5, t5, t3
            li t0, 7
            bgeu t5, t0, compared
            bgeu t5, t4, compared
            li s6, 7
            j fail
        compared:
            ret

        start:
            mv a0, s6
            la a1, secondary
            li a2, 1
            li a7, 0x48534d
            li a6, 0
            ecall
            bnez a0, next
            li t0, 1
            addi t1, s0, 40
            amoadd.d t0, t0, (t1)
            j next
        """ + "\n";
}
