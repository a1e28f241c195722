using System.Runtime.CompilerServices;
using Rvirt.Core.Privileged;

namespace Rvirt.Mmu;

/// <summary>
/// How the host translates, and where every root table maps the hypervisor: whole root-level entries, no access from U-mode.
/// </summary>
/// <remarks>
/// With Sv57 or Sv48 the window is one entry whose addresses are not canonical for any guest. With Sv39 it is a few gigabytes in a
/// hole of the guest's map.
/// </remarks>
public struct HostTranslation
{
    /// <summary>Root index of the window on Sv48 and Sv57: the first of the upper half.</summary>
    public const int WindowIndex = 256;

    /// <summary>Most root entries the window can take on Sv39.</summary>
    public const int MaximumSlots = 8;

    private const ulong WindowFlags = Pte.V | Pte.R | Pte.W | Pte.X | Pte.G | Pte.A | Pte.D;

    private Slots _indexes;

    private Slots _entries;

    /// <summary>The host's mode: the longest it has.</summary>
    public TranslationMode Mode { get; private init; }

    /// <summary>Highest ASID of the host; 0 where it has none.</summary>
    public ushort MaximumAsid { get; private init; }

    /// <summary>Root entries that the window takes.</summary>
    public int SlotCount { get; private set; }

    /// <summary>Describes an Sv48 or Sv57 host: physical address 0 at the start of the upper half.</summary>
    public static HostTranslation Wide(TranslationMode mode, ushort maximumAsid)
    {
        var host = new HostTranslation { Mode = mode, MaximumAsid = maximumAsid };
        host.AddSlot(WindowIndex, 0);
        return host;
    }

    /// <summary>Describes an Sv39 host; the window's gigabytes are added one by one.</summary>
    public static HostTranslation Narrow(ushort maximumAsid) => new() { Mode = TranslationMode.Sv39, MaximumAsid = maximumAsid };

    /// <summary>Maps one root entry of the window.</summary>
    /// <param name="index">Root index, 0 to 511.</param>
    /// <param name="physicalAddress">What it maps, a multiple of the entry's size.</param>
    public void AddSlot(int index, ulong physicalAddress)
    {
        _indexes[SlotCount] = (ulong)index;
        _entries[SlotCount] = Pte.FromAddress(physicalAddress) | WindowFlags;
        SlotCount++;
    }

    /// <summary>Levels of a mode: 3 for Sv39, 0 for Bare.</summary>
    public static int Levels(TranslationMode mode) => mode == TranslationMode.Bare ? 0 : (int)mode - 5;

    /// <summary>Root index of a slot.</summary>
    public readonly int SlotIndex(int slot) => (int)_indexes[slot];

    /// <summary>Root entry of a slot.</summary>
    public readonly ulong SlotEntry(int slot) => _entries[slot];

    /// <summary>Whether a root index belongs to the window.</summary>
    public readonly bool IsWindow(int rootIndex)
    {
        for (var slot = 0; slot < SlotCount; slot++)
        {
            if (SlotIndex(slot) == rootIndex)
            {
                return true;
            }
        }

        return false;
    }

    [InlineArray(MaximumSlots)]
    private struct Slots
    {
        private ulong _first;
    }
}
