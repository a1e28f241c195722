namespace Rvirt.Core.Host;

/// <summary>CSRs of the hart that the hypervisor runs on, in S-mode, and <c>wfi</c>.</summary>
/// <remarks>This and its siblings are implemented by one struct, passed as a generic type argument, so that every call compiles to the instruction it stands for.</remarks>
public interface ISupervisorCsrs
{
    /// <summary>Reads <c>sstatus</c>.</summary>
    ulong ReadSstatus();

    /// <summary>Writes <c>sstatus</c>.</summary>
    void WriteSstatus(ulong value);

    /// <summary>Reads <c>sie</c>.</summary>
    ulong ReadSie();

    /// <summary>Sets bits of <c>sie</c>.</summary>
    void SetSie(ulong bits);

    /// <summary>Clears bits of <c>sie</c>.</summary>
    void ClearSie(ulong bits);

    /// <summary>Reads <c>sip</c>.</summary>
    ulong ReadSip();

    /// <summary>Clears the software interrupt that another hart raised (<c>sip.SSIP</c>), before anything that is read afterwards.</summary>
    void ClearSoftwareInterrupt();

    /// <summary>Writes <c>scounteren</c>, which says what counters U-mode, and so every guest, may read without a trap.</summary>
    void WriteScounteren(ulong value);

    /// <summary>Waits until an interrupt enabled in <c>sie</c> is pending. May return early.</summary>
    void Wfi();
}
