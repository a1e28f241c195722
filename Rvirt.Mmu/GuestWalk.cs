using System.Runtime.CompilerServices;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Mmu;

/// <summary>A walk of the guest's own page tables (Privileged spec 1.13 §12.3.2). Each entry is read once, from the guest's RAM only.</summary>
public ref struct GuestWalk
{
    /// <summary>Most levels there are: Sv57's.</summary>
    public const int MaximumLevels = 5;

    /// <summary>How often an entry that changes under the walk is tried: a guest's other hart must not hold this one in the hypervisor.</summary>
    public const int MaximumTries = 8;

    private LevelWords _tables;

    private LevelWords _entries;

    /// <summary>The leaf, its A and D bits as they are after the walk.</summary>
    public ulong Leaf;

    /// <summary>Level of the leaf.</summary>
    public int Level;

    /// <summary>Whether the leaf, or a table above it, is global.</summary>
    public bool Global;

    /// <summary>The guest physical address that the virtual address leads to.</summary>
    public ulong GuestAddress;

    /// <summary>Guest physical address of the table that was read at a level, from the root's down to the leaf's.</summary>
    public readonly ulong Table(int level) => _tables[level];

    /// <summary>The entry that was read at a level above the leaf's, a link to the table below.</summary>
    public readonly ulong Link(int level) => _entries[level];

    /// <summary>Walks.</summary>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="satp">The guest's <c>satp</c>, of a mode with translation.</param>
    /// <param name="va">Guest virtual address.</param>
    /// <param name="access">What is to be done there.</param>
    /// <param name="mode">The guest's privilege mode.</param>
    /// <param name="sum">The guest's <c>sstatus.SUM</c>.</param>
    /// <param name="mxr">The guest's <c>sstatus.MXR</c>.</param>
    /// <param name="update">Whether A and D are set as the access needs; without, they are taken as if they were.</param>
    /// <returns>
    /// Mapped where the guest's tables allow the access, GuestPageFault or GuestAccessFault; Contended where the entry changed before A and
    /// D could be set, <see cref="MaximumTries"/> times.
    /// </returns>
    public FaultResolution Run(
        in GuestMemory memory, ulong satp, ulong va, AccessKind access, PrivilegeMode mode, bool sum, bool mxr, bool update) =>
        Run(memory, satp, va, access, mode, sum, mxr, update, default(AtomicEntryUpdate));

    /// <summary>Walks, with another way to set A and D than the hart's own.</summary>
    /// <returns>As the other.</returns>
    public FaultResolution Run<TUpdate>(
        in GuestMemory memory, ulong satp, ulong va, AccessKind access, PrivilegeMode mode, bool sum, bool mxr, bool update, TUpdate setter)
        where TUpdate : struct, IEntryUpdate
    {
        GuestAddress = 0;
        var levels = HostTranslation.Levels(Satp.Mode(satp));
        if (!IsCanonical(va, levels))
        {
            return FaultResolution.GuestPageFault;
        }

        for (var tries = MaximumTries; tries > 0; tries--)
        {
            var result = Descend(memory, satp, va, levels, out var leafAddress);
            if (result != FaultResolution.Mapped)
            {
                return result;
            }

            if (!Allows(Leaf, access, mode, sum, mxr) || ((Leaf >> Pte.PpnShift) & ((1UL << (Pte.IndexBits * Level)) - 1)) != 0)
            {
                return FaultResolution.GuestPageFault;
            }

            var wanted = Leaf | Pte.A | (access == AccessKind.Store ? Pte.D : 0);
            // An entry that another hart changed meanwhile is walked again, as §12.3.2 step 9 has it.
            if (wanted == Leaf || !update || setter.TryUpdate(memory, leafAddress, Leaf, wanted))
            {
                Leaf = wanted;
                GuestAddress = Pte.Address(Leaf) | (va & (Pte.Size(Level) - 1));
                return FaultResolution.Mapped;
            }
        }

        return FaultResolution.Contended;
    }

    /// <summary>Whether a virtual address is one the mode has: the upper bits all equal to the highest that is translated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsCanonical(ulong va, int levels)
    {
        var shift = 64 - Pte.Shift(levels);
        return (long)(va << shift) >> shift == (long)va;
    }

    /// <summary>Whether a guest's leaf allows an access, A and D aside (§12.3.2 step 7, §12.1.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Allows(ulong leaf, AccessKind access, PrivilegeMode mode, bool sum, bool mxr)
    {
        if ((leaf & Pte.U) == 0)
        {
            if (mode == PrivilegeMode.User)
            {
                return false;
            }
        }
        else if (mode != PrivilegeMode.User && (!sum || access == AccessKind.Fetch))
        {
            return false;
        }

        return access switch
        {
            AccessKind.Fetch => (leaf & Pte.X) != 0,
            AccessKind.Load => (leaf & Pte.R) != 0 || (mxr && (leaf & Pte.X) != 0),
            _ => (leaf & Pte.W) != 0,
        };
    }

    /// <summary>Whether an entry is valid and none of its bits or combinations is reserved, misalignment aside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsWellFormed(ulong pte) =>
        (pte & (Pte.V | Pte.Reserved)) == Pte.V && (pte & (Pte.R | Pte.W)) != Pte.W;

    private FaultResolution Descend(in GuestMemory memory, ulong satp, ulong va, int levels, out ulong leafAddress)
    {
        var table = Satp.Ppn(satp) << Pte.PageShift;
        Global = false;
        leafAddress = 0;
        for (var level = levels - 1; level >= 0; level--)
        {
            _tables[level] = table;
            leafAddress = table + ((ulong)Pte.Index(va, level) * sizeof(ulong));
            if (!memory.TryRead64(leafAddress, out var pte))
            {
                return FaultResolution.GuestAccessFault;
            }

            if (!IsWellFormed(pte))
            {
                return FaultResolution.GuestPageFault;
            }

            _entries[level] = pte;
            Global |= (pte & Pte.G) != 0;
            if (Pte.IsLeaf(pte))
            {
                Leaf = pte;
                Level = level;
                return FaultResolution.Mapped;
            }

            if ((pte & Pte.ReservedInLink) != 0)
            {
                return FaultResolution.GuestPageFault;
            }

            table = Pte.Address(pte);
        }

        return FaultResolution.GuestPageFault;
    }

    [InlineArray(MaximumLevels)]
    private struct LevelWords
    {
        private ulong _first;
    }
}
