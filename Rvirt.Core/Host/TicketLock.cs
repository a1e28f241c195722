using System.Runtime.CompilerServices;
using System.Threading;

namespace Rvirt.Core.Host;

/// <summary>A fair spin lock between harts. All zero is free. Held for a bounded time only, with interrupts masked.</summary>
public struct TicketLock
{
    private int _next;

    private int _serving;

    /// <summary>Takes the lock; harts get it in the order they asked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Acquire()
    {
        var ticket = Interlocked.Increment(ref _next) - 1;
        while (Volatile.Read(ref _serving) != ticket)
        {
        }
    }

    /// <summary>Takes the lock where it is free at this moment.</summary>
    /// <returns>False where another hart holds it.</returns>
    public bool TryAcquire()
    {
        var serving = Volatile.Read(ref _serving);
        return Interlocked.CompareExchange(ref _next, serving + 1, serving) == serving;
    }

    /// <summary>Gives the lock back. Only its holder may.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release() => Volatile.Write(ref _serving, _serving + 1);
}
