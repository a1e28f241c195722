using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Devices.Bus;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Mmu;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.Hypervisor;

/// <summary>Who gets which memory, on machines with holes, reservations, and tree and initial RAM disk in any place.</summary>
internal sealed unsafe class MemoryPlanTests
{
    private const ulong MiB = 1 << 20, Ram = SetupWorld.Ram;
    private const int RamLength = SetupWorld.RamLength;
    private const string Loop = "nop\nnop\nnop\nhere: j here\n";
    private const byte Leftover = 0x5c;

    [Test]
    public void NothingLiesInAnothersPlaceOrWhereNoMemoryIs([Range(1, 60)] int seed)
    {
        var random = new Random(seed);
        using var world = new SetupWorld();
        world.Machine.Memory(Ram, RamLength).Fill(Leftover);
        var guests = random.Next(1, 3);
        var wanted = Enumerable.Range(0, guests).Select(_ => random.Next(2) == 0 ? 0 : (ulong)random.Next(4, 10) * 2 * MiB).ToArray();
        var blob = Tools.Compile("/dts-v1/;\n/ { compatible = \"rvirt,guests\"; " + string.Concat(wanted.Select(Guest)) + "};");
        var banks = Banks(random);
        var places = new List<(ulong Start, ulong End)> { (Ram, Ram + SetupWorld.Firmware), (DesktopMachine.ImageStart, DesktopMachine.ImageStart + DesktopMachine.ImageLength) };
        var reserved = Enumerable.Range(0, random.Next(4)).Select(_ => Page(random, RamLength, (ulong)random.Next(1, 64) * 4096)).ToArray();
        places.AddRange(reserved);

        // Tree and RAM disk are somewhere in a bank, clear of each other and of what is reserved.
        (ulong Start, ulong End) Place(int length)
        {
            while (true)
            {
                var place = Page(random, RamLength, (ulong)length);
                if (banks.Any(bank => place.Start >= bank.Start && place.End <= bank.End)
                    && !places.Any(other => place.Start < other.End && other.Start < place.End)
                    && place.Start >= DesktopMachine.ImageStart)
                {
                    places.Add(place);
                    return place;
                }
            }
        }

        var initrd = Place(blob.Length);
        var tree = Place(16 << 10);
        world.Machine.Load(initrd.Start, blob);
        world.Machine.Load(tree.Start, Tools.Compile(Board(banks, reserved, initrd.Start, initrd.Start + (ulong)blob.Length)));
        var started = world.Desktop.Boot<Boards<SetupWorld.MadeUpBoard>>(tree.Start);
        if (!started)
        {
            Assert.That(world.Desktop.Emergency, Does.Contain("too little memory"));
            Assert.That(wanted.Aggregate(0UL, (sum, memory) => sum + Math.Max(memory, 8 * MiB)) + (32 * MiB), Is.GreaterThan(banks.Max(bank => bank.End - bank.Start)), "there was enough");
            return;
        }

        var record = world.Desktop.Record;
        var given = new List<(ulong Start, ulong End)>(places.Take(2 + reserved.Length));
        void Give(void* pointer, ulong length) => given.Add((record->Memory.Address((byte*)pointer), record->Memory.Address((byte*)pointer) + length));
        Give(record, (ulong)sizeof(HostMachine<FakeHost>));
        Give(record->Guests, (ulong)sizeof(Guest<FakeHost>) * (ulong)guests);
        for (var i = 0; i < guests; i++)
        {
            var guest = record->Guests + i;
            var hart = (GuestHart<FakeHost>*)guest->Harts[0];
            Give(guest->Memory.Pointer, guest->Memory.Length);
            Give(hart, (ulong)sizeof(GuestHart<FakeHost>));
            Give(guest->Harts, (ulong)sizeof(VCpu*));
            Give((void*)(hart->V.HostStack - Limits.StackSize), Limits.StackSize);
            Give(guest->Storage, GuestBus<FakeHost>.BytesNeeded(ref hart->Core->Host, guest->Devices));
            Give(guest->Description.Kernel.Pointer, (ulong)guest->Description.Kernel.Length);
            given.Add((guest->TablesAddress, guest->TablesAddress + ShadowMmu<SplitViews>.BytesNeeded(guest->TableCount)));
            Assert.That(wanted[i] == 0 ? guest->Memory.Length >= 8 * MiB : guest->Memory.Length == wanted[i]);
            Assert.That(guest->Memory.HostAddress % (2 * MiB), Is.Zero);
            Assert.That(hart->V.HostStack % Limits.StackSize, Is.Zero);
            Assert.That(guest->Description.Kernel.Bytes.EndsWith(Marker(i)), "its own kernel, whole");
            Assert.That(new Span<byte>(guest->Memory.Pointer, (int)guest->Memory.Length).IndexOf(Marker(1 - i)), Is.EqualTo(-1), "nothing of another's");
        }

        Assert.That(wanted.Select((memory, i) => memory == 0 ? record->Guests[i].Memory.Length : 0).Where(length => length != 0).Distinct().Count(), Is.LessThanOrEqualTo(1), "equal shares");
        given.Sort();
        foreach (var (low, high) in given.Zip(given.Skip(1)))
        {
            // Reservations may overlap each other.
            Assert.That(high.Start >= low.End || (reserved.Contains(low) && reserved.Contains(high)), $"{low.Start:x}-{low.End:x} and {high.Start:x}-{high.End:x}");
        }

        foreach (var (start, end) in given.Except(places))
        {
            Assert.That(banks.Any(bank => start >= bank.Start && end <= bank.End), $"{start:x}-{end:x} is in no bank");
            Assert.That(start, Is.GreaterThanOrEqualTo(DesktopMachine.ImageStart + DesktopMachine.ImageLength), "below the image all is the firmware's");
        }

        foreach (var (start, end) in reserved)
        {
            Assert.That(world.Machine.Memory(start, (int)(end - start)).IndexOfAnyExcept(Leftover), Is.EqualTo(-1), $"what is reserved at {start:x} was touched");
        }
    }

    /// <summary>A range that the tree reserves to the last address or beyond: nobody gets any of what lies from its start on.</summary>
    [Test]
    public void NobodyGetsWhatIsReservedToTheEndOfAddresses(
        [Values(0x8600_0000UL, 0x8634_5678UL)] ulong start, [Values(-1L, 0L, 1L, 0x10_0000L, long.MaxValue)] long beyond, [Values] bool inHeader, [Values] bool smallPages)
    {
        var size = beyond == long.MaxValue ? ulong.MaxValue : 0UL - start + (ulong)beyond;
        using var world = new SetupWorld(mode: smallPages ? TranslationMode.Sv39 : TranslationMode.Sv57, smallPages: smallPages);
        var booted = world.Boot([world.Guest("one", Loop), world.Guest("two", Loop, 16 << 20)], source => inHeader
            ? source.Replace("/dts-v1/;", $"/dts-v1/;\n/memreserve/ 0x{start:x} 0x{size:x};", StringComparison.Ordinal)
            : source.Replace("firmware@80000000 {", $"all@0 {{ reg = <0x{start >> 32:x} 0x{(uint)start:x} 0x{size >> 32:x} 0x{(uint)size:x}>; }};\nfirmware@80000000 {{", StringComparison.Ordinal));
        Assert.That(booted, world.Desktop.Emergency);
        var record = world.Desktop.Record;
        var grain = smallPages ? 2 * MiB : 4096;
        for (var i = 0; i < 2; i++)
        {
            var guest = record->Guests + i;
            Assert.That(guest->Memory.HostAddress + guest->Memory.Length, Is.LessThanOrEqualTo(start & ~(grain - 1)));
            Assert.That(guest->TablesAddress + ShadowMmu<SplitViews>.BytesNeeded(guest->TableCount), Is.LessThanOrEqualTo(start & ~(grain - 1)));
        }

        Assert.That(record->Guests[0].Memory.Length, Is.GreaterThan(60 * MiB), "and the guests get what lies before");
    }

    [TestCase(2, 512)]
    [TestCase(128, 512)]
    [TestCase(256, 1024)]
    [TestCase(1024, 4096)]
    [TestCase(2048, 8192)]
    [TestCase(4096, 8192)]
    public void AGuestHasAShadowTableForEach256KiBWithinBounds(int megabytes, int tables)
    {
        using var world = new GuestWorld(GuestPayload.Program("here: j here") with { Memory = (ulong)megabytes << 20 });
        Assert.That(world.Guest.Tables.Length, Is.EqualTo(ShadowMmu<SplitViews>.BytesNeeded(tables)));
    }

    /// <summary>A guest's largest page is 1 GiB: where its RAM lies at the same place in one as in the host's, pages need not be cut.</summary>
    [Test]
    public void RAMOfGigabytesKeepsTheLargestPagesWholeWhereThatFits()
    {
        using var world = new GuestWorld(new WorldOptions { MoreRam = 1UL << 30 }, GuestPayload.Program("here: j here") with { Memory = 1UL << 30 });
        Assert.That(world.Guest.Memory.HostAddress % (1UL << 30), Is.Zero);
        using var tight = new GuestWorld(GuestPayload.Program("here: j here") with { Memory = 1UL << 30 });
        Assert.That(tight.Guest.Memory.HostAddress % (1UL << 30), Is.Not.Zero, "and goes closer together where it does not");
    }

    [Test]
    public void GuestsThatNameNoSizeShareWhatTheOthersLeave()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", Loop, 32 << 20), world.Guest("two", Loop)]), world.Desktop.Emergency);
        var guests = world.Desktop.Record->Guests;
        Assert.That(guests[0].Memory.Length, Is.EqualTo(32 * MiB));
        Assert.That(guests[1].Memory.Length, Is.GreaterThan(64 * MiB).And.LessThan(94 * MiB));
    }

    private static ReadOnlySpan<byte> Marker(int guest) => guest == 0 ? "the kernel of the first guest"u8 : "the kernel of the second one."u8;

    // A loop, and a text by which it is told from the other's.
    private static string Guest(ulong memory, int number)
    {
        var kernel = new byte[] { 0x6f, 0, 0, 0 }.Concat(Enumerable.Repeat((byte)0, 31)).Concat(Marker(number).ToArray());
        return string.Create(
            CultureInfo.InvariantCulture,
            $"g{number} {{ compatible = \"rvirt,guest\"; kernel = [{Convert.ToHexString([.. kernel])}]; {(memory == 0 ? "" : $"memory = <{memory}>;")} }}; ");
    }

    // One to three, the first from the start of RAM on, and now and then one more that overlaps another, which is memory all the same.
    private static List<(ulong Start, ulong End)> Banks(Random random)
    {
        var banks = new List<(ulong Start, ulong End)>();
        var start = Ram;
        for (var i = random.Next(1, 4); i > 0 && start < Ram + RamLength; i--)
        {
            var length = i == 1 ? Ram + RamLength - start : Math.Min((ulong)random.Next(8 << 8, RamLength >> 12) << 12, Ram + RamLength - start);
            banks.Add((start, start + length));
            start += length + ((ulong)random.Next(1, 512) << 12);
        }

        if (random.Next(2) == 0)
        {
            var (first, end) = banks[random.Next(banks.Count)];
            var low = first + ((ulong)random.Next((int)((end - first) >> 13)) << 12);
            banks.Add((low, low + ((ulong)random.Next(1, (int)((end - low) >> 12)) << 12)));
        }

        return banks;
    }

    private static (ulong Start, ulong End) Page(Random random, int within, ulong length)
    {
        var rounded = (length + 4095) & ~4095UL;
        var start = Ram + ((ulong)random.Next((int)(((ulong)within - rounded) >> 12)) << 12);
        return (start, start + rounded);
    }

    private static string Board(List<(ulong Start, ulong End)> banks, (ulong Start, ulong End)[] reserved, ulong initrd, ulong end)
    {
        static string Reg((ulong Start, ulong End) range) => $"reg = <0 0x{range.Start:x} 0 0x{range.End - range.Start:x}>;";
        return SetupWorld.Board
            .Replace("INITRD_START", $"0x{initrd:x}", StringComparison.Ordinal)
            .Replace("INITRD_END", $"0x{end:x}", StringComparison.Ordinal)
            .Replace("memory@80000000 { device_type = \"memory\"; reg = <0 0x80000000 0 0x8000000>; };", string.Concat(banks.Select(bank => $"memory@{bank.Start:x} {{ device_type = \"memory\"; {Reg(bank)} }};\n")), StringComparison.Ordinal)
            .Replace("firmware@80000000 {", string.Concat(reserved.Select((range, i) => $"more@{i} {{ {Reg(range)} }};\n")) + "firmware@80000000 {", StringComparison.Ordinal);
    }
}
