using System.Linq;
using NUnit.Framework;
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
    public void AGroupIsEmptyUntilOneOfItsEightIsMarked()
    {
        foreach (var index in new[] { 0, 7, 8, 63, 64, 511 })
        {
            var marks = default(EntryBitmap);
            marks.Set(index);
            var full = Enumerable.Range(0, 512).Where(i => !marks.IsGroupEmpty(i));
            Assert.That(full, Is.EqualTo(Enumerable.Range(index & ~7, 8)));
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

    [TestCase(TranslationMode.Sv48)]
    [TestCase(TranslationMode.Sv57)]
    public void AWideHostsWindowIsTheFirstEntryOfTheUpperHalf(TranslationMode mode)
    {
        var host = HostTranslation.Wide(mode, 77);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(host.Mode, Is.EqualTo(mode));
            Assert.That(host.MaximumAsid, Is.EqualTo(77));
            Assert.That(host.SlotCount, Is.EqualTo(1));
            Assert.That(host.SlotIndex(0), Is.EqualTo(256));
            // Valid, readable, writable, executable, global, accessed, dirty; not for U-mode; at physical address 0.
            Assert.That(host.SlotEntry(0), Is.EqualTo(0xefUL));
            Assert.That(Enumerable.Range(0, 512).Where(i => host.IsWindow(i)), Is.EqualTo(new[] { 256 }));
        }
    }

    [Test]
    public void ANarrowHostsWindowHasTheSlotsItWasGiven()
    {
        var host = HostTranslation.Narrow(3);
        Assert.That(host.SlotCount, Is.Zero);
        host.AddSlot(300, 0x8000_0000);
        host.AddSlot(301, 0xc000_0000);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(host.Mode, Is.EqualTo(TranslationMode.Sv39));
            Assert.That(host.MaximumAsid, Is.EqualTo(3));
            Assert.That(host.SlotCount, Is.EqualTo(2));
            Assert.That(host.SlotIndex(1), Is.EqualTo(301));
            Assert.That(host.SlotEntry(0), Is.EqualTo((0x8000_0000UL >> 2) | 0xef));
            Assert.That(host.SlotEntry(1), Is.EqualTo((0xc000_0000UL >> 2) | 0xef));
            Assert.That(Enumerable.Range(0, 512).Where(i => host.IsWindow(i)), Is.EqualTo(new[] { 300, 301 }));
        }
    }
}
