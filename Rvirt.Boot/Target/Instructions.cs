using Rvirt.Core.Freestanding;

namespace Rvirt.Boot.Target;

/// <summary>The instructions that C# has no word for. Nothing else in the image is inline assembly.</summary>
// SAFETY: loads and stores take any address: TargetHost gives them registers of devices in the window, and the guest's addresses only to
// TryLoadGuestHalf, whose trap the vector steps over. The stack pointer is only compared and printed.
internal static unsafe class Instructions
{
    [AsmIntrinsic("csrr $0, sstatus")]
    internal static extern ulong ReadSstatus();

    [AsmIntrinsic("csrw sstatus, $0", ClobbersMemory = true)]
    internal static extern void WriteSstatus(ulong value);

    [AsmIntrinsic("csrr $0, sie")]
    internal static extern ulong ReadSie();

    [AsmIntrinsic("csrs sie, $0")]
    internal static extern void SetSie(ulong bits);

    [AsmIntrinsic("csrc sie, $0")]
    internal static extern void ClearSie(ulong bits);

    [AsmIntrinsic("csrr $0, sip")]
    internal static extern ulong ReadSip();

    /// <summary>With the fence, from which the compiler would part it: CSR writes are device output (Unprivileged spec, Zicsr).</summary>
    [AsmIntrinsic("csrci sip, 2\nfence iorw, iorw", ClobbersMemory = true)]
    internal static extern void ClearSoftwareInterrupt();

    [AsmIntrinsic("csrw scounteren, $0")]
    internal static extern void WriteScounteren(ulong value);

    [AsmIntrinsic("csrw satp, $0", ClobbersMemory = true)]
    internal static extern void WriteSatp(ulong value);

    [AsmIntrinsic("csrr $0, satp")]
    internal static extern ulong ReadSatp();

    [AsmIntrinsic("csrw 0x14d, $0")]
    internal static extern void WriteStimecmp(ulong value);

    [AsmIntrinsic("sfence.vma", ClobbersMemory = true)]
    internal static extern void SfenceAll();

    [AsmIntrinsic("sfence.vma x0, $0", ClobbersMemory = true)]
    internal static extern void SfenceAsid(ulong asid);

    [AsmIntrinsic("sfence.vma $0, x0", ClobbersMemory = true)]
    internal static extern void SfencePage(ulong va);

    [AsmIntrinsic("fence.i", ClobbersMemory = true)]
    internal static extern void FenceI();

    [AsmIntrinsic("csrw stvec, $0")]
    internal static extern void WriteStvec(ulong value);

    [AsmIntrinsic("csrw sie, $0")]
    internal static extern void WriteSie(ulong value);

    [AsmIntrinsic("csrr $0, stvec")]
    internal static extern ulong ReadStvec();

    [AsmIntrinsic("csrr $0, scounteren")]
    internal static extern ulong ReadScounteren();

    [AsmIntrinsic("csrr $0, sscratch")]
    internal static extern ulong ReadSscratch();

    [AsmIntrinsic("csrw sscratch, $0")]
    internal static extern void WriteSscratch(ulong value);

    [AsmIntrinsic("csrr $0, sepc")]
    internal static extern ulong ReadSepc();

    [AsmIntrinsic("csrw sepc, $0")]
    internal static extern void WriteSepc(ulong value);

    [AsmIntrinsic("csrr $0, scause")]
    internal static extern ulong ReadScause();

    [AsmIntrinsic("csrw scause, $0")]
    internal static extern void WriteScause(ulong value);

    [AsmIntrinsic("csrr $0, stval")]
    internal static extern ulong ReadStval();

    [AsmIntrinsic("csrw stval, $0")]
    internal static extern void WriteStval(ulong value);

    [AsmIntrinsic("csrr $0, 0x10a")]
    internal static extern ulong ReadSenvcfg();

    [AsmIntrinsic("csrw 0x10a, $0")]
    internal static extern void WriteSenvcfg(ulong value);

    [AsmIntrinsic("csrr $0, mhartid")]
    internal static extern ulong ReadMhartid();

    [AsmIntrinsic("csrr $0, mstatus")]
    internal static extern ulong ReadMstatus();

    [AsmIntrinsic("csrw mstatus, $0", ClobbersMemory = true)]
    internal static extern void WriteMstatus(ulong value);

    [AsmIntrinsic("csrw mtvec, $0")]
    internal static extern void WriteMtvec(ulong value);

    [AsmIntrinsic("csrr $0, mie")]
    internal static extern ulong ReadMie();

    [AsmIntrinsic("csrs mie, $0")]
    internal static extern void SetMie(ulong bits);

    [AsmIntrinsic("csrc mie, $0")]
    internal static extern void ClearMie(ulong bits);

    [AsmIntrinsic("csrr $0, mip")]
    internal static extern ulong ReadMip();

    [AsmIntrinsic("csrs mip, $0")]
    internal static extern void SetMip(ulong bits);

    [AsmIntrinsic("csrc mip, $0")]
    internal static extern void ClearMip(ulong bits);

    [AsmIntrinsic("csrw pmpaddr0, $0\ncsrw pmpaddr1, $1\ncsrw pmpaddr2, $2\ncsrw pmpaddr3, $3")]
    internal static extern void WritePmpAddresses(ulong first, ulong second, ulong third, ulong fourth);

    [AsmIntrinsic("csrw pmpcfg0, $0", ClobbersMemory = true)]
    internal static extern void WritePmpConfiguration(ulong value);

    [AsmIntrinsic("rdtime $0")]
    internal static extern ulong ReadTime();

    [AsmIntrinsic("sc.w x0, x0, ($0)", ClobbersMemory = true)]
    internal static extern void StoreConditional(ulong address);

    [AsmIntrinsic("wfi", ClobbersMemory = true)]
    internal static extern void Wfi();

    // pause, by its number: a hint, which harts without Zihintpause take for a fence of nothing.
    [AsmIntrinsic(".word 0x0100000f", ClobbersMemory = true)]
    internal static extern void Pause();

    [AsmIntrinsic("fence iorw, iorw", ClobbersMemory = true)]
    internal static extern void IoFence();

    [AsmIntrinsic("lbu $0, 0($1)", ClobbersMemory = true)]
    internal static extern byte Load8(ulong address);

    [AsmIntrinsic("lhu $0, 0($1)", ClobbersMemory = true)]
    internal static extern ushort Load16(ulong address);

    [AsmIntrinsic("lw $0, 0($1)", ClobbersMemory = true)]
    internal static extern uint Load32(ulong address);

    [AsmIntrinsic("ld $0, 0($1)", ClobbersMemory = true)]
    internal static extern ulong Load64(ulong address);

    [AsmIntrinsic("sb $1, 0($0)", ClobbersMemory = true)]
    internal static extern void Store8(ulong address, byte value);

    [AsmIntrinsic("sh $1, 0($0)", ClobbersMemory = true)]
    internal static extern void Store16(ulong address, ushort value);

    [AsmIntrinsic("sw $1, 0($0)", ClobbersMemory = true)]
    internal static extern void Store32(ulong address, uint value);

    [AsmIntrinsic("sd $1, 0($0)", ClobbersMemory = true)]
    internal static extern void Store64(ulong address, ulong value);

    [AsmIntrinsic("csrs sstatus, $0", ClobbersMemory = true)]
    internal static extern void SetSstatus(ulong bits);

    [AsmIntrinsic("csrc sstatus, $0", ClobbersMemory = true)]
    internal static extern void ClearSstatus(ulong bits);

    /// <summary>
    /// Reads 16 bits through the guest's mapping, or all ones where there is none: the load is guarded as <c>RVIRT_GUARD</c> does it
    /// (Guard.inc), and where it traps, its result keeps what it was set to before. <c>sstatus.SUM</c> is set.
    /// </summary>
    [AsmIntrinsic(
        """
        li $0, -1
        1: lhu $0, 0($1)
        2:
        .pushsection .guards, "a", @progbits
        .balign 4
        .word 1b - .
        .word 2b - . + 4
        .popsection
        """,
        ClobbersMemory = true)]
    internal static extern ulong TryLoadGuestHalf(ulong va);

    /// <summary>
    /// Reads an instruction as the guest below M-mode would fetch it, 16 bits or 32, or all ones where there is nothing: by its mode and tables (MPRV, MXR), guarded
    /// as above, half by half, as the second may be on the next page. <c>mstatus</c> is what it was, even where the guard's trap changed it; it is changed twice
    /// and no more, as an emulator may forget all translations each time.
    /// </summary>
    [AsmIntrinsic(
        """
        csrr t0, mstatus
        li t1, 0xa0000
        li $0, -1
        csrs mstatus, t1
        1: lhu t1, 0($1)
        not t2, t1
        andi t2, t2, 3
        bnez t2, 3f
        2: lhu t2, 2($1)
        slli t2, t2, 16
        or t1, t1, t2
        3: mv $0, t1
        4: csrw mstatus, t0
        .pushsection .guards, "a", @progbits
        .balign 4
        .word 1b - .
        .word 4b - . + 4
        .word 2b - .
        .word 4b - . + 4
        .popsection
        """,
        ClobbersMemory = true,
        Clobbers = "t0,t1,t2")]
    internal static extern ulong TryLoadResidentInstruction(ulong va);

    [AsmIntrinsic("mv $0, sp")]
    internal static extern ulong* StackPointer();
}
