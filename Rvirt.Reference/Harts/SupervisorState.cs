namespace Rvirt.Reference.Harts;

/// <summary>Everything that S-mode sees of a hart's privileged state.</summary>
public record struct SupervisorState
{
    public PrivilegeLevel Mode;
    public ulong Sstatus, Sie, Sip, Stvec, Scounteren, Senvcfg, Sscratch, Sepc, Scause, Stval, Satp;
}
