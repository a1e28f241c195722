using System.Threading;
using Rvirt.Core.Host;

namespace Rvirt.Core.VirtualHart;

/// <summary>Where other harts leave the fences that a virtual hart is to make before any further instruction of its guest.</summary>
/// <remarks>
/// <para>All zero is empty. What is posted is written under the lock, by whoever asks and by the hart that takes it; <see cref="_done"/> is
/// written by the latter alone, after it has made the fences, and read without the lock by those who wait.</para>
/// <para>Who posts then sets <see cref="HartRequest.Fence"/>, a full barrier, and reads <see cref="VCpu.Run"/>; who loads the virtual hart writes
/// that, a full barrier, and reads the requests. So a virtual hart that was not seen loaded makes the fence before its guest goes on.</para>
/// </remarks>
internal struct FenceMailbox
{
    private TicketLock _lock;
    private int _posted;
    private int _done;
    private FencePosts _posts;

    /// <summary>Asks for a fence of translations.</summary>
    /// <returns>The number by which <see cref="IsServed"/> knows it.</returns>
    internal int Post(in FenceRange range)
    {
        _lock.Acquire();
        _posts.Add(range);
        var ticket = ++_posted;
        _lock.Release();
        return ticket;
    }

    /// <summary>Asks for a <c>fence.i</c>.</summary>
    /// <returns>The number by which <see cref="IsServed"/> knows it.</returns>
    internal int PostFetches()
    {
        _lock.Acquire();
        _posts.Fetches = true;
        var ticket = ++_posted;
        _lock.Release();
        return ticket;
    }

    /// <summary>Whether a fence that was posted is made.</summary>
    internal readonly bool IsServed(int ticket) => Volatile.Read(in _done) - ticket >= 0;

    /// <summary>Takes all that is posted. Only the hart that has the virtual hart.</summary>
    /// <param name="ticket">What to hand to <see cref="Finish"/> once they are made.</param>
    internal FencePosts Take(out int ticket)
    {
        _lock.Acquire();
        var posts = _posts;
        _posts = default;
        ticket = _posted;
        _lock.Release();
        return posts;
    }

    /// <summary>Forgets all that is posted: who starts the virtual hart fences everything.</summary>
    /// <returns>What to hand to <see cref="Finish"/>.</returns>
    internal int TakeAll()
    {
        Take(out var ticket);
        return ticket;
    }

    /// <summary>All that was taken is made.</summary>
    internal void Finish(int ticket) => Volatile.Write(ref _done, ticket);
}
