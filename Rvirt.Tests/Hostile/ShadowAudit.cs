using System;
using System.Collections.Generic;
using Rvirt.Desktop.Hypervisor;

namespace Rvirt.Tests.Hostile;

/// <summary>
/// Walks the tables that the host's hardware uses for the guest, as the specification has the hardware do, and knows nothing of how
/// they were made: whatever U-mode can reach must be the guest's RAM, every table must be one of the hypervisor's.
/// </summary>
internal sealed class ShadowAudit(GuestWorld world)
{
    private const ulong V = 1;
    private const ulong Leaf = 2 | 4 | 8;
    private const ulong U = 16;
    private const ulong PpnMask = (1UL << 44) - 1;
    private readonly HashSet<ulong> _roots = [];
    private readonly HashSet<(ulong Table, int Level)> _seen = [];

    /// <summary>Leaves that U-mode can use, of all walks so far.</summary>
    public long Leaves { get; private set; }

    /// <summary>Audits the tables in use, and all that were in use before: they may be used again.</summary>
    public void Check()
    {
        _roots.Add(world.Hart.ReadCsr(Rvirt.Reference.Harts.CsrNumber.Satp));
        _seen.Clear();
        foreach (var satp in _roots)
        {
            var mode = (int)(satp >> 60);
            if (mode == 0)
            {
                throw new InvalidOperationException("the guest runs without translation");
            }

            Walk((satp & PpnMask) << 12, mode - 6);
        }
    }

    private void Walk(ulong table, int level)
    {
        if (!_seen.Add((table, level)))
        {
            return;
        }

        var (start, length) = world.Guest.Tables;
        if (table < start || table - start > length - 4096)
        {
            throw new InvalidOperationException($"a table at {table:x}, which is not among the hypervisor's");
        }

        for (var i = 0UL; i < 512; i++)
        {
            var entry = world.Machine.Read64(table + (8 * i));
            if ((entry & V) == 0)
            {
                continue;
            }

            var address = ((entry >> 10) & PpnMask) << 12;
            if ((entry & Leaf) == 0)
            {
                if (level == 0)
                {
                    throw new InvalidOperationException($"a link in a table of pages: {entry:x}");
                }

                Walk(address, level - 1);
            }
            else if ((entry & U) != 0)
            {
                Leaves++;
                CheckLeaf(entry, address, 4096UL << (9 * level));
            }
        }
    }

    private void CheckLeaf(ulong entry, ulong address, ulong size)
    {
        var start = world.Guest.Memory.HostAddress;
        if ((address & (size - 1)) != 0 || address < start || address - start >= world.Guest.Memory.Length || size > world.Guest.Memory.Length - (address - start))
        {
            throw new InvalidOperationException($"U-mode can reach {size:x} bytes at {address:x}, which are not the guest's: {entry:x}");
        }
    }
}
