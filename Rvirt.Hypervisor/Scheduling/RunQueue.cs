using System;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Images;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.Scheduling;

/// <summary>
/// Who runs next where there are more virtual harts than harts: a fair queue of two levels. The guest that has had least of its share comes
/// first, and of its harts the one that has run least.
/// </summary>
/// <remarks>
/// <para>It is start-time fair queueing: who runs is charged its time, divided by its share; who wakes is put where the queue is, less one
/// slice at the most, so that sleep is not saved up. A guest that cannot use its share, because it has too few harts, is kept near the
/// others in the same way.</para>
/// <para>While no virtual hart waits, nobody takes anything from anybody: that time is forgiven, and no slice ends.</para>
/// <para>Virtual times wrap, and are compared by their difference.</para>
/// <para>Time does not go back in here: who read it before another one came, and waited for the lock, comes at that one's time.</para>
/// <para>One for the machine, in memory that was zeroed. All is read and written by whoever holds <see cref="Lock"/>.</para>
/// </remarks>
internal struct RunQueue
{
    /// <summary>No virtual hart.</summary>
    internal const int None = -1;

    /// <summary>Numbers of virtual harts that each guest has: hart n of guest g is <c>g * HartsPerGuest + n</c>.</summary>
    internal const int HartsPerGuest = GuestBlob.MaximumHarts;

    private const int MaximumVirtualHarts = GuestBlob.MaximumGuests * HartsPerGuest;

    // A tick of a guest whose share is this is one in its virtual time, or rather two to the sixteen, so that fractions count.
    private const ulong UsualShare = 100;
    private const int FractionBits = 16;

    /// <summary>Held around each call.</summary>
    internal TicketLock Lock;

    private GuestArray _guests;
    private HartArray _harts;
    private CoreArray _cores;
    private Slices _slices;
    private int _coreCount;

    // Guests with a hart that waits, as bits.
    private uint _contending;

    // The time of the guest that was the next to run last.
    private ulong _now;

    // The latest time that anybody came with.
    private ulong _clock;

    [InlineArray(GuestBlob.MaximumGuests)]
    private struct GuestArray
    {
        private QueuedGuest _first;
    }

    [InlineArray(MaximumVirtualHarts)]
    private struct HartArray
    {
        private QueuedHart _first;
    }

    [InlineArray(Limits.MaximumHarts)]
    private struct CoreArray
    {
        private QueuedCore _first;
    }

    /// <summary>Whether a virtual hart waits for a hart.</summary>
    internal readonly bool IsContended => _contending != 0;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="slices">How long slices are.</param>
    internal void Initialize(Slices slices) => _slices = slices;

    /// <summary>Adds a guest, or gives it another share; its harts rest until they are woken.</summary>
    /// <param name="guest">Its number.</param>
    /// <param name="share">1 to <see cref="GuestBlob.MaximumShare"/>.</param>
    internal void SetShare(int guest, uint share) => _guests[guest].Share = share;

    /// <summary>A guest's share.</summary>
    internal readonly uint Share(int guest) => _guests[guest].Share;

    /// <summary>A hart of the host takes virtual harts from now on, when it asks for them.</summary>
    internal void Open(int core)
    {
        _coreCount = core >= _coreCount ? core + 1 : _coreCount;
        ref var entry = ref _cores[core];
        entry.Open = true;
        entry.SliceEnd = HartTimer.Never;
    }

    /// <summary>A virtual hart has something to do: it waits for a hart from now on. Nothing changes for one that waits or is loaded.</summary>
    /// <returns>Harts of the host that have to ask again, as bits: one that has nothing to run, or those whose slice ends now where it never did.</returns>
    internal uint Wake(int hart, ulong now)
    {
        now = NotBefore(now);
        ref var guest = ref _guests[hart / HartsPerGuest];
        var bit = Bit(hart);
        if (((guest.Waiting | guest.Loaded) & bit) != 0)
        {
            return 0;
        }

        if (!IsContended)
        {
            Forgive(now);
        }

        ref var entry = ref _harts[hart];
        if ((guest.Waiting | guest.Loaded) == 0)
        {
            guest.Time = Later(guest.Time, _now - Cost(_slices.Long, guest.Share));
        }

        entry.Time = Later(entry.Time, guest.HartTime - _slices.Long);
        entry.Since = now;
        guest.Waiting |= bit;
        _contending |= 1u << (hart / HartsPerGuest);
        return Tell(hart, now);
    }

    /// <summary>The virtual hart that is loaded on a hart has nothing to do any more, and has been put down.</summary>
    internal void Leave(int core, ulong now)
    {
        now = NotBefore(now);
        ref var entry = ref _cores[core];
        var hart = entry.Loaded - 1;
        Charge(hart, now);
        _guests[hart / HartsPerGuest].Loaded &= (byte)~Bit(hart);
        _harts[hart].Spins = 0;
        entry.Loaded = 0;
        entry.SliceEnd = HartTimer.Never;
    }

    /// <summary>When a slice that begins now is to be looked into: before it ends where the virtual hart may spin for a sibling that waits.</summary>
    internal readonly ulong LookAt(int core, ulong now) => GuestOn(core).Waiting != 0 ? now + _slices.Look : _cores[core].SliceEnd;

    /// <summary>Whether to look if the virtual hart that a hart runs spins: siblings wait, and its slice has not ended, or is as short as it is because one of them spins.</summary>
    internal readonly bool IsToBeLookedAt(int core, ulong now) => GuestOn(core).Waiting != 0 && (_cores[core].Given || IsBefore(now, _cores[core].SliceEnd));

    /// <summary>The virtual hart that a hart runs, and of which siblings wait, was looked at.</summary>
    /// <param name="core">The hart, which asks for the next if that spins.</param>
    /// <param name="spins">
    /// Whether it spins. Then it does not come before each of them has run. It comes next then. If they are waited for to serve an interrupt, that takes next to nothing, and they are given as little;
    /// if it still spins after that, somebody has more to do for it, and they are given twice the time.
    /// </param>
    /// <param name="done">What it has done so far, as a number that grows with it: what it waits for is the same as long as this is.</param>
    internal void NoteSpinning(int core, bool spins, ulong done)
    {
        var hart = _cores[core].Loaded - 1;
        ref var entry = ref _harts[hart];
        entry.Spins = spins && done == entry.Done ? entry.Spins : (byte)0;
        entry.Done = done;
        if (!spins)
        {
            return;
        }

        ref var guest = ref _guests[hart / HartsPerGuest];
        entry.Before = guest.Waiting;
        // What it does not run is saved up as little as sleep is.
        entry.Time = Later(entry.Time, guest.HartTime - _slices.Long);
        guest.Giving |= Bit(hart);
        guest.Awaited |= guest.Waiting;
        guest.GivenSlice = _slices.Look << entry.Spins;
        entry.Spins += (byte)(entry.Spins < Slices.MostDoublings ? 1 : 0);
    }

    /// <summary>Which virtual hart a hart runs next. Where it is another than before, that one waits from now on, and the caller puts it down before it releases the lock.</summary>
    /// <param name="core">The hart.</param>
    /// <param name="now">The <c>time</c>.</param>
    /// <param name="sliceEnd">The <c>time</c> at which the hart has to ask again.</param>
    /// <returns>A virtual hart, which may be the one that it runs; <see cref="None"/> where none waits and it runs none.</returns>
    internal int Next(int core, ulong now, out ulong sliceEnd)
    {
        now = NotBefore(now);
        ref var entry = ref _cores[core];
        entry.Called = false;
        var old = entry.Loaded - 1;
        if (old != None)
        {
            Charge(old, now);
            if (!IsContended)
            {
                sliceEnd = entry.SliceEnd = HartTimer.Never;
                return old;
            }

            ref var guest = ref _guests[old / HartsPerGuest];
            guest.Loaded &= (byte)~Bit(old);
            guest.Waiting |= Bit(old);
            _contending |= 1u << (old / HartsPerGuest);
        }
        else if (!IsContended)
        {
            sliceEnd = HartTimer.Never;
            return None;
        }

        var hart = Pick(core);
        entry.Given = StopWaiting(hart, now);
        ref var chosen = ref _guests[hart / HartsPerGuest];
        chosen.Loaded |= Bit(hart);
        _harts[hart].Since = now;
        _harts[hart].LastCore = core + 1;
        entry.Loaded = hart + 1;
        sliceEnd = entry.SliceEnd = IsContended ? now + (entry.Given ? chosen.GivenSlice : SliceOf(chosen)) : HartTimer.Never;
        return hart;
    }

    /// <summary>The account of a virtual hart, up to now.</summary>
    /// <param name="hart">The virtual hart.</param>
    /// <param name="now">The <c>time</c>.</param>
    /// <param name="ready">Ticks for which it waited for a hart.</param>
    /// <returns>Ticks for which it was loaded.</returns>
    internal readonly ulong RunTicks(int hart, ulong now, out ulong ready)
    {
        now = Later(_clock, now);
        var guest = _guests[hart / HartsPerGuest];
        var entry = _harts[hart];
        ready = entry.ReadyTicks + ((guest.Waiting & Bit(hart)) != 0 ? now - entry.Since : 0);
        return entry.RunTicks + ((guest.Loaded & Bit(hart)) != 0 ? now - entry.Since : 0);
    }

    /// <summary>The <c>time</c> at which a hart has to ask again.</summary>
    internal readonly ulong SliceEnd(int core) => _cores[core].SliceEnd;

    private static byte Bit(int hart) => (byte)(1 << (hart % HartsPerGuest));

    private static ulong Cost(ulong ticks, uint share) => (ticks << FractionBits) * UsualShare / share;

    private static bool IsBefore(ulong time, ulong other) => (long)(time - other) < 0;

    private static ulong Later(ulong time, ulong other) => IsBefore(time, other) ? other : time;

    private ulong NotBefore(ulong now) => _clock = Later(_clock, now);

    private readonly ulong SliceOf(in QueuedGuest guest) => guest.Waiting != 0 ? _slices.Short : _slices.Long;

    /// <returns>Whether a sibling gave way to it.</returns>
    private bool StopWaiting(int hart, ulong now)
    {
        ref var guest = ref _guests[hart / HartsPerGuest];
        ref var entry = ref _harts[hart];
        guest.Waiting &= (byte)~Bit(hart);
        if (guest.Waiting == 0)
        {
            _contending &= ~(1u << (hart / HartsPerGuest));
        }

        entry.ReadyTicks += now - entry.Since;
        entry.Since = now;
        return guest.GivesWay && EndWaysGivenTo(hart);
    }

    /// <summary>A virtual hart runs: siblings that gave way to it have one less to wait for, and it gives way no more.</summary>
    /// <returns>Whether there were any.</returns>
    private bool EndWaysGivenTo(int hart)
    {
        ref var guest = ref _guests[hart / HartsPerGuest];
        _harts[hart].Before = 0;
        var given = false;
        for (uint rest = guest.Giving; rest != 0; rest &= rest - 1)
        {
            var giving = rest & (uint)-(int)rest;
            ref var before = ref _harts[(hart & ~(HartsPerGuest - 1)) | BitOperations.TrailingZeroCount(rest)].Before;
            given |= (before & Bit(hart)) != 0;
            before &= (byte)~Bit(hart);
            if (before == 0)
            {
                guest.Giving &= (byte)~giving;
                guest.Served |= (byte)giving;
            }
        }

        guest.Served &= (byte)~Bit(hart);
        guest.Awaited &= (byte)~Bit(hart);
        return given;
    }

    /// <summary>Charges a virtual hart that is loaded for what it has run.</summary>
    private void Charge(int hart, ulong now)
    {
        ref var guest = ref _guests[hart / HartsPerGuest];
        ref var entry = ref _harts[hart];
        var ran = now - entry.Since;
        entry.Since = now;
        entry.RunTicks += ran;
        if (!IsContended)
        {
            // Nobody waits: it may sleep when somebody does, and wait for what it has run now.
            return;
        }

        ran = Math.Min(ran, _slices.Longest);
        entry.Time += ran;
        // Not below what others have had by more than the harts could have been busy with: it could not use more.
        guest.Time = Later(guest.Time + Cost(ran, guest.Share), _now - Cost(_slices.Long * (ulong)_coreCount, guest.Share));
    }

    /// <summary>So far nobody waited: what was run until now cost nobody anything.</summary>
    private void Forgive(ulong now)
    {
        for (var core = 0; core < _coreCount; core++)
        {
            var hart = _cores[core].Loaded - 1;
            if (hart == None)
            {
                continue;
            }

            ref var entry = ref _harts[hart];
            ref var guest = ref _guests[hart / HartsPerGuest];
            entry.RunTicks += now - entry.Since;
            entry.Since = now;
            entry.Time = guest.HartTime;
            guest.Time = _now;
        }
    }

    // The least of the guests that wait, and of its harts; one that ran here last may come before it, as long as the least one lags by little.
    private int Pick(int core)
    {
        var least = None;
        for (var rest = _contending; rest != 0; rest &= rest - 1)
        {
            var guest = BitOperations.TrailingZeroCount(rest);
            if (least == None || IsBefore(_guests[guest].Time, _guests[least].Time))
            {
                least = guest;
            }
        }

        var best = least;
        _now = Later(_now, _guests[least].Time);
        var hart = PickHart(least, core, out var here);
        for (var rest = here ? 0 : _contending; rest != 0; rest &= rest - 1)
        {
            var guest = BitOperations.TrailingZeroCount(rest);
            var time = _guests[guest].Time;
            if (time - _guests[least].Time <= Cost(_slices.Lag, _guests[least].Share) && (best == least || IsBefore(time, _guests[best].Time)))
            {
                var other = PickHart(guest, core, out here);
                if (here)
                {
                    best = guest;
                    hart = other;
                }
            }
        }

        return hart;
    }

    /// <param name="guest">A guest of which harts wait.</param>
    /// <param name="core">Who asks.</param>
    /// <param name="here">Whether the hart ran there last, or nowhere yet.</param>
    private int PickHart(int guest, int core, out bool here)
    {
        var first = guest * HartsPerGuest;
        var least = None;
        var best = None;
        var waiting = Foremost(_guests[guest]);
        for (var rest = waiting; rest != 0; rest &= rest - 1)
        {
            var hart = first + BitOperations.TrailingZeroCount(rest);
            if (least == None || IsBefore(_harts[hart].Time, _harts[least].Time))
            {
                least = hart;
            }
        }

        for (var rest = waiting; rest != 0; rest &= rest - 1)
        {
            var hart = first + BitOperations.TrailingZeroCount(rest);
            if (IsAtHome(hart, core) && _harts[hart].Time - _harts[least].Time <= _slices.Lag && (best == None || IsBefore(_harts[hart].Time, _harts[best].Time)))
            {
                best = hart;
            }
        }

        here = best != None;
        _guests[guest].HartTime = Later(_guests[guest].HartTime, _harts[least].Time);
        return here ? best : least;
    }

    // Of those that wait: who gave way long enough, else who was given way to, else who does not give way.
    private static uint Foremost(in QueuedGuest guest)
    {
        if (!guest.GivesWay)
        {
            return guest.Waiting;
        }

        var served = (uint)(guest.Waiting & guest.Served);
        var awaited = (uint)(guest.Awaited & ~guest.Giving);
        var others = (uint)(guest.Waiting & ~guest.Giving);
        return served != 0 ? served : awaited != 0 ? awaited : others != 0 ? others : guest.Waiting;
    }

    private readonly bool IsAtHome(int hart, int core) => _harts[hart].LastCore == 0 || _harts[hart].LastCore == core + 1;

    /// <summary>Who has to know that a virtual hart waits.</summary>
    private uint Tell(int hart, ulong now)
    {
        var idle = None;
        for (var core = 0; core < _coreCount; core++)
        {
            ref var entry = ref _cores[core];
            if (entry.Open && entry.Loaded == 0 && !entry.Called && (idle == None || _harts[hart].LastCore == core + 1))
            {
                idle = core;
            }
        }

        if (idle != None)
        {
            // It comes for it, and nobody else has to do anything.
            _cores[idle].Called = true;
            return 1u << idle;
        }

        var leader = None;
        var cores = 0u;
        for (var core = 0; core < _coreCount; core++)
        {
            ref var entry = ref _cores[core];
            if (entry.Loaded == 0)
            {
                continue;
            }

            Charge(entry.Loaded - 1, now);
            if (leader == None || IsBefore(TimeOn(leader), TimeOn(core)))
            {
                leader = core;
            }

            if (entry.SliceEnd == HartTimer.Never)
            {
                entry.SliceEnd = now + SliceOf(_guests[(entry.Loaded - 1) / HartsPerGuest]);
                cores |= 1u << core;
            }
        }

        ref var guest = ref _guests[hart / HartsPerGuest];
        if (leader != None && IsBefore(guest.Time + Cost(_slices.Lag, guest.Share), TimeOn(leader)))
        {
            _cores[leader].SliceEnd = now;
            cores |= 1u << leader;
        }

        return cores;
    }

    [UnscopedRef]
    private readonly ref readonly QueuedGuest GuestOn(int core) => ref _guests[(_cores[core].Loaded - 1) / HartsPerGuest];

    private readonly ulong TimeOn(int core) => GuestOn(core).Time;
}
