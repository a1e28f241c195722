namespace Rvirt.Core.Host;

/// <summary>The hart that the hypervisor runs on, in S-mode: CSRs, fences, time, and reads of guest memory as the guest sees it.</summary>
/// <remarks>Implemented by a struct and passed as a generic type argument, so that every call compiles to the instruction it stands for.</remarks>
public interface IHart
{
    /// <summary>
    /// Whether <c>stval</c> may name another instruction than the one that was illegal (Privileged spec 1.13 §12.1.9 wants it to be that one,
    /// or zero). QEMU's harts with the H extension leave an older trap's there for HLV, HLVX and HSV.
    /// </summary>
    bool MistrustsInstructions { get; }

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

    /// <summary>Clears the software interrupt that another hart raised (<c>sip.SSIP</c>).</summary>
    void ClearSoftwareInterrupt();

    /// <summary>Writes <c>scounteren</c>, which says what counters U-mode, and so every guest, may read without a trap.</summary>
    void WriteScounteren(ulong value);

    /// <summary>Writes <c>satp</c>. Flushes nothing.</summary>
    void WriteSatp(ulong value);

    /// <summary><c>sfence.vma x0, x0</c>: orders all page-table updates.</summary>
    void SfenceAll();

    /// <summary><c>sfence.vma x0, asid</c>.</summary>
    void SfenceAsid(ulong asid);

    /// <summary><c>sfence.vma va, x0</c>.</summary>
    void SfencePage(ulong va);

    /// <summary><c>fence.i</c>: later fetches of this hart see earlier stores.</summary>
    void FenceI();

    /// <summary>Reads <c>time</c>, in ticks of the platform's timebase.</summary>
    ulong ReadTime();

    /// <summary>Raises this hart's supervisor timer interrupt once <c>time</c> reaches <paramref name="deadline"/>; clears a pending one. All ones means never.</summary>
    void SetTimer(ulong deadline);

    /// <summary>Raises the supervisor software interrupt of another hart, named by its hardware hart id.</summary>
    void SendIpi(ulong hartId);

    /// <summary>Waits until an interrupt enabled in <c>sie</c> is pending. May return early.</summary>
    void Wfi();

    /// <summary>
    /// Reads the instruction at a guest virtual address through the active view, as the guest would fetch it: 16 bits, or 32 where
    /// the low two bits of the first half are set.
    /// </summary>
    /// <param name="va">Guest virtual address, a multiple of 2.</param>
    /// <param name="instruction">The instruction, zero-extended.</param>
    /// <returns>False when the view holds no mapping for it (any more); nothing else happens then.</returns>
    bool TryFetch(ulong va, out uint instruction);

    /// <summary>
    /// Reads 16 bits of an instruction at a guest virtual address through the active view, in as few instructions as it takes.
    /// </summary>
    /// <returns>
    /// The bits; all ones where the view holds no mapping, or one that cannot be read: <see cref="TryFetch"/> may still read it.
    /// </returns>
    ulong TryFetchHalf(ulong va);

    /// <summary>Stores the hart's f0 to f31 and fcsr, 33 doublewords, at <paramref name="area"/>.</summary>
    // SAFETY: an implementation writes 33 aligned doublewords, which are the caller's.
    unsafe void SaveFloatingPoint(ulong* area);

    /// <summary>Loads the hart's f0 to f31 and fcsr from <paramref name="area"/>; <c>sstatus</c> stays as it is.</summary>
    // SAFETY: an implementation reads 33 aligned doublewords, which are the caller's.
    unsafe void RestoreFloatingPoint(ulong* area);
}
