namespace Rvirt.Core.Privileged;

/// <summary>Numbers of the control and status registers that a guest's S-mode and U-mode have (Privileged spec 1.13 §2.2).</summary>
public static class Csr
{
    /// <summary><c>sstatus</c>: supervisor status.</summary>
    public const uint Sstatus = 0x100;

    /// <summary><c>sie</c>: interrupt enables.</summary>
    public const uint Sie = 0x104;

    /// <summary><c>stvec</c>: trap vector.</summary>
    public const uint Stvec = 0x105;

    /// <summary><c>scounteren</c>: counters that U-mode may read.</summary>
    public const uint Scounteren = 0x106;

    /// <summary><c>senvcfg</c>: environment of U-mode.</summary>
    public const uint Senvcfg = 0x10a;

    /// <summary><c>sscratch</c>: scratch register of trap handlers.</summary>
    public const uint Sscratch = 0x140;

    /// <summary><c>sepc</c>: program counter of the trapped instruction.</summary>
    public const uint Sepc = 0x141;

    /// <summary><c>scause</c>: cause of the trap.</summary>
    public const uint Scause = 0x142;

    /// <summary><c>stval</c>: address or instruction of the trap.</summary>
    public const uint Stval = 0x143;

    /// <summary><c>sip</c>: pending interrupts.</summary>
    public const uint Sip = 0x144;

    /// <summary><c>satp</c>: address translation.</summary>
    public const uint Satp = 0x180;

    /// <summary><c>time</c>.</summary>
    public const uint Time = 0xc01;
}
