using System;
using Rvirt.Core.Memory;

namespace Rvirt.Core.Images;

/// <summary>Copies and clears ranges of a guest's RAM of any size.</summary>
public static unsafe class Blocks
{
    private const ulong Largest = 1 << 30;

    /// <summary>Copies bytes to a guest physical address.</summary>
    /// <returns>False, with nothing written, where the range is not all RAM.</returns>
    public static bool TryCopy(in GuestMemory memory, ulong guestAddress, byte* source, ulong length)
    {
        if (length == 0)
        {
            return true;
        }

        if (!memory.TryPointer(guestAddress, length, out var target))
        {
            return false;
        }

        for (ulong done = 0; done < length; done += Largest)
        {
            // SAFETY: the whole range is the guest's RAM, checked above, and the caller vouches for the source.
            var part = (int)Math.Min(length - done, Largest);
            new ReadOnlySpan<byte>(source + done, part).CopyTo(new Span<byte>(target + done, part));
        }

        return true;
    }

    /// <summary>Zeroes bytes from a guest physical address on.</summary>
    /// <returns>False, with nothing written, where the range is not all RAM.</returns>
    internal static bool TryClear(in GuestMemory memory, ulong guestAddress, ulong length)
    {
        if (length == 0)
        {
            return true;
        }

        if (!memory.TryPointer(guestAddress, length, out var target))
        {
            return false;
        }

        for (ulong done = 0; done < length; done += Largest)
        {
            // SAFETY: the whole range is the guest's RAM, checked above.
            new Span<byte>(target + done, (int)Math.Min(length - done, Largest)).Clear();
        }

        return true;
    }
}
