using NUnit.Framework;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Reference;

/// <summary>Page walks, permissions, and what caches of translations may and may not do.</summary>
public sealed class TranslationTests
{
    private const ulong V = PageTableBuilder.V, R = PageTableBuilder.R, W = PageTableBuilder.W, X = PageTableBuilder.X;
    private const ulong U = PageTableBuilder.U, G = PageTableBuilder.G, A = PageTableBuilder.A, D = PageTableBuilder.D;
    private const ulong Data = 0x8010_0000, Tables = 0x8020_0000, Va = 0x1000_0000;

    private static (Machine Machine, PageTableBuilder Tables) Make(int mode = 8, HartOptions? options = null, PrivilegeLevel level = PrivilegeLevel.Supervisor)
    {
        var machine = new Machine(16 << 20, 1, options);
        var tables = new PageTableBuilder(machine, mode, Tables);
        machine.Hart.WriteCsr(CsrNumber.Satp, tables.Satp());
        machine.Hart.Mode = level;
        return (machine, tables);
    }

    [Test]
    public void WalksEveryModeAndLevel([Values(8, 9, 10)] int mode, [Values(0, 1, 2, 3, 4)] int level, [Values] bool high)
    {
        if (level > mode - 6)
        {
            return;
        }

        var (machine, tables) = Make(mode);
        using (machine)
        {
            var bits = 12 + (9 * (mode - 5));
            var va = high ? ulong.MaxValue << (bits - 1) : 1UL << (bits - 2);
            tables.Map(va, level < 2 ? Data + 0x10_0000 : 0, V | R | W | A | D, level);
            var offset = level < 2 ? 0x123UL : 0x8020_0123 & ((1UL << (12 + (9 * level))) - 1);
            Assert.That(machine.Hart.TryTranslate(va + offset, Access.Load, out var physical));
            Assert.That(physical, Is.EqualTo(level < 2 ? Data + 0x10_0123 : offset));
            Assert.That(machine.Hart.TryTranslate(va ^ (1UL << 62), Access.Load, out _), Is.False, "not canonical");
            Assert.That(machine.Hart.LastFault, Is.EqualTo((Cause.LoadPageFault, va ^ (1UL << 62))));
        }
    }

    [TestCase(V | R | A, false, true, false, false)]
    [TestCase(V | R | W | A | D, false, true, true, false)]
    [TestCase(V | X | A, false, false, false, true)]
    [TestCase(V | R | U | A, false, false, false, false)]
    [TestCase(V | R | U | A, true, true, false, false)]
    [TestCase(R | W | X | A | D, false, false, false, false)]
    [TestCase(V | W | A | D, false, false, false, false)]
    public void ChecksPermissions(ulong flags, bool user, bool load, bool store, bool fetch)
    {
        var (machine, tables) = Make(level: user ? PrivilegeLevel.User : PrivilegeLevel.Supervisor);
        using (machine)
        {
            tables.Map(Va, Data, flags);
            Assert.That(machine.Hart.TryTranslate(Va, Access.Load, out _), Is.EqualTo(load));
            Assert.That(machine.Hart.TryTranslate(Va, Access.Store, out _), Is.EqualTo(store));
            Assert.That(machine.Hart.TryTranslate(Va, Access.Fetch, out _), Is.EqualTo(fetch));
        }
    }

    [Test]
    public void HonoursSumAndMxr()
    {
        var (machine, tables) = Make();
        using (machine)
        {
            var hart = machine.Hart;
            tables.Map(Va, Data, V | R | W | X | U | A | D);
            tables.Map(Va + 4096, Data, V | X | A);
            Assert.That(hart.TryRead(Va, 8, out _), Is.False);
            hart.WriteCsr(CsrNumber.Sstatus, Status.Sum);
            Assert.That(hart.TryRead(Va, 8, out _));
            Assert.That(hart.TryFetch(Va, out _), Is.False, "S-mode never runs user pages");
            Assert.That(hart.TryRead(Va + 4096, 8, out _), Is.False);
            hart.WriteCsr(CsrNumber.Sstatus, Status.Mxr);
            Assert.That(hart.TryRead(Va + 4096, 8, out _));
            Assert.That(hart.TryRead(Va, 8, out _), Is.False);
        }
    }

    [Test]
    public void SetsAccessedAndDirtyOrFaults([Values] bool hardware)
    {
        var (machine, tables) = Make(options: new HartOptions { HardwareAccessedDirty = hardware });
        using (machine)
        {
            var entry = tables.Map(Va, Data, V | R | W);
            Assert.That(machine.Hart.TryRead(Va, 8, out _), Is.EqualTo(hardware));
            Assert.That(machine.Read64(entry) & (A | D), Is.EqualTo(hardware ? A : 0));
            Assert.That(machine.Hart.TryWrite(Va, 8, 1), Is.EqualTo(hardware));
            Assert.That(machine.Read64(entry) & (A | D), Is.EqualTo(hardware ? A | D : 0));
        }
    }

    [TestCase(1UL << 54)]
    [TestCase(1UL << 61)]
    [TestCase(1UL << 63)]
    public void RefusesReservedBits(ulong bit)
    {
        var (machine, tables) = Make();
        using (machine)
        {
            tables.Map(Va, Data, V | R | A | bit);
            Assert.That(machine.Hart.TryRead(Va, 8, out _), Is.False);
        }
    }

    [Test]
    public void RefusesMisalignedSuperpagesAndEndlessTables()
    {
        var (machine, tables) = Make();
        using (machine)
        {
            tables.Map(Va, Data + 4096, V | R | A, 1);
            Assert.That(machine.Hart.TryRead(Va, 8, out _), Is.False);
            tables.Map(Va + (1 << 21), Data, V);
            Assert.That(machine.Hart.TryRead(Va + (1 << 21), 8, out _), Is.False);
        }
    }

    [Test]
    public void GivesAccessFaultsForTablesOutsideRam()
    {
        var (machine, tables) = Make();
        using (machine)
        {
            tables.Map(Va, 0x1000, V, 2);
            Assert.That(machine.Hart.TryRead(Va, 8, out _), Is.False);
            Assert.That(machine.Hart.LastFault, Is.EqualTo((Cause.LoadAccessFault, Va)));
        }
    }

    [Test]
    public void SplitsAccessesThatCrossPages()
    {
        var (machine, tables) = Make();
        using (machine)
        {
            tables.Map(Va, Data, V | R | W | A | D);
            Assert.That(machine.Hart.TryWrite(Va + 0xffc, 8, ulong.MaxValue), Is.False);
            Assert.That(machine.Hart.LastFault, Is.EqualTo((Cause.StorePageFault, Va + 0x1000)));
            Assert.That(machine.Read64(Data + 0xff8), Is.Zero, "nothing is written");
            tables.Map(Va + 0x1000, Data + 0x2000, V | R | W | A | D);
            Assert.That(machine.Hart.TryWrite(Va + 0xffc, 8, 0x1122_3344_5566_7788));
            Assert.That(machine.Read64(Data + 0xff8) >> 32, Is.EqualTo(0x5566_7788));
            Assert.That((uint)machine.Read64(Data + 0x2000), Is.EqualTo(0x1122_3344));
        }
    }

    [Test]
    public void FetchesAcrossPagesAndNamesTheFaultingHalf()
    {
        var (machine, tables) = Make();
        using (machine)
        {
            var hart = machine.Hart;
            machine.Load(Data + 0xffe, Assembler.Assemble("addi a0, zero, 7", 0)[..2]);
            machine.Load(Data + 0x2000, Assembler.Assemble("addi a0, zero, 7", 0)[2..]);
            tables.Map(Va, Data, V | X | A);
            hart.WriteCsr(CsrNumber.Medeleg, 0xb1ff);
            hart.WriteCsr(CsrNumber.Stvec, 0x4000);
            hart.Pc = Va + 0xffe;
            hart.Run(1);
            Assert.That(hart.ReadCsr(CsrNumber.Stval), Is.EqualTo(Va + 0x1000));
            Assert.That(hart.ReadCsr(CsrNumber.Sepc), Is.EqualTo(Va + 0xffe));
            tables.Map(Va + 0x1000, Data + 0x2000, V | X | A);
            hart.Pc = Va + 0xffe;
            hart.Run(1);
            Assert.That(hart[10], Is.EqualTo(7));
        }
    }

    [Test]
    public void ShowsAMissingFenceOnlyWhereTranslationsAreCached([Values] TlbPolicy policy)
    {
        var (machine, tables) = Make(options: new HartOptions { Tlb = policy });
        using (machine)
        {
            var hart = machine.Hart;
            machine.Write64(Data, 1);
            machine.Write64(Data + 4096, 2);
            tables.Map(Va, Data, V | R | A);
            Assert.That(hart.TryRead(Va, 8, out var value) && value == 1);
            tables.Map(Va, Data + 4096, V | R | A);
            hart.TryRead(Va, 8, out value);
            Assert.That(value, Is.EqualTo(policy == TlbPolicy.None ? 2 : 1));
            hart.Fence(Va, null);
            hart.TryRead(Va, 8, out value);
            Assert.That(value, Is.EqualTo(2));
        }
    }

    [Test]
    public void FaultsFromTheCacheOnlyWhenAggressive([Values(TlbPolicy.Normal, TlbPolicy.Aggressive)] TlbPolicy policy)
    {
        var (machine, tables) = Make(options: new HartOptions { Tlb = policy });
        using (machine)
        {
            var hart = machine.Hart;
            tables.Map(Va, Data, V | R | A);
            hart.TryRead(Va, 8, out _);
            tables.Map(Va, Data, V | R | W | A | D);
            Assert.That(hart.TryWrite(Va, 8, 1), Is.EqualTo(policy == TlbPolicy.Normal));
            hart.Fence(Va, 0);
            Assert.That(hart.TryWrite(Va, 8, 1));
        }
    }

    [Test]
    public void KeepsSpacesApartAndGlobalPagesInAll()
    {
        var (machine, tables) = Make(options: new HartOptions { Tlb = TlbPolicy.Aggressive });
        using (machine)
        {
            var hart = machine.Hart;
            machine.Write64(Data, 1);
            tables.Map(Va, Data, V | R | A);
            tables.Map(Va + 4096, Data, V | R | A | G);
            hart.WriteCsr(CsrNumber.Satp, tables.Satp(5));
            hart.TryRead(Va, 8, out _);
            hart.TryRead(Va + 4096, 8, out _);
            tables.Map(Va, 0, 0);
            tables.Map(Va + 4096, 0, 0);
            Assert.That(hart.TryRead(Va, 8, out _), "cached");
            hart.WriteCsr(CsrNumber.Satp, tables.Satp(6));
            Assert.That(hart.TryRead(Va, 8, out _), Is.False, "another space");
            Assert.That(hart.TryRead(Va + 4096, 8, out _), "global");
            hart.WriteCsr(CsrNumber.Satp, tables.Satp(5));
            hart.Fence(null, 5);
            Assert.That(hart.TryRead(Va, 8, out _), Is.False, "fenced by its space");
            Assert.That(hart.TryRead(Va + 4096, 8, out _), "a fence of a space leaves global pages");
            hart.Fence(Va + 4096, null);
            Assert.That(hart.TryRead(Va + 4096, 8, out _), Is.False);
        }
    }

    [Test]
    public void FencesASuperpageByAnyAddressInIt()
    {
        var (machine, tables) = Make(options: new HartOptions { Tlb = TlbPolicy.Aggressive });
        using (machine)
        {
            tables.Map(Va, Data + 0x10_0000, V | R | A, 1);
            machine.Hart.TryRead(Va + 0x1000, 8, out _);
            Assert.That(machine.Hart.TlbEntries, Is.EqualTo(1), "kept whole");
            tables.Map(Va, 0, 0, 1);
            Assert.That(machine.Hart.TryRead(Va + 0x5000, 8, out _));
            machine.Hart.Fence(Va + 0x1f_f000, null);
            Assert.That(machine.Hart.TryRead(Va + 0x5000, 8, out _), Is.False);
        }
    }

    [Test]
    public void CachesAbsenceWhereAsked()
    {
        var (machine, tables) = Make(options: new HartOptions { Tlb = TlbPolicy.Aggressive, CacheInvalidEntries = true });
        using (machine)
        {
            tables.Entry(Va, 0);
            Assert.That(machine.Hart.TryRead(Va, 8, out _), Is.False);
            tables.Map(Va, Data, V | R | A);
            Assert.That(machine.Hart.TryRead(Va, 8, out _), Is.False);
            machine.Hart.Fence(Va, null);
            Assert.That(machine.Hart.TryRead(Va, 8, out _));
        }
    }

    [Test]
    public void SeesNewCodeAtOnceOrAfterFenceI([Values] bool cache)
    {
        using var machine = new Machine(1 << 16, 1, new HartOptions { InstructionCache = cache }).Load("""
                la s0, patch
                lw t0, other
                j patch
            back:
                sw t0, 0(s0)
                li s1, 1
            patch:
                li a0, 1
                beqz s1, back
                mv a1, a0
                fence.i
                j patch2
            patch2:
                j patch
            other:
                li a0, 2
            """.Replace("lw t0, other", "la t0, other; lw t0, 0(t0)", System.StringComparison.Ordinal));
        machine.Hart.Run(14);
        Assert.That(machine.Hart[11], Is.EqualTo(cache ? 1 : 2));
        machine.Hart.Run(6);
        Assert.That(machine.Hart[11], Is.EqualTo(2));
    }
}
