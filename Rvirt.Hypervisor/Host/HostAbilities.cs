namespace Rvirt.Hypervisor.Host;

/// <summary>What the hart that runs the hypervisor, and the firmware under it, offer.</summary>
public struct HostAbilities
{
    /// <summary>The hart sets its timer itself (Sstc).</summary>
    public bool HasStimecmp;

    /// <summary>The firmware sets a timer.</summary>
    public bool HasFirmwareTimer;

    /// <summary>The firmware interrupts other harts.</summary>
    public bool HasInterprocessor;

    /// <summary>The time can be read.</summary>
    public bool HasTime;

    /// <summary>Physical address of the register where it is read; 0: in the <c>time</c> CSR.</summary>
    public ulong TimeRegister;

    /// <summary>How many bytes each vector register has; 0 where there are none.</summary>
    public ulong VectorBytes;

    /// <summary>The firmware is Rvirt's own machine-mode part.</summary>
    public bool IsOwnMachineMode;

    /// <summary>The firmware prints a line for privileged instructions that a guest is meant to trap on, and cannot be told not to.</summary>
    public bool PrintsTraps;
}
