using System.Runtime.CompilerServices;
using System.Threading;

namespace Rvirt.Core.Memory;

/// <summary>A guest's RAM: one range of guest physical addresses backed by one range of host memory. Every access is checked.</summary>
public readonly unsafe struct GuestMemory
{
    /// <summary>Describes RAM of <paramref name="length"/> bytes.</summary>
    /// <param name="guestBase">Guest physical address of the first byte, a multiple of 4096.</param>
    /// <param name="length">Bytes, a multiple of 4096.</param>
    /// <param name="hostAddress">Host physical address that backs the first byte.</param>
    /// <param name="pointer">The hypervisor's pointer to it.</param>
    public GuestMemory(ulong guestBase, ulong length, ulong hostAddress, byte* pointer)
    {
        GuestBase = guestBase;
        Length = length;
        HostAddress = hostAddress;
        Pointer = pointer;
    }

    /// <summary>Guest physical address of the first byte.</summary>
    public readonly ulong GuestBase;

    /// <summary>Size in bytes.</summary>
    public readonly ulong Length;

    /// <summary>Host physical address of the first byte.</summary>
    public readonly ulong HostAddress;

    /// <summary>The hypervisor's pointer to the first byte.</summary>
    public readonly byte* Pointer;

    /// <summary>Whether all of a range of guest physical addresses is RAM. An empty range is where its address is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(ulong guestAddress, ulong length)
    {
        var offset = guestAddress - GuestBase;
        return offset < Length && length <= Length - offset;
    }

    /// <summary>The host physical address behind a guest physical one.</summary>
    /// <returns>False where the range is not all RAM.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTranslate(ulong guestAddress, ulong length, out ulong hostAddress)
    {
        hostAddress = HostAddress + (guestAddress - GuestBase);
        return Contains(guestAddress, length);
    }

    /// <summary>The hypervisor's pointer to guest memory.</summary>
    /// <returns>False where the range is not all RAM.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPointer(ulong guestAddress, ulong length, out byte* pointer)
    {
        pointer = Pointer + (guestAddress - GuestBase);
        return Contains(guestAddress, length);
    }

    /// <summary>Reads an aligned doubleword once, as one access.</summary>
    /// <returns>False where it is misaligned or not RAM.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead64(ulong guestAddress, out ulong value)
    {
        if ((guestAddress & 7) == 0 && Contains(guestAddress, 8))
        {
            // SAFETY: aligned and inside the guest's RAM, checked above.
            value = Volatile.Read(ref *(ulong*)(Pointer + (guestAddress - GuestBase)));
            return true;
        }

        value = 0;
        return false;
    }
}
