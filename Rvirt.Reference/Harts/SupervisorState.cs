namespace Rvirt.Reference.Harts;

/// <summary>Everything that S-mode sees of a hart's privileged state: each CSR as it reads, but for <c>stimecmp</c> (Privileged spec 1.13 §12.1).</summary>
public record struct SupervisorState
{
    /// <summary>The mode that the hart is in.</summary>
    public PrivilegeLevel Mode;

    /// <summary><c>sstatus</c>: status.</summary>
    public ulong Sstatus;

    /// <summary><c>sie</c>: interrupt enables.</summary>
    public ulong Sie;

    /// <summary><c>sip</c>: pending interrupts.</summary>
    public ulong Sip;

    /// <summary><c>stvec</c>: trap vector.</summary>
    public ulong Stvec;

    /// <summary><c>scounteren</c>: counters that U-mode may read.</summary>
    public ulong Scounteren;

    /// <summary><c>senvcfg</c>: environment of U-mode.</summary>
    public ulong Senvcfg;

    /// <summary><c>sscratch</c>: scratch register of trap handlers.</summary>
    public ulong Sscratch;

    /// <summary><c>sepc</c>: program counter of the trapped instruction.</summary>
    public ulong Sepc;

    /// <summary><c>scause</c>: cause of the trap.</summary>
    public ulong Scause;

    /// <summary><c>stval</c>: address or instruction of the trap.</summary>
    public ulong Stval;

    /// <summary><c>satp</c>: address translation.</summary>
    public ulong Satp;
}
