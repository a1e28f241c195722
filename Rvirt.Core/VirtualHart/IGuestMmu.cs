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
    /// <param name="mode">The guest's privilege mode.</param>
    /// <param name="sum">The guest's <c>sstatus.SUM</c>.</param>
    /// <param name="mxr">The guest's <c>sstatus.MXR</c>.</param>
    void Activate(ref THost host, ulong satp, PrivilegeMode mode, bool sum, bool mxr);

    /// <summary>
    /// Does what <see cref="Activate"/> does for a change of mode, SUM or MXR, in a few instructions, where the view is at hand.
    /// For a change of <c>satp</c>, and after a fence of more than a page, only <see cref="Activate"/> will do.
    /// </summary>
    /// <returns>False where the view is not at hand; nothing is done then.</returns>
    bool TrySwitchView(ref THost host, PrivilegeMode mode, bool sum, bool mxr);

    /// <summary>Does what <see cref="Resolve"/> does for a page of RAM, in a few instructions, where the tables around it are at hand.</summary>
    /// <returns>True where the shadow tables now map the page. False where <see cref="Resolve"/> has to find out; nothing is done then.</returns>
    bool TryRefill(ref THost host, ulong va, AccessKind access);

    /// <summary>Does what <see cref="Resolve"/> does for a page of a device, in a few instructions, where the translation is at hand.</summary>
    /// <param name="va">The faulting address, any 64-bit value.</param>
    /// <param name="access">What the guest did.</param>
    /// <param name="guestAddress">The guest physical address; not RAM.</param>
    /// <returns>False where <see cref="Resolve"/> has to find out; nothing is done then.</returns>
    bool TryTranslateDevice(ulong va, AccessKind access, out ulong guestAddress);

    /// <summary>Handles a page fault at a guest virtual address in the active view.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="va">The faulting address, any 64-bit value.</param>
    /// <param name="access">What the guest did.</param>
    /// <param name="guestAddress">The guest physical address, where the guest's tables allow the access.</param>
    FaultResolution Resolve(ref THost host, ulong va, AccessKind access, out ulong guestAddress);

    /// <summary>The guest's <c>sfence.vma x0, x0</c>.</summary>
    void FenceAll(ref THost host);

    /// <summary>The guest's <c>sfence.vma x0, asid</c>.</summary>
    void FenceAsid(ref THost host, ushort asid);

    /// <summary>The guest's <c>sfence.vma va, x0</c>.</summary>
    void FencePage(ref THost host, ulong va);

    /// <summary>The guest's <c>sfence.vma va, asid</c>.</summary>
    void FencePageAsid(ref THost host, ulong va, ushort asid);
}
