using Rvirt.Core.Privileged;

namespace Rvirt.Core.VirtualHart;

/// <summary>The virtual MMU of one virtual hart, as trap handling needs it. Implemented by the shadow page tables.</summary>
public interface IGuestMmu<THost>
    where THost : struct
{
    /// <summary>Whether the guest may select a mode in <c>satp</c>.</summary>
    bool Supports(TranslationMode mode);

    /// <summary>The bits of <c>satp.ASID</c> the guest can set, in place (bits 59 to 44).</summary>
    ulong AsidMask { get; }

    /// <summary>
    /// Makes the view that fits the guest's state the hart's: writes the host's <c>satp</c> where it changes. Flushes nothing
    /// that the guest did not ask for.
    /// </summary>
    /// <param name="host">The hart.</param>
    /// <param name="satp">The guest's <c>satp</c>, already legal.</param>
    /// <param name="view">How the guest accesses memory now: a view of the <see cref="IViewPolicy"/> of the way it is run.</param>
    void Activate(ref THost host, ulong satp, int view);

    /// <summary>
    /// Does what <see cref="Activate"/> does for a change of the view alone, in a few instructions, where it is at hand.
    /// For a change of <c>satp</c>, and after a fence of more than a page, only <see cref="Activate"/> will do.
    /// </summary>
    /// <returns>False where the view is not at hand; nothing is done then.</returns>
    bool TrySwitchView(ref THost host, int view);

    /// <summary>Handles a page fault at a guest virtual address in the active view: the one question that a fault asks, once.</summary>
    /// <remarks>Quick ways come first, and the quickest, for what is a device, is worth inlining.</remarks>
    /// <param name="host">The hart.</param>
    /// <param name="va">The faulting address, any 64-bit value.</param>
    /// <param name="access">What the guest did.</param>
    /// <param name="follower">Gets the answer, once.</param>
    /// <returns>What the follower returned.</returns>
    ref VCpu Resolve<TFollower>(ref THost host, ulong va, AccessKind access, TFollower follower)
        where TFollower : struct, IFaultFollower;

    /// <summary>Finds where an address leads, for an access that the hypervisor makes in the guest's place: no fault, and nothing is mapped.</summary>
    /// <param name="va">A guest virtual address in the active view, any 64-bit value.</param>
    /// <param name="access">What is to be done there; A and D of the guest's leaf are set as for the guest's own access.</param>
    /// <param name="guestAddress">The guest physical address, where the answer is Mapped; it need not be RAM.</param>
    /// <returns>Mapped, Contended, GuestPageFault or GuestAccessFault.</returns>
    FaultResolution Translate(ulong va, AccessKind access, out ulong guestAddress);

    /// <summary>
    /// Reads what the guest executes at an address, by the tables that the hart uses: without the hart's help, whose state of translation would change for that,
    /// which costs some hosts all that they have translated.
    /// </summary>
    /// <param name="va">A guest virtual address in the active view, any 64-bit value.</param>
    /// <param name="instruction">Its 32 bits; of a 16-bit one, those in the lower half.</param>
    /// <returns>False where it cannot be told like this: the hart may still fetch it.</returns>
    bool TryReadCode(ulong va, out uint instruction);

    /// <summary>The guest's <c>sfence.vma x0, x0</c>.</summary>
    void FenceAll(ref THost host);

    /// <summary>The guest's <c>sfence.vma x0, asid</c>.</summary>
    void FenceAsid(ref THost host, ushort asid);

    /// <summary>The guest's <c>sfence.vma va, x0</c>.</summary>
    void FencePage(ref THost host, ulong va);

    /// <summary>
    /// <see cref="FencePage"/> where it takes a few instructions. What the guest has put in its tables by then may be mapped at once: kernels fence what they
    /// are about to use.
    /// </summary>
    /// <returns>False where it takes more; nothing is done then.</returns>
    bool TryFencePageQuickly(ref THost host, ulong va);

    /// <summary>The guest's <c>sfence.vma va, asid</c>.</summary>
    void FencePageAsid(ref THost host, ulong va, ushort asid);
}
