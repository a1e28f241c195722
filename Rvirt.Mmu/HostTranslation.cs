using System.Numerics;
using Rvirt.Core.Privileged;

namespace Rvirt.Mmu;

/// <summary>
/// How the host translates, and the window: what of the host's physical memory every root table maps for the hypervisor, as whole
/// root-level entries without access from U-mode.
/// </summary>
/// <remarks>
/// <para>This is the one place that says what the window can map (<see cref="Reach"/>) and what it maps (<see cref="TryMap"/>); the entry
/// assembly, the reading of the host's tree and the memory plan all take it from here.</para>
/// <para>The window is linear: physical address 0 stands at the start of root entry <see cref="WindowIndex"/>. With Sv57 or Sv48 it is
/// that one entry, whose addresses are not canonical for any guest. With Sv39 an entry is 1 GiB, and the window may take no more than a
/// hole of the guest's map: each gigabyte that is mapped is an address range that no guest can use.</para>
/// </remarks>
public struct HostTranslation
{
    /// <summary>Root index where the window starts: the first of the upper half.</summary>
    public const int WindowIndex = 256;

    /// <summary>
    /// Most root entries of the window on Sv39: those from 0xffffffc000000000 that Linux leaves alone on Sv39. The twentieth has its
    /// fixmap, from 0xffffffc4fea00000 (Linux, Documentation/arch/riscv/vm-layout.rst). Limits.inc has the same.
    /// </summary>
    public const int Sv39Slots = 19;

    /// <summary>Bytes of a page of a window that is mapped by tables (<see cref="Tables"/>).</summary>
    public const ulong SmallPage = 1UL << 21;

    private const int Sv39SlotShift = 30;
    private const ulong WindowFlags = Pte.V | Pte.R | Pte.W | Pte.X | Pte.G | Pte.A | Pte.D;

    /// <summary>The host's mode: the longest it has.</summary>
    public TranslationMode Mode { get; private init; }

    /// <summary>Highest ASID of the host; 0 where it has none.</summary>
    public ushort MaximumAsid { get; private init; }

    /// <summary>Whether the host is fenced as a whole, whatever is to be forgotten: its fences of an address or an address space are not to be trusted.</summary>
    public bool WholeFences { get; init; }

    /// <summary>On Sv39: physical address of a table for each root entry of the window, one behind another, which say what of it is mapped; 0: it is leaves.</summary>
    public ulong Tables { get; init; }

    /// <summary>The window's root entries in use: bit n for index <see cref="WindowIndex"/> + n.</summary>
    internal ulong Slots { get; private set; }

    /// <summary>Describes a host whose window is empty yet, but that of one entry is whole from the start.</summary>
    /// <param name="mode">Sv39, Sv48 or Sv57.</param>
    /// <param name="maximumAsid">The highest ASID, 0 where there is none.</param>
    public static HostTranslation Of(TranslationMode mode, ushort maximumAsid) =>
        new() { Mode = mode, MaximumAsid = maximumAsid, Slots = mode == TranslationMode.Sv39 ? 0UL : 1UL };

    /// <summary>Bytes of physical memory, from address 0, that the window can map.</summary>
    public static ulong Reach(TranslationMode mode) => mode switch
    {
        TranslationMode.Sv57 => 1UL << 48,
        TranslationMode.Sv48 => 1UL << 39,
        _ => (ulong)Sv39Slots << Sv39SlotShift,
    };

    /// <summary>Levels of a mode: 3 for Sv39, 0 for Bare.</summary>
    public static int Levels(TranslationMode mode) => mode == TranslationMode.Bare ? 0 : (int)mode - 5;

    /// <summary>Maps a range of physical memory, and with it the rest of the root entries it lies in.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="length">Bytes, not zero.</param>
    /// <returns>False where the window does not reach all of it: then nothing changed.</returns>
    public bool TryMap(ulong start, ulong length)
    {
        var reach = Reach(Mode);
        if (start >= reach || length > reach - start)
        {
            return false;
        }

        if (Mode == TranslationMode.Sv39)
        {
            var first = (int)(start >> Sv39SlotShift);
            var last = (int)((start + length - 1) >> Sv39SlotShift);
            Slots |= (ulong.MaxValue >> (63 - last + first)) << first;
        }

        return true;
    }

    /// <summary>Whether a root index belongs to the window.</summary>
    /// <param name="rootIndex">0 to 511.</param>
    internal readonly bool IsWindow(int rootIndex) =>
        (uint)(rootIndex - WindowIndex) < 64 && ((Slots >> (rootIndex - WindowIndex)) & 1) != 0;

    /// <summary>Writes the window's entries into a root table.</summary>
    /// <param name="table">512 entries.</param>
    // SAFETY: the caller owns the table; an index is below 256 + 64.
    internal readonly unsafe void WriteWindow(ulong* table)
    {
        for (var left = Slots; left != 0; left &= left - 1)
        {
            var slot = BitOperations.TrailingZeroCount(left);
            table[WindowIndex + slot] = Tables == 0
                ? Pte.FromAddress((ulong)slot << Sv39SlotShift) | WindowFlags
                : Pte.FromAddress(Tables + (Pte.PageSize * (ulong)slot)) | Pte.V;
        }
    }
}
