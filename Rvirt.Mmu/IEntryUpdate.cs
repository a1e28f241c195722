using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Memory;

namespace Rvirt.Mmu;

/// <summary>How a walk changes an entry of the guest's tables that other harts of the guest may change at the same time.</summary>
public interface IEntryUpdate
{
    /// <summary>Replaces an entry in one atomic step, if it still is what it was.</summary>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="address">Guest physical address of the entry, aligned and in RAM.</param>
    /// <param name="old">What was read there.</param>
    /// <param name="wanted">What is to be there.</param>
    /// <returns>False where something else is there by now, which then stays.</returns>
    bool TryUpdate(in GuestMemory memory, ulong address, ulong old, ulong wanted);
}

/// <summary>The hart's own compare-and-swap (Privileged spec 1.13 §12.3.2 step 9).</summary>
internal readonly struct AtomicEntryUpdate : IEntryUpdate
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe bool TryUpdate(in GuestMemory memory, ulong address, ulong old, ulong wanted) =>
        // SAFETY: the walk read the entry at this address just now: it is aligned and in the guest's RAM.
        memory.TryPointer(address, sizeof(ulong), out var pointer)
        && Interlocked.CompareExchange(ref *(ulong*)pointer, wanted, old) == old;
}
