using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;

namespace Rvirt.Tests.Desktop;

/// <summary>Small guests under the real trap handler, shadow tables and devices, on the reference hart.</summary>
public sealed class HypervisorTests
{
    private const string PowerOff = "\n" + """
            li t6, 0x100000
            li t5, 0x5555
            sw t5, 0(t6)
            j .
        """;

    [Test]
    public void PowersOff()
    {
        using var guest = new GuestWorld(GuestPayload.Program(PowerOff));
        guest.Run(1000);
        Assert.That(guest.Stopped, Is.EqualTo(StopReason.Shutdown));
    }

    [Test]
    public void RunsPrivilegedInstructions()
    {
        using var guest = new GuestWorld(GuestPayload.Program("""
                csrw sscratch, a0
                li a1, 42
                csrrw a2, sscratch, a1
                csrr a3, sscratch
                csrsi sstatus, 2
                csrr a4, sstatus
                csrw stvec, a1
                csrr a5, stvec
            """ + PowerOff));
        guest.Run(1000);
        Assert.That(guest.Hart[13], Is.EqualTo(42));
        Assert.That(guest.Hart[14], Is.EqualTo(0x2_0000_2002), "UXL 64 bits, FS initial as at the start, SIE");
        Assert.That(guest.Stopped, Is.EqualTo(StopReason.Shutdown));
    }

    [Test]
    public void TalksThroughUartAndSbi()
    {
        using var guest = new GuestWorld(GuestPayload.Program("""
                li s0, 0x10000000
                li a0, 'H'
                sb a0, 0(s0)
                li a7, 1
                li a0, 'i'
                ecall
            """ + PowerOff));
        guest.Run(1000);
        Assert.That(guest.Machine.Uart.Output, Does.Contain("\nHi\r\nrvirt: guest "), "the line of a guest that is gone is closed");
    }

    [Test]
    public void TakesATimerInterrupt()
    {
        using var guest = new GuestWorld(GuestPayload.Program("""
                la t0, handler
                csrw stvec, t0
                rdtime a0
                addi a0, a0, 1000
                li a7, 0
                ecall
                li t0, 0x20
                csrw sie, t0
                csrsi sstatus, 2
            sleep:
                wfi
                j sleep
            .align 2
            handler:
                csrr s1, scause
            """ + PowerOff));
        guest.Run(100000);
        Assert.That(guest.Hart[9], Is.EqualTo((1UL << 63) | 5));
        Assert.That(guest.Stopped, Is.EqualTo(StopReason.Shutdown));
    }

    /// <summary>Found by lockstep: the handler's page is the user's, which S-mode may read with SUM set and never execute.</summary>
    [Test]
    public void AHandlerInAUsersPageFaultsInsteadOfRunning()
    {
        using var guest = new GuestWorld(GuestPayload.Program("""
                # Gigapages: RAM's own addresses for S, the same for U at 1 GiB.
                li s0, 0x80100000
                li t0, 0x200000cf
                sd t0, 16(s0)
                li t0, 0x200000df
                sd t0, 8(s0)
                li t0, 0x8000000000080100
                csrw satp, t0
                sfence.vma
                li t0, 0x40000
                csrs sstatus, t0
                la t0, handler
                li t1, -0x40000000
                add t0, t0, t1
                csrw stvec, t0
                lb t0, 0(t0)
                li s1, 1
                ebreak
            .align 2
            handler:
                csrw sscratch, s1
            """ + PowerOff));
        guest.Run(10000);
        Assert.That(guest.Hart[9], Is.EqualTo(1));
        Assert.That(guest.Guest.VCpu.Csrs.Sscratch, Is.Zero);
        Assert.That(guest.Guest.VCpu.Csrs.Scause, Is.EqualTo(12));
    }

    [Test]
    public void RunsAGuestThatPages([Values(TranslationMode.Sv39, TranslationMode.Sv48, TranslationMode.Sv57)] TranslationMode host)
    {
        using var guest = new GuestWorld(new WorldOptions { Mode = host }, GuestPayload.Program("""
                # A root with gigapages: identity, and the same RAM at -1 GiB * 2 for S, at 0x40000000 for U.
                li s0, 0x80100000
                li t0, 0x200000cf
                sd t0, 16(s0)
                li t1, 0xff0
                add t1, t1, s0
                sd t0, 0(t1)
                li t0, 0x200000df
                sd t0, 8(s0)
                li t0, 0xcf
                sd t0, 0(s0)
                li t0, 0x8000000000080100
                csrw satp, t0
                sfence.vma
                la t0, high
                li t1, 0xffffffff00000000
                add t0, t0, t1
                jr t0
            high:
                auipc s1, 0
                la t0, trap
                csrw stvec, t0
                la t0, user
                li t1, 0x7fffffff
                and t0, t0, t1
                li t1, 0x40000000
                or t0, t0, t1
                csrw sepc, t0
                li t0, 0x100
                csrc sstatus, t0
                sret
            user:
                auipc s2, 0
                csrr a0, sscratch
            .align 2
            trap:
                csrr s3, scause
                csrr s4, stval
                csrr s5, sepc
            """ + PowerOff));
        guest.Run(100000);
        Assert.That(guest.Stopped, Is.EqualTo(StopReason.Shutdown));
        Assert.That(guest.Hart[9] >> 31, Is.EqualTo(0x1_ffff_ffff));
        Assert.That(guest.Hart[18] >> 30, Is.EqualTo(1));
        Assert.That(guest.Hart[19], Is.EqualTo(2));
        Assert.That(guest.Hart[20], Is.EqualTo(0x14002573));
        Assert.That(guest.Hart[21], Is.EqualTo(guest.Hart[18] + 4));
    }
}
