namespace Rvirt.Core.Host;

/// <summary>Instructions of the guest, read as the hart would fetch them.</summary>
public interface IGuestFetch
{
    /// <summary>
    /// Whether <c>stval</c> may name another instruction than the one that was illegal (Privileged spec 1.13 §12.1.9 wants it to be that one,
    /// or zero). QEMU's harts with the H extension leave an older trap's there for HLV, HLVX and HSV.
    /// </summary>
    bool MistrustsInstructions { get; }

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

    /// <summary><c>fence.i</c>: later fetches of this hart see earlier stores.</summary>
    void FenceI();
}
