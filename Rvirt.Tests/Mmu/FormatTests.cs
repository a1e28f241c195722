using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Mmu;

namespace Rvirt.Tests.Mmu;

/// <summary>Entries, marks, views and classes: the small parts that the shadow tables are built of.</summary>
public sealed class FormatTests
{
    [TestCase(0, 12, 0x1000UL)]
    [TestCase(1, 21, 0x20_0000UL)]
    [TestCase(2, 30, 0x4000_0000UL)]
    [TestCase(3, 39, 0x80_0000_0000UL)]
    [TestCase(4, 48, 0x1_0000_0000_0000UL)]
    public void EachLevelMapsNineBitsMore(int level, int shift, ulong size)
    {
        var va = 0x0123_4567_89ab_cdefUL;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Pte.Shift(level), Is.EqualTo(shift));
            Assert.That(Pte.Size(level), Is.EqualTo(size));
            Assert.That(Pte.Index(va, level), Is.EqualTo((int)(va / size % 512)));
            Assert.That(Pte.Index(ulong.MaxValue, level), Is.EqualTo(511));
        }
    }

    [Test]
    public void AnEntryHoldsAPageNumberOf44Bits()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Pte.FromAddress(0x8020_3000), Is.EqualTo(0x8020_3UL << 10));
            Assert.That(Pte.Address((0x8020_3UL << 10) | 0x3ff), Is.EqualTo(0x8020_3000UL));
            Assert.That(Pte.Address(ulong.MaxValue), Is.EqualTo(0xff_ffff_ffff_f000UL));
        }
    }

    [TestCase(0x1UL, false)]
    [TestCase(0xf1UL, false)]
    [TestCase(0x3UL, true)]
    [TestCase(0x5UL, true)]
    [TestCase(0x9UL, true)]
    public void ALeafIsWhatMayBeReadWrittenOrExecuted(ulong pte, bool leaf) => Assert.That(Pte.IsLeaf(pte), Is.EqualTo(leaf));

    [Test]
    public unsafe void ClearingZeroesTheMarkedEntriesOnly()
    {
        var lower = stackalloc ulong[512];
        var upper = stackalloc ulong[512];
        int[] marked = [0, 1, 63, 64, 255, 256, 320, 511];
        var marks = default(EntryBitmap);
        for (var i = 0; i < 512; i++)
        {
            lower[i] = 7;
            upper[i] = 9;
        }

        foreach (var index in marked)
        {
            marks.Set(index);
        }

        var seen = Enumerable.Range(0, 512).Where(i => marks.Contains(i)).ToArray();
        marks.Clear(lower, upper);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(seen, Is.EqualTo(marked));
            for (var i = 0; i < 512; i++)
            {
                Assert.That(lower[i], Is.EqualTo(i < 256 && marked.Contains(i) ? 0UL : 7UL), $"lower {i}");
                Assert.That(upper[i], Is.EqualTo(i >= 256 && marked.Contains(i) ? 0UL : 9UL), $"upper {i}");
                Assert.That(marks.Contains(i), Is.False, $"mark {i}");
            }
        }
    }

    [Test]
    public void MarkedEntriesAreFoundInOrder()
    {
        int[] marked = [0, 1, 63, 64, 130, 255, 256, 320, 511];
        var marks = default(EntryBitmap);
        foreach (var index in marked)
        {
            marks.Set(index);
        }

        var found = new List<int>();
        for (var index = 0; marks.TryNext(ref index); index++)
        {
            found.Add(index);
        }

        var first = 0;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(found, Is.EqualTo(marked));
            Assert.That(default(EntryBitmap).TryNext(ref first), Is.False);
        }
    }

    [Test]
    public void AGroupIsEmptyUntilOneOfItsEightIsMarked()
    {
        foreach (var index in new[] { 0, 7, 8, 63, 64, 511 })
        {
            var marks = default(EntryGroups);
            marks.Set(index);
            var full = Enumerable.Range(0, 512).Where(i => !marks.IsEmpty(i));
            Assert.That(full, Is.EqualTo(Enumerable.Range(index & ~7, 8)));
        }
    }

    [TestCase(0)]
    [TestCase(511)]
    [TestCase(7, 8, 63)]
    [TestCase(64, 200, 201, 320, 505)]
    public unsafe void ClearingZeroesWholeGroupsAndNothingElse(params int[] marked)
    {
        var table = stackalloc ulong[512];
        var marks = default(EntryGroups);
        for (var i = 0; i < 512; i++)
        {
            table[i] = 7;
        }

        foreach (var index in marked)
        {
            marks.Set(index);
        }

        marks.Clear(table);
        using (Assert.EnterMultipleScope())
        {
            for (var i = 0; i < 512; i++)
            {
                Assert.That(table[i], Is.EqualTo(marked.Any(index => index / 8 == i / 8) ? 0UL : 7UL), $"entry {i}");
                Assert.That(marks.IsEmpty(i), $"group of {i}");
            }
        }
    }

    [Test]
    public void EveryStateOfTheGuestHasItsView()
    {
        var views = Privilege.All.Select(p => ViewKind.Of(p.Mode, p.Sum, p.Mxr)).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(views.Distinct().Count(), Is.EqualTo(6));
            Assert.That(views, Is.All.InRange(0, ViewKind.Count - 1));
            foreach (var (privilege, view) in Privilege.All.Zip(views))
            {
                Assert.That(ViewKind.Mode(view), Is.EqualTo(privilege.Mode));
                Assert.That(ViewKind.HasMxr(view), Is.EqualTo(privilege.Mxr));
                Assert.That(ViewKind.HasSum(view), Is.EqualTo(privilege.Mode == PrivilegeMode.Supervisor && privilege.Sum));
            }
        }
    }

    [Test]
    public void ClassesKeepViewsApartThatSeeALeafDifferently()
    {
        var kernel = ViewKind.Of(PrivilegeMode.Supervisor, false, false);
        var sum = ViewKind.Of(PrivilegeMode.Supervisor, true, false);
        var user = ViewKind.Of(PrivilegeMode.User, false, false);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(TableClass.Of(kernel, false), Is.EqualTo(TableClass.Supervisor));
            Assert.That(TableClass.Of(sum, false), Is.EqualTo(TableClass.Supervisor));
            Assert.That(TableClass.Of(sum, true), Is.EqualTo(TableClass.UserForSupervisor));
            Assert.That(TableClass.Of(user, true), Is.EqualTo(TableClass.User));
            Assert.That(TableClass.Of(sum | ViewKind.Mxr, true), Is.EqualTo(TableClass.UserForSupervisor + TableClass.Mxr));
            Assert.That(TableClass.Of(user | ViewKind.Mxr, true), Is.EqualTo(TableClass.User + TableClass.Mxr));
            Assert.That(TableClass.Of(kernel | ViewKind.Mxr, false), Is.EqualTo(TableClass.Supervisor + TableClass.Mxr));
        }
    }

    [TestCase(TableClass.Supervisor, TableClass.Supervisor, true)]
    [TestCase(TableClass.Supervisor, TableClass.UserForSupervisor, false)]
    [TestCase(TableClass.Mixed, TableClass.Supervisor, true)]
    [TestCase(TableClass.Mixed, TableClass.UserForSupervisor, true)]
    [TestCase(TableClass.Mixed + TableClass.Mxr, TableClass.Supervisor + TableClass.Mxr, true)]
    [TestCase(TableClass.User, TableClass.UserForSupervisor, false)]
    public void AMixedTableHoldsBoth(int table, int leaf, bool holds) => Assert.That(TableClass.Holds(table, leaf), Is.EqualTo(holds));

    [TestCase(TableClass.Supervisor, TableClass.Supervisor, TableClass.Supervisor)]
    [TestCase(TableClass.Supervisor, TableClass.UserForSupervisor, TableClass.Mixed)]
    [TestCase(TableClass.UserForSupervisor + 4, TableClass.Supervisor + 4, TableClass.Mixed + 4)]
    public void JoiningGivesAMixedTable(int a, int b, int joined) => Assert.That(TableClass.Join(a, b), Is.EqualTo(joined));

    [TestCase(TranslationMode.Bare, 0)]
    [TestCase(TranslationMode.Sv39, 3)]
    [TestCase(TranslationMode.Sv48, 4)]
    [TestCase(TranslationMode.Sv57, 5)]
    public void AModeHasItsLevels(TranslationMode mode, int levels) => Assert.That(HostTranslation.Levels(mode), Is.EqualTo(levels));

    [TestCase(TranslationMode.Sv48, 0x80_0000_0000UL)]
    [TestCase(TranslationMode.Sv57, 0x1_0000_0000_0000UL)]
    public void AWideHostsWindowIsTheFirstEntryOfTheUpperHalf(TranslationMode mode, ulong reach)
    {
        var host = HostTranslation.Of(mode, 77);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(host.Mode, Is.EqualTo(mode));
            Assert.That(host.MaximumAsid, Is.EqualTo(77));
            Assert.That(host.TryMap(reach - 1, 1));
            Assert.That(host.TryMap(reach, 1), Is.False);
            Assert.That(host.TryMap(reach - 1, 2), Is.False);
            Assert.That(host.TryMap(ulong.MaxValue, 1), Is.False);
            Assert.That(host.TryMap(4096, ulong.MaxValue), Is.False);
            // Valid, readable, writable, executable, global, accessed, dirty; not for U-mode; at physical address 0.
            Assert.That(WindowOf(host), Is.EqualTo(new Dictionary<int, ulong> { [256] = 0xef }));
            Assert.That(Enumerable.Range(0, 512).Where(i => host.IsWindow(i)), Is.EqualTo([256]));
        }
    }

    [Test]
    public void ANarrowHostsWindowMapsTheGigabytesThatSomethingLiesIn()
    {
        var host = HostTranslation.Of(TranslationMode.Sv39, 3);
        Assert.That(WindowOf(host), Is.Empty);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(host.Mode, Is.EqualTo(TranslationMode.Sv39));
            Assert.That(host.MaximumAsid, Is.EqualTo(3));
            Assert.That(host.TryMap(0x1000_0000, 0x1000));
            Assert.That(host.TryMap(0xbfff_ffff, 2), "the last byte of one and the first of the next");
            Assert.That(WindowOf(host), Is.EqualTo(new Dictionary<int, ulong>
            {
                [256] = 0xef,
                [258] = (0x8000_0000UL >> 2) | 0xef,
                [259] = (0xc000_0000UL >> 2) | 0xef,
            }));
            Assert.That(Enumerable.Range(0, 512).Where(i => host.IsWindow(i)), Is.EqualTo([256, 258, 259]));
        }
    }

    [Test]
    public void ANarrowHostsWindowEndsBelowLinuxsFixmap()
    {
        const ulong Fixmap = 0xffff_ffc4_fea0_0000;
        var host = HostTranslation.Of(TranslationMode.Sv39, 0);
        Assert.That(host.TryMap(0x8000_0000, 17UL << 30), "a machine of 17 GiB");
        var before = WindowOf(host);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before.Keys, Is.EqualTo(Enumerable.Range(258, 17)));
            Assert.That(before.Keys.Max(), Is.LessThan((int)((Fixmap >> 30) & 511)));
            Assert.That(host.TryMap(0x8000_0000, (17UL << 30) + 1), Is.False);
            Assert.That(host.TryMap(19UL << 30, 1), Is.False);
            Assert.That(host.TryMap(300UL << 30, 1 << 30), Is.False, "the root index would lie behind the table");
            Assert.That(WindowOf(host), Is.EqualTo(before), "what is refused changes nothing");
        }
    }

    // What a root table has of the window, read as the hart does.
    private static unsafe Dictionary<int, ulong> WindowOf(HostTranslation host)
    {
        var table = stackalloc ulong[512];
        host.WriteWindow(table);
        var entries = new Dictionary<int, ulong>();
        for (var i = 0; i < 512; i++)
        {
            if (table[i] != 0)
            {
                entries.Add(i, table[i]);
            }
        }

        return entries;
    }
}
