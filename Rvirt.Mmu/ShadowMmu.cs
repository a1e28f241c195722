using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Mmu;

/// <summary>
/// The MMU of one virtual hart: shadow page tables that the host's hardware walks while the guest runs.
/// </summary>
/// <remarks>
/// <para>
/// RISC-V promises that a changed entry is seen only after <c>sfence.vma</c> (Privileged spec 1.13 §12.2.1), so the tables are a
/// virtual TLB: nothing of the guest's is write-protected, faults fill, fences drop.
/// </para>
/// <para>
/// A shadow table is made for one guest table at one virtual address and one class of leaves, and belongs to one ASID or to all
/// (global leaves). Three rules keep it no staler than a TLB may be:
/// </para>
/// <list type="number">
/// <item>A fence of a page clears the page's leaf in every table that can hold it, linked anywhere or not: the index finds tables by
/// virtual address. It keeps links to tables, as such a fence orders leaf entries only.</item>
/// <item>A fence of an ASID drops the ASID's roots and every table it owns, by raising a generation. What it owns is linked only
/// from what it owns. Global tables stay: such a fence does not order global mappings.</item>
/// <item>A fence of everything drops everything, by raising one generation.</item>
/// </list>
/// <para>
/// A dropped table is cleared when its page is used again, entry by entry as it was filled. When no page is free all tables are
/// dropped. Roots have pages of their own, so the one the hardware uses always maps the hypervisor.
/// </para>
/// </remarks>
/// <typeparam name="TViews">Which views of the guest's tables there are: known to the way its guests are run.</typeparam>
// SAFETY: Initialize sets every pointer to a part of the memory that its caller gives for as long as the MMU lives. Indexes are the MMU's own:
// tables below _tableCount, roots below RootCount, slots up to AsidSlot.Count. One hart at a time uses all of it; its walker only reads tables.
public unsafe partial struct ShadowMmu<TViews>
    where TViews : struct, IViewPolicy
{
    private const int None = -1;

    // Which views there are, and what their tables hold.
    private static TViews Policy => default;

    // The machine.
    private GuestMemory _memory;

    private PhysicalMemory _window;

    private HostTranslation _host;

    // Whether each root has a host ASID of its own, and the first root's.
    private bool _hostAsids;

    private ushort _firstAsid;

    // The guest's state: satp, its view, and the address space; that is the one behind the last where the
    // guest has none, or none any more.
    private ulong _satp;

    private int _view;

    private AddressSpace* _activeSpace;

    private AddressSpace* _spaces;

    private AsidSlot* _slots;

    // What counts as dropped: the pool's generation; the count of fences, and of what else ends a translation to a device; the count
    // of what can part a table from its root: links replaced, roots and tables dropped.
    private ulong _generation;

    private ulong _fences;

    private ulong _linkChanges;

    private ShadowRoot* _roots;

    private int _rootHand;

    private int _activeRoot;

    // The pool of tables, and the index of it.
    private byte* _tables;

    private ulong _tablesAddress;

    private ShadowTable* _records;

    private int _tableCount;

    private int _tableHand;

    private int* _buckets;

    // Bit n: something larger than 4 KiB may be mapped at a virtual address of a gigabyte that is n modulo 64; something larger than 2 MiB.
    private ulong _largePages;

    private ulong _hugePages;

    // Of what is of 2 MiB: where in its gigabyte, whichever that is. It is cleared when it is first written after all was dropped.
    private EntryBitmap _largeRegions;

    private ulong _largeGeneration;

    private RecentTable* _recent;

    // The generation in which something was remembered last.
    private ulong _rememberedAt;

    private MmioTranslation* _mmio;

    /// <summary>What the tables did so far.</summary>
    public ShadowCounters Counters;

    /// <summary>See <see cref="IGuestMmu{THost}.Supports"/>: Bare, and every mode shorter than a wide host's own.</summary>
    internal readonly bool Supports(TranslationMode mode) => mode switch
    {
        TranslationMode.Bare => true,
        TranslationMode.Sv39 => true,
        TranslationMode.Sv48 => _host.Mode == TranslationMode.Sv57,
        _ => false,
    };

    /// <summary>See <see cref="IGuestMmu{THost}.AsidMask"/>: all sixteen bits.</summary>
    internal readonly ulong AsidMask => Satp.AsidMask;
}
