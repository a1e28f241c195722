using System;
using System.Linq;
using CsCheck;
using NUnit.Framework;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Mmu;

namespace Rvirt.Tests.Mmu;

/// <summary>The walk of the guest's tables, against a second walker and by hand at the borders.</summary>
public sealed class GuestWalkTests
{
    private const ulong Rwx = 0xcf;

    private static readonly AccessKind[] _accesses = [AccessKind.Fetch, AccessKind.Load, AccessKind.Store];

    private static readonly Privilege _supervisor = new(PrivilegeMode.Supervisor, false, false);

    // What an entry is: mostly what lets the walk go on, or end well.
    private static readonly Gen<(int Kind, ulong Bits)> _entry =
        Gen.Select(Gen.Int[0, 15], Gen.ULong, (kind, bits) => (kind, bits));

    private static readonly Gen<ulong> _address = Gen.OneOf(
        Gen.ULong[0, (1UL << 38) - 1],
        Gen.ULong[0, (1UL << 38) - 1].Select(va => va | 0xffff_ffc0_0000_0000),
        Gen.ULong[0, (1UL << 47) - 1],
        Gen.ULong[0, (1UL << 56) - 1],
        Gen.ULong[0, (1UL << 56) - 1].Select(va => va | 0xff00_0000_0000_0000),
        Gen.ULong);

    [TestCase(TranslationMode.Sv39)]
    [TestCase(TranslationMode.Sv48)]
    [TestCase(TranslationMode.Sv57)]
    public void AgreesWithASecondWalker(TranslationMode mode)
    {
        using var world = new MmuWorld();
        var tables = Enumerable.Range(0, 5).Select(_ => world.NewTable()).ToArray();
        Gen.Select(_address, _entry.Array[5], Gen.Int[0, 2], Gen.Int[0, 7], Gen.Int[0, 15], Gen.Bool).ForAll(
            (va, entries, access, privilege, root, update) =>
            {
                foreach (var (table, (kind, bits)) in tables.Zip(entries))
                {
                    foreach (var level in Enumerable.Range(0, 5))
                    {
                        world.Write(table + (ulong)(Pte.Index(va, level) * 8), Entry(tables, kind, bits, level));
                    }
                }

                var satp = ((ulong)mode << 60) | (0x1234UL << 44) | ((root == 0 ? MmuWorld.Device : tables[root % 5]) >> 12);
                Compare(world, satp, va, _accesses[access], Privilege.All[privilege], update);
            },
            iter: 30000);
    }

    [TestCase(TranslationMode.Sv39, 39)]
    [TestCase(TranslationMode.Sv48, 48)]
    [TestCase(TranslationMode.Sv57, 57)]
    public void TakesExactlyTheAddressesThatAreCanonical(TranslationMode mode, int bits)
    {
        var levels = (int)mode - 5;
        var lowEnd = 1UL << (bits - 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(GuestWalk.IsCanonical(0, levels));
            Assert.That(GuestWalk.IsCanonical(lowEnd - 1, levels));
            Assert.That(GuestWalk.IsCanonical(lowEnd, levels), Is.False);
            Assert.That(GuestWalk.IsCanonical(~lowEnd, levels), Is.False);
            Assert.That(GuestWalk.IsCanonical(0 - lowEnd, levels));
            Assert.That(GuestWalk.IsCanonical(0 - lowEnd - 1, levels), Is.False);
            Assert.That(GuestWalk.IsCanonical(ulong.MaxValue, levels));
        }
    }

    [Test]
    public void AllowsWhatModeAndPermissionsAllow()
    {
        foreach (var flags in Enumerable.Range(0, 1024).Select(flags => (ulong)flags))
        {
            foreach (var access in _accesses)
            {
                foreach (var privilege in Privilege.All)
                {
                    Assert.That(
                        GuestWalk.Allows(flags, access, privilege.Mode, privilege.Sum, privilege.Mxr),
                        Is.EqualTo(SpecWalk.Allows(flags, access, privilege)),
                        $"{flags:x} {access} {privilege}");
                }
            }
        }
    }

    [TestCase(0x1UL, true)]
    [TestCase(0x0UL, false)]
    [TestCase(0xeUL, false)]
    [TestCase(0x5UL, false)]
    [TestCase(0xdUL, false)]
    [TestCase(0x7UL, true)]
    [TestCase(0x9UL, true)]
    [TestCase(0xffUL, true)]
    [TestCase(0x3ffUL, true)]
    [TestCase(1UL | (1UL << 53), true)]
    [TestCase(1UL | (1UL << 54), false)]
    [TestCase(1UL | (1UL << 61), false)]
    [TestCase(1UL | (1UL << 63), false)]
    public void KnowsReservedEntries(ulong pte, bool wellFormed) => Assert.That(GuestWalk.IsWellFormed(pte), Is.EqualTo(wellFormed));

    [TestCase(1, 0x20_0000UL, FaultResolution.Mapped)]
    [TestCase(1, 0x20_1000UL, FaultResolution.GuestPageFault)]
    [TestCase(1, 0x10_0000UL, FaultResolution.GuestPageFault)]
    [TestCase(2, 0x4000_0000UL, FaultResolution.Mapped)]
    [TestCase(2, 0x20_0000UL, FaultResolution.GuestPageFault)]
    [TestCase(3, 0x80_0000_0000UL, FaultResolution.Mapped)]
    [TestCase(3, 0x4000_0000UL, FaultResolution.GuestPageFault)]
    public void FaultsOnAMisalignedLargePage(int level, ulong address, FaultResolution expected)
    {
        using var world = new MmuWorld();
        var satp = Path(world, TranslationMode.Sv48, 0, level, address, Rwx);
        Assert.That(Compare(world, satp, 0x123, AccessKind.Load, _supervisor).Outcome, Is.EqualTo(expected));
    }

    [Test]
    public void SetsAAndDInTheGuestsEntry([Values] AccessKind access, [Values] bool update, [Values(0x0UL, 0x40UL, 0x80UL, 0xc0UL)] ulong before)
    {
        using var world = new MmuWorld();
        var satp = Path(world, TranslationMode.Sv39, 0x5000, 0, MmuWorld.Ram + 0x10_0000, 0x0f | before);
        var entry = MmuWorld.Ram + 0x3000 + (5 * 8);
        var old = world.Read(entry);
        var leaf = Compare(world, satp, 0x5123, access, _supervisor, update).Leaf;
        var set = old | 0x40 | (access == AccessKind.Store ? 0x80UL : 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(leaf, Is.EqualTo(set));
            Assert.That(world.Read(entry), Is.EqualTo(update ? set : old));
        }
    }

    /// <summary>Another hart of the guest that changes the entry each time between the walk's read and its update.</summary>
    private readonly struct Sibling(MmuWorld world, int[] changes, int until) : IEntryUpdate
    {
        public bool TryUpdate(in GuestMemory memory, ulong address, ulong old, ulong wanted)
        {
            if (changes[0] == until)
            {
                world.Write(address, wanted);
                return true;
            }

            changes[0]++;
            // Another page each time, A and D clear.
            world.Write(address, (((MmuWorld.Ram >> 12) + (ulong)changes[0]) << 10) | 0x0f);
            return false;
        }
    }

    [TestCase(0, FaultResolution.Mapped)]
    [TestCase(1, FaultResolution.Mapped)]
    [TestCase(7, FaultResolution.Mapped)]
    [TestCase(8, FaultResolution.Contended)]
    [TestCase(int.MaxValue, FaultResolution.Contended)]
    public void GivesUpOnAnEntryThatChangesAgainAndAgain(int changes, FaultResolution expected)
    {
        using var world = new MmuWorld();
        var satp = Path(world, TranslationMode.Sv39, 0x5000, 0, MmuWorld.Ram, 0x0f);
        var entry = MmuWorld.Ram + 0x3000 + (5 * 8);
        var made = new int[1];
        var walk = default(GuestWalk);
        var result = walk.Run(
            world.Memory, satp, 0x5123, AccessKind.Store, PrivilegeMode.Supervisor, false, false, update: true, new Sibling(world, made, changes));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(expected));
            Assert.That(made[0], Is.EqualTo(Math.Min(changes, 8)));
            Assert.That(world.Read(entry) & 0xc0, Is.EqualTo(expected == FaultResolution.Mapped ? 0xc0UL : 0), "A and D");
            Assert.That(walk.GuestAddress, Is.EqualTo(expected == FaultResolution.Mapped ? MmuWorld.Ram + ((ulong)changes << 12) + 0x123 : 0));
        }
    }

    [TestCase(0x40UL)]
    [TestCase(0x80UL)]
    [TestCase(0x10UL)]
    public void FaultsOnReservedBitsOfALink(ulong bit)
    {
        using var world = new MmuWorld();
        var satp = Path(world, TranslationMode.Sv39, 0, 0, MmuWorld.Ram, Rwx);
        Assert.That(Compare(world, satp, 0, AccessKind.Load, _supervisor).Outcome, Is.EqualTo(FaultResolution.Mapped));
        world.Write(MmuWorld.Ram + 0x2000, world.Read(MmuWorld.Ram + 0x2000) | bit);
        Assert.That(Compare(world, satp, 0, AccessKind.Load, _supervisor).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
    }

    [Test]
    public void FaultsOnALinkAtTheLastLevel()
    {
        using var world = new MmuWorld();
        var satp = Path(world, TranslationMode.Sv39, 0, 0, MmuWorld.Ram, 1);
        Assert.That(Compare(world, satp, 0, AccessKind.Load, _supervisor).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
    }

    [TestCase(MmuWorld.Ram - 0x1000)]
    [TestCase(MmuWorld.Ram + (8 << 20))]
    [TestCase(0UL)]
    [TestCase(0xff_ffff_ffff_f000UL)]
    public void GivesAnAccessFaultForATableThatIsNotInRam(ulong table)
    {
        using var world = new MmuWorld();
        var root = world.NewTable();
        world.WriteEntry(root, 0, table, 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Compare(world, (8UL << 60) | (root >> 12), 0, AccessKind.Load, _supervisor).Outcome, Is.EqualTo(FaultResolution.GuestAccessFault));
            Assert.That(Compare(world, (8UL << 60) | (table >> 12), 0, AccessKind.Load, _supervisor).Outcome, Is.EqualTo(FaultResolution.GuestAccessFault));
        }
    }

    [Test]
    public void KeepsTheTablesAndLinksOfItsPath()
    {
        using var world = new MmuWorld();
        var satp = Path(world, TranslationMode.Sv39, 0x4020_3000, 0, MmuWorld.Ram, Rwx);
        var walk = default(GuestWalk);
        walk.Run(world.Memory, satp, 0x4020_3000, AccessKind.Load, PrivilegeMode.Supervisor, false, false, update: false);
        var tables = new[] { walk.Table(2), walk.Table(1), walk.Table(0) };
        var links = new[] { walk.Link(2), walk.Link(1) };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(tables, Is.EqualTo([MmuWorld.Ram + 0x1000, MmuWorld.Ram + 0x2000, MmuWorld.Ram + 0x3000]));
            Assert.That(links, Is.EqualTo([world.Read(MmuWorld.Ram + 0x1008), world.Read(MmuWorld.Ram + 0x2008)]));
        }
    }

    [TestCase(0, ExpectedResult = false)]
    [TestCase(1, ExpectedResult = true)]
    [TestCase(2, ExpectedResult = true)]
    [TestCase(3, ExpectedResult = true)]
    public bool IsGlobalByAnyEntryOfThePath(int table)
    {
        using var world = new MmuWorld();
        var satp = Path(world, TranslationMode.Sv39, 0, 0, MmuWorld.Ram, Rwx);
        if (table != 0)
        {
            var entry = MmuWorld.Ram + ((ulong)table * 0x1000);
            world.Write(entry, world.Read(entry) | 0x20);
        }

        return Compare(world, satp, 0, AccessKind.Load, _supervisor).Global;
    }

    // A path of fresh tables, the first of them at RAM + 0x1000, down to a leaf.
    private static ulong Path(MmuWorld world, TranslationMode mode, ulong va, int leafLevel, ulong address, ulong flags)
    {
        var root = world.NewTable();
        var table = root;
        for (var level = (int)mode - 6; level > leafLevel; level--)
        {
            var next = world.NewTable();
            world.WriteEntry(table, Pte.Index(va, level), next, 1);
            table = next;
        }

        world.WriteEntry(table, Pte.Index(va, leafLevel), address, flags);
        return ((ulong)mode << 60) | (root >> 12);
    }

    private static ulong Entry(ulong[] tables, int kind, ulong bits, int level) => kind switch
    {
        0 => bits,
        1 => bits & 0x3ff,
        2 => ((bits & 0xfff_ffff_ffff) << 10) | (bits >> 54) | 1,
        3 => (MmuWorld.Device >> 2) | 1,
        4 => (bits & 0xff) | 1 | ((MmuWorld.Ram >> 2) + (level > 1 ? 1UL << (int)(10 + (bits >> 60)) : 0)),
        5 => (tables[(bits >> 32) & 3] >> 2) | 1 | (1UL << (int)(bits & 63)),
        < 8 => (MmuWorld.Ram >> 2) | (bits & 0xf0) | 0x0f,
        < 10 => (((bits >> 24) & 0x3ff_ffff_ffff) << 28) | (bits & 0xff) | 0x3,
        _ => (tables[(bits >> 32) & 3] >> 2) | 1 | (bits & 0x320),
    };

    private static WalkResult Compare(MmuWorld world, ulong satp, ulong va, AccessKind access, Privilege privilege, bool update = false)
    {
        var expected = SpecWalk.Run(world.TryRead, satp, va, access, privilege);
        var before = expected.LeafAddress != 0 ? world.Read(expected.LeafAddress) : 0;
        var walk = default(GuestWalk);
        var outcome = walk.Run(world.Memory, satp, va, access, privilege.Mode, privilege.Sum, privilege.Mxr, update);
        Assert.That(outcome, Is.EqualTo(expected.Outcome), $"{access} of {va:x} as {privilege}");
        if (outcome == FaultResolution.Mapped)
        {
            Assert.That(
                new WalkResult(outcome, walk.GuestAddress, walk.Leaf, walk.Level, walk.Global, expected.LeafAddress),
                Is.EqualTo(expected),
                $"{access} of {va:x} as {privilege}");
            Assert.That(world.Read(expected.LeafAddress), Is.EqualTo(update ? expected.Leaf : before));
        }

        return expected;
    }
}
