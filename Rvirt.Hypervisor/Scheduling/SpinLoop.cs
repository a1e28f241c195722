using Rvirt.Core.Instructions;
using Rvirt.Core.Memory;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Scheduling;

/// <summary>Whether a hart spins, as far as its instructions tell: it does not trap where it waits for another one by looking again and again.</summary>
internal static unsafe class SpinLoop
{
    // Loops that wait are shorter than this to both sides; what is taken for one by mistake loses a slice, and gets it back.
    private const ulong Reach = 64;

    // wrs.nto and wrs.sto, which Linux's loops skip where a hart has none: their pause may then be far away. They differ in this bit.
    private const uint ShortWait = Encodings.WrsNto ^ Encodings.WrsSto;

    /// <summary>Whether <c>pause</c>, or what waits on a reservation set, is near what a hart executes, on the same page.</summary>
    /// <param name="memory">The RAM of its guest.</param>
    /// <param name="address">The guest physical address that its <c>pc</c> leads to.</param>
    /// <returns>False, too, where that is no RAM.</returns>
    internal static bool IsAt(in GuestMemory memory, ulong address)
    {
        if (!memory.TryPointer(address & ~(Pte.PageSize - 1), Pte.PageSize, out var page))
        {
            return false;
        }

        var offset = address & (Pte.PageSize - 2);
        var first = offset > Reach ? offset - Reach : 0;
        var end = offset + Reach < Pte.PageSize ? offset + Reach : Pte.PageSize;
        // Instructions are at multiples of two bytes.
        uint word = 0;
        for (var at = first; at < end; at += sizeof(ushort))
        {
            // SAFETY: inside the page, which is RAM of the guest, as was checked above. Nothing but the answer depends on what is there, so that it may change.
            word = (word >> 16) | ((uint)*(ushort*)(page + at) << 16);
            if (word == Encodings.Pause || (word & ~ShortWait) == Encodings.WrsNto)
            {
                return true;
            }
        }

        return false;
    }
}
