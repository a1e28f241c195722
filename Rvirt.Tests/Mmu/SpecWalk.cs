using System;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Mmu;

/// <summary>What a walk finds.</summary>
internal readonly record struct WalkResult(
    FaultResolution Outcome, ulong Address = 0, ulong Leaf = 0, int Level = 0, bool Global = false, ulong LeafAddress = 0);

/// <summary>The privilege an access is made with.</summary>
internal readonly record struct Privilege(PrivilegeMode Mode, bool Sum, bool Mxr)
{
    public static readonly Privilege[] All =
    [
        new(PrivilegeMode.User, false, false), new(PrivilegeMode.User, true, false), new(PrivilegeMode.User, false, true),
        new(PrivilegeMode.User, true, true), new(PrivilegeMode.Supervisor, false, false), new(PrivilegeMode.Supervisor, true, false),
        new(PrivilegeMode.Supervisor, false, true), new(PrivilegeMode.Supervisor, true, true),
    ];
}

/// <summary>A second walker: the steps of Privileged spec 1.13 §12.3.2, one by one, with A and D set by the walk.</summary>
internal static class SpecWalk
{
    public static WalkResult Run(Func<ulong, ulong?> read, ulong satp, ulong va, AccessKind access, Privilege privilege)
    {
        var levels = (int)(satp >> 60) - 5;
        var bits = 12 + (9 * levels);
        for (var bit = bits; bit < 64; bit++)
        {
            if (((va >> bit) & 1) != ((va >> (bits - 1)) & 1))
            {
                return new WalkResult(FaultResolution.GuestPageFault);
            }
        }

        // Steps 1 and 2.
        var a = (satp & 0xfff_ffff_ffff) * 4096;
        var global = false;
        for (var i = levels - 1; i >= 0; i--)
        {
            var address = a + ((va >> (12 + (9 * i))) % 512 * 8);
            if (read(address) is not { } pte)
            {
                return new WalkResult(FaultResolution.GuestAccessFault);
            }

            // Step 3.
            var (v, r, w, x) = (Bit(pte, 0), Bit(pte, 1), Bit(pte, 2), Bit(pte, 3));
            if (!v || (!r && w) || pte >> 54 != 0)
            {
                return new WalkResult(FaultResolution.GuestPageFault);
            }

            global = global || Bit(pte, 5);
            if (r || x)
            {
                return Leaf(pte, i, va, access, privilege, global, address);
            }

            // Step 4: a pointer's D, A and U are reserved (§12.3.1).
            if (Bit(pte, 7) || Bit(pte, 6) || Bit(pte, 4))
            {
                return new WalkResult(FaultResolution.GuestPageFault);
            }

            a = ((pte >> 10) & 0xfff_ffff_ffff) * 4096;
        }

        return new WalkResult(FaultResolution.GuestPageFault);
    }

    /// <summary>Whether a leaf's permissions allow an access, whatever its A and D.</summary>
    public static bool Allows(ulong pte, AccessKind access, Privilege privilege)
    {
        var (r, w, x, u) = (Bit(pte, 1), Bit(pte, 2), Bit(pte, 3), Bit(pte, 4));
        var user = privilege.Mode == PrivilegeMode.User;
        var mode = user ? u : !u || (privilege.Sum && access != AccessKind.Fetch);
        var kind = access == AccessKind.Fetch ? x : access == AccessKind.Store ? w : r || (x && privilege.Mxr);
        return mode && kind;
    }

    private static WalkResult Leaf(ulong pte, int i, ulong va, AccessKind access, Privilege privilege, bool global, ulong address)
    {
        // Steps 5 to 8.
        var ppn = (pte >> 10) & 0xfff_ffff_ffff;
        var pages = 1UL << (9 * i);
        if (!Allows(pte, access, privilege) || ppn % pages != 0)
        {
            return new WalkResult(FaultResolution.GuestPageFault);
        }

        // Steps 9 and 10.
        var leaf = pte | 0x40 | (access == AccessKind.Store ? 0x80UL : 0);
        return new WalkResult(FaultResolution.Mapped, (ppn * 4096) + (va % (pages * 4096)), leaf, i, global, address);
    }

    private static bool Bit(ulong value, int bit) => ((value >> bit) & 1) != 0;
}
