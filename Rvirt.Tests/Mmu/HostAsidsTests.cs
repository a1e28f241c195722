using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Mmu;

namespace Rvirt.Tests.Mmu;

/// <summary>Several virtual harts on one hart of the host, whose TLB forgets nothing by itself.</summary>
public sealed class HostAsidsTests
{
    private const ulong Va = 0x4000_0000, Root = 0x8010_0000, Middle = 0x8010_1000, Leaves = 0x8010_2000, Data = 0x8020_0000;

    [Test]
    public void NoTwoGetTheSame() => Gen.Select(Gen.UShort, Gen.UShort[1, 100].Array[1, 50]).ForAll((maximum, counts) =>
    {
        var asids = new HostAsids(maximum);
        var taken = new HashSet<int>();
        foreach (var count in counts)
        {
            var left = maximum - taken.Count;
            var given = asids.TryTake(count, out var first);
            Assert.That(given, Is.EqualTo(left >= count), "as long as there are as many");
            foreach (var asid in given ? Enumerable.Range(first, count) : [])
            {
                Assert.That(asid, Is.InRange(1, maximum));
                Assert.That(taken.Add(asid), "given twice");
            }
        }
    });

    /// <summary>With enough ASIDs for both, for one of them, and with none.</summary>
    [Test]
    public void TwoVirtualHartsOnAHartSeeTheirOwnMemory([Values(0xffff, 64, 63, 32, 0)] int maximumAsid, [Values] bool changing)
    {
        using var first = new MmuWorld(maximumAsid: (ushort)maximumAsid);
        using var second = new MmuWorld(hostAddress: 0x2_0000_0000, neighbour: first);
        var worlds = new[] { first, second };
        foreach (var world in worlds)
        {
            // The same addresses, the same guest ASID, tables at the same places: only the RAM behind differs.
            world.WriteEntry(Root, (int)(Va >> 30), Middle, Pte.V);
            world.WriteEntry(Middle, 0, Leaves, Pte.V);
            for (var page = 0; page < 8; page++)
            {
                world.WriteEntry(Leaves, page, Data + ((ulong)page << 12), Pte.V | Pte.R | Pte.W | Pte.A | Pte.D);
            }

            world.Load();
            world.SetSatp(((ulong)TranslationMode.Sv39 << 60) | (5UL << 44) | (Root >> 12));
        }

        var random = new Random(maximumAsid);
        for (var turn = 0; turn < 400; turn++)
        {
            var world = worlds[random.Next(2)];
            world.Load();
            if (changing)
            {
                world.Become(PrivilegeMode.Supervisor, sum: random.Next(2) == 0);
            }

            for (var access = 0; access < 3; access++)
            {
                var page = (ulong)random.Next(8);
                for (var faults = 0; !world.Hart.TryAccess(Va + (page << 12), AccessKind.Load, out _); faults++)
                {
                    Assert.That(faults, Is.LessThan(6));
                    Assert.That(world.TryRefill(Va + (page << 12), AccessKind.Load) || world.Resolve(Va + (page << 12), AccessKind.Load, out _) == FaultResolution.Mapped);
                }

                Assert.That(world.Hart.TryAccess(Va + (page << 12), AccessKind.Load, out var physical));
                Assert.That(physical, Is.EqualTo(world.Memory.HostAddress + (Data - MmuWorld.Ram) + (page << 12)), $"turn {turn}: another's memory");
            }
        }
    }
}
