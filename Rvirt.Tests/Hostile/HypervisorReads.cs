using System;
using System.Collections.Generic;
using Rvirt.Reference;
using Rvirt.Reference.Harts;
using Rvirt.Tests.Hostile.Programs;

namespace Rvirt.Tests.Hostile;

/// <summary>
/// Counts what the hypervisor reads of a guest's memory between two instructions of the guest: what it reads twice there, another hart
/// of the guest can have changed in between. Needs a hart that caches no translations.
/// </summary>
internal sealed class HypervisorReads(Machine machine, Predicate<ulong> watched) : IMemoryObserver
{
    private readonly HashSet<ulong> _sinceGuest = [];
    private ulong? _guestRam;

    /// <summary>Bytes read.</summary>
    public int Bytes { get; private set; }

    /// <summary>Guest physical addresses of bytes that were read more than once.</summary>
    public SortedSet<ulong> Twice { get; } = [];

    public ulong Entry(ulong address, ulong va, int level, bool global, ulong value) => value;

    public void BeforeUpdate(ulong address, ulong used)
    {
    }

    public void BeforeFetch(ulong address)
    {
        if (machine.Hart.Mode == PrivilegeLevel.User)
        {
            // Its first instruction tells where its RAM is.
            _guestRam ??= address - (GuestProgram.Address - GuestProgram.RamBase);
            _sinceGuest.Clear();
        }
    }

    public void BeforeLoad(ulong address, int size)
    {
        if (machine.Hart.Mode == PrivilegeLevel.User || _guestRam is not { } ram)
        {
            return;
        }

        for (var i = 0u; i < size; i++)
        {
            var guestAddress = address + i - ram + GuestProgram.RamBase;
            if (watched(guestAddress))
            {
                Bytes++;
                if (!_sinceGuest.Add(guestAddress))
                {
                    Twice.Add(guestAddress);
                }
            }
        }
    }

    public void BeforeStore(ulong address, int size)
    {
    }

    public void BeforeDevice(ulong address, int size)
    {
    }

    public void Fenced(ulong? address, ushort? asid)
    {
    }
}
