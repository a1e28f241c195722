using System;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Privileged;
using Rvirt.Testing.DeviceTree;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Core.DeviceTree;

internal sealed class HostTreeTests
{
    private const string Board = """
        /dts-v1/;
        /memreserve/ 0x80000000 0x1000;
        / {
            #address-cells = <2>;
            #size-cells = <2>;
            aliases { console = "/soc/serial@2000"; };
            chosen { stdout-path = "console:115200n8"; bootargs = "a b"; linux,initrd-start = <0x88000000>; linux,initrd-end = <0x0 0x88001000>; };
            cpus {
                #address-cells = <1>;
                #size-cells = <0>;
                timebase-frequency = <1000000>;
                cpu@2 { device_type = "cpu"; reg = <2>; mmu-type = "riscv,sv39"; riscv,isa = "rv64imac"; interrupt-controller { phandle = <12>; }; };
                cpu@0 { device_type = "cpu"; reg = <0>; riscv,isa = "rv64imac"; interrupt-controller { phandle = <10>; }; };
                cpu@1 { device_type = "cpu"; reg = <1>; mmu-type = "riscv,sv57"; riscv,isa = "rv64gc"; interrupt-controller { phandle = <11>; }; };
            };
            memory@180000000 { device_type = "memory"; reg = <1 0x80000000 0 0x10000000>; };
            memory@80000000 { device_type = "memory"; reg = <0 0x80000000 0 0x10000000>; };
            reserved-memory {
                #address-cells = <2>; #size-cells = <2>; ranges;
                firmware@80040000 { reg = <0 0x80040000 0 0x40000>; no-map; };
            };
            soc {
                #address-cells = <2>; #size-cells = <2>; compatible = "simple-bus"; ranges;
                plic@c000000 { compatible = "riscv,plic0"; reg = <0 0xc000000 0 0x400000>; riscv,ndev = <53>;
                    interrupts-extended = <10 11  11 11  11 9  12 11  12 9>; };
                serial@1000 { compatible = "ns16550a"; reg = <0 0x1000 0 0x100>; interrupts = <3>; };
                serial@2000 { compatible = "sifive,uart0"; reg = <0 0x2000 0 0x1000>; interrupts = <4>; };
                virtio@4000 { compatible = "virtio,mmio"; reg = <0 0x4000 0 0x1000>; interrupts = <8>; };
                virtio@3000 { compatible = "virtio,mmio"; reg = <0 0x3000 0 0x1000>; interrupts-extended = <1 7>; };
                virtio@5000 { compatible = "virtio,mmio"; reg = <0 0x5000 0 0x1000>; status = "disabled"; };
            };
        };
        """;

    [Test]
    public void ReadsABoard()
    {
        using var tree = new Tree(Board);
        Assert.That(HostTree.Read(tree.Reader, 1, ulong.MaxValue, default(UsualDrivers), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That(host.MemoryBankCount, Is.EqualTo(2));
        Assert.That(host.MemoryBanks[0].Base, Is.EqualTo(0x80000000));
        Assert.That(host.MemoryBanks[1].Base, Is.EqualTo(0x180000000));
        Assert.That(host.ReservationCount, Is.EqualTo(2));
        Assert.That(host.Reservations[1].Base, Is.EqualTo(0x80040000));
        Assert.That(host.HartCount, Is.EqualTo(2), "hart 0 has no MMU");
        Assert.That(host.Harts[0].HartId, Is.EqualTo(1));
        Assert.That(host.Harts[0].TranslationMode, Is.EqualTo(TranslationMode.Sv57));
        Assert.That(host.Harts[0].PlicContext, Is.EqualTo(2));
        Assert.That(host.Harts[1].PlicContext, Is.EqualTo(4));
        Assert.That((host.Harts[0].PlicMachineContext, host.Harts[1].PlicMachineContext), Is.EqualTo((1, 3)));
        Assert.That(host.Harts[1].Isa.Has("c"u8) && !host.Harts[1].Isa.Has("d"u8));
        Assert.That(host.BootHart, Is.Zero);
        Assert.That(host.TimebaseFrequency, Is.EqualTo(1_000_000));
        Assert.That((host.InitrdStart, host.InitrdEnd), Is.EqualTo((0x88000000UL, 0x88001000UL)));
        Assert.That(host.CommandLine.SequenceEqual("a b"u8));
        Assert.That((host.Plic.HasDriver, host.Plic.Base, host.Plic.Size), Is.EqualTo((true, 0xc000000UL, 0x400000UL)));
        Assert.That((host.Uart.Exists, host.Uart.HasDriver, host.Uart.Interrupt), Is.EqualTo((true, false, 4u)), "stdout-path decides");
        Assert.That(host.VirtioSlotCount, Is.EqualTo(2));
        Assert.That((host.VirtioSlots[0].Base, host.VirtioSlots[0].Interrupt), Is.EqualTo((0x3000UL, 7u)));
        Assert.That((host.VirtioSlots[1].Base, host.VirtioSlots[1].Interrupt), Is.EqualTo((0x4000UL, 8u)));
        Assert.That(host.Reset.Exists || host.Clock.Exists, Is.False);
    }

    // What a hart has, and whether it may have H, by either form of the binding; where there are both the list counts, and H where either names it.
    [TestCase("riscv,isa = \"rv64gc\";", "rv64imafdc_zicntr_zicsr_zifencei", false)]
    [TestCase("riscv,isa = \"rv64imafdch_zicsr\";", "rv64imafdc_zicntr_zicsr_zifencei", true)]
    [TestCase("riscv,isa = \"rv64gc_zihintpause_sscofpmf\";", "rv64imafdc_zicntr_zicsr_zifencei_zihintpause", false)]
    [TestCase("riscv,isa-base = \"rv64i\"; riscv,isa-extensions = \"i\", \"m\", \"a\", \"zicntr\", \"sstc\";", "rv64ima_zicntr", false)]
    [TestCase("riscv,isa-base = \"rv64i\"; riscv,isa-extensions = \"i\", \"m\", \"a\", \"h\";", "rv64ima", true)]
    [TestCase("riscv,isa = \"rv64gc\"; riscv,isa-base = \"rv64i\"; riscv,isa-extensions = \"i\", \"m\", \"a\";", "rv64ima", false)]
    [TestCase("riscv,isa = \"rv64gch\"; riscv,isa-base = \"rv64i\"; riscv,isa-extensions = \"i\", \"m\", \"a\";", "rv64ima", true)]
    [TestCase("riscv,isa = \"rv64gc\"; riscv,isa-base = \"rv64i\";", "rv64imafdc_zicntr_zicsr_zifencei", false)]
    [TestCase("", "rv64imac_zicntr_zicsr_zifencei", true, Description = "it does not say: what the hypervisor itself needs, and perhaps H")]
    [TestCase("riscv,isa-extensions = \"i\", \"m\", \"a\", \"zba\";", "rv64imac_zicntr_zicsr_zifencei", true, Description = "of no base")]
    [TestCase("riscv,isa-base = \"rv32i\"; riscv,isa-extensions = \"i\", \"m\", \"a\", \"zba\";", "rv64imac_zicntr_zicsr_zifencei", true)]
    [TestCase("riscv,isa = \"rv32gc\";", "rv64imac_zicntr_zicsr_zifencei", true)]
    [TestCase("riscv,isa = [72 76 36 34 69 68];", "rv64imac_zicntr_zicsr_zifencei", true, Description = "a string without its end")]
    public void AHartHasWhatItsTreeSays(string properties, string isa, bool mayHaveHypervisor)
    {
        var host = ReadChanged(("riscv,isa = \"rv64gc\";", properties));
        Assert.That(Encoding.ASCII.GetString(GuestIsa.Derive(host.Harts[0].Isa, false, false, new byte[GuestIsa.MaximumLength])), Is.EqualTo(isa));
        Assert.That(host.Harts[0].MayHaveHypervisorExtension, Is.EqualTo(mayHaveHypervisor));
    }

    [Test]
    public void GuestsMayRelyOnWhatAllHartsHave()
    {
        var host = ReadChanged(("riscv,isa = \"rv64gc\";", "riscv,isa = \"rv64gc_zba_zbb\";"),
            ("riscv,sv39\"; riscv,isa = \"rv64imac\";", "riscv,sv39\"; riscv,isa = \"rv64imafc_zbb_zbs\";"));
        Assert.That(Encoding.ASCII.GetString(GuestIsa.Derive(host.CommonIsa, false, false, new byte[GuestIsa.MaximumLength])),
            Is.EqualTo("rv64imafc_zicntr_zicsr_zifencei_zbb"));
    }

    [TestCase("riscv,cbop-block-size = <64>;", "riscv,cbop-block-size = <64>;", 64)]
    [TestCase("riscv,cbop-block-size = <64>;", "riscv,cbop-block-size = <128>;", 0, Description = "harts that differ")]
    [TestCase("riscv,cbop-block-size = <64>;", "", 0)]
    [TestCase("", "", 0)]
    [TestCase("riscv,cbop-block-size = <48>;", "riscv,cbop-block-size = <48>;", 0, Description = "no power of two")]
    [TestCase("riscv,cbop-block-size = <0 64>;", "riscv,cbop-block-size = <0 64>;", 0, Description = "not one cell")]
    public void PrefetchesAreForBlocksThatAllHartsHave(string first, string second, int block)
    {
        var host = ReadChanged(("riscv,isa = \"rv64gc\";", $"riscv,isa = \"rv64gc_zicbop\"; {first}"),
            ("riscv,sv39\"; riscv,isa = \"rv64imac\";", $"riscv,sv39\"; riscv,isa = \"rv64imac_zicbop\"; {second}"));
        Assert.That(host.CommonPrefetchBlock, Is.EqualTo(block));
        Assert.That(host.CommonIsa.Has("zicbop"u8), Is.True);
    }

    [TestCase("-smp 1 -m 512", 1, 1)]
    [TestCase("-smp 4 -m 1G", 4, 7)]
    public void ReadsQemusVirtBoard(string arguments, int harts, int lastContext)
    {
        using var tree = new Tree(Tools.DumpQemu(arguments));
        Assert.That(HostTree.Read(tree.Reader, 0, ulong.MaxValue, default(UsualDrivers), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That(host.HartCount, Is.EqualTo(harts));
        Assert.That(host.Harts[harts - 1].PlicContext, Is.EqualTo(lastContext));
        Assert.That(host.Harts[0].TranslationMode, Is.Not.EqualTo(TranslationMode.Bare));
        Assert.That(host.TimebaseFrequency, Is.EqualTo(10_000_000));
        Assert.That(host.Plic.Base, Is.EqualTo(0xc000000));
        Assert.That((host.Uart.HasDriver, host.Uart.Base, host.Uart.Interrupt), Is.EqualTo((true, 0x10000000UL, 10u)));
        Assert.That(host.VirtioSlotCount, Is.EqualTo(8));
        Assert.That(host.VirtioSlots[7].Base, Is.EqualTo(0x10008000));
        Assert.That(host.VirtioSlots[7].Interrupt, Is.EqualTo(8));
        Assert.That((host.Reset.Base, host.Clock.Base), Is.EqualTo((0x100000UL, 0x101000UL)));
        Assert.That(host.InitrdStart, Is.EqualTo(host.InitrdEnd));
        Assert.That(host.CommonIsa.Has("zicntr"u8), "this QEMU has the string alone");
    }

    [Test]
    public void ReadsQemusUnleashedBoard()
    {
        using var tree = new Tree(Tools.DumpQemu("-smp 2 -m 512 -bios none", "sifive_u"));
        Assert.That(HostTree.Read(tree.Reader, 1, ulong.MaxValue, default(UsualDrivers), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That(host.HartCount, Is.EqualTo(1), "hart 0 has no S-mode");
        Assert.That(host.Harts[0].PlicContext, Is.EqualTo(2));
        Assert.That(host.Uart.Compatible.HasString("sifive,uart0"u8));
        Assert.That(host.Uart.HasDriver, Is.False);
        Assert.That(host.TimebaseFrequency, Is.EqualTo(1_000_000));
    }

    [Test]
    public void AConsoleOfNoKnownKindIsNotPassedOver()
    {
        using var tree = new Tree(Board.Replace("sifive,uart0", "acme,uart-9000", StringComparison.Ordinal));
        Assert.That(HostTree.Read(tree.Reader, 1, ulong.MaxValue, default(UsualDrivers), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That(host.Uart.HasDriver, Is.False, "though there is a 16550A before it");
        Assert.That(host.Uart.Compatible.HasString("acme,uart-9000"u8));
    }

    [Test]
    public void AConsoleOfNoKnownKindIsNotReplacedByALaterOne()
    {
        var host = ReadChanged(("console = \"/soc/serial@2000\"", "console = \"/soc/serial@1000\""), ("\"ns16550a\"", "\"acme,uart-9000\""), ("\"sifive,uart0\"", "\"ns16550a\""));
        Assert.That((host.Uart.HasDriver, host.Uart.Interrupt), Is.EqualTo((false, 3u)));
    }

    [TestCase("device_type = \"memory\"", "device_type = \"other\"", HostTreeError.NoMemory)]
    [TestCase("reg = <0 0x80000000 0 0x10000000>", "reg = <0xffffffff 0x80000000 0 0x80000001>", HostTreeError.WrongMemory)]
    [TestCase("reg = <0 0x80000000 0 0x10000000>", "other = <1>", HostTreeError.WrongMemory)]
    [TestCase("mmu-type", "other", HostTreeError.NoHart)]
    [TestCase("riscv,sv57", "riscv,sv64", HostTreeError.NoBootHart)]
    [TestCase("timebase-frequency", "other", HostTreeError.NoTimebase)]
    [TestCase("compatible = \"riscv,plic0\"", "other = \"riscv,plic0\"", HostTreeError.NoPlic)]
    [TestCase("riscv,plic0", "thead,c900-plic", HostTreeError.UnknownPlic)]
    [TestCase("11 9", "11 3", HostTreeError.NoPlicContext)]
    [TestCase("<0x0 0x88001000>", "<0x1 0x00000000>", HostTreeError.InitrdOutsideMemory)]
    [TestCase("<0x88000000>", "<0x1000>", HostTreeError.InitrdOutsideMemory)]
    public void NamesWhatIsMissing(string text, string instead, HostTreeError expected)
    {
        Assert.That(text, Is.Not.Empty.And.Matches<string>(part => Board.Contains(part!, StringComparison.Ordinal)));
        using var tree = new Tree(Board.Replace(text, instead, StringComparison.Ordinal));
        Assert.That(HostTree.Read(tree.Reader, 1, ulong.MaxValue, default(UsualDrivers), out _), Is.EqualTo(expected));
    }

    /// <summary>The board has 256 MiB at 2 GiB and as much at 6 GiB; its devices lie below 0xc400000.</summary>
    [TestCase(0x1_9000_0000UL, 2, 0UL)]
    [TestCase(0x1_8fff_f000UL, 2, 0x1000UL)]
    [TestCase(0x1_8000_0000UL, 1, 0x1000_0000UL)]
    [TestCase(0x1_0000_0000UL, 1, 0x1000_0000UL)]
    [TestCase(0x8800_1000UL, 1, 0x17ff_f000UL)]
    public void KeepsTheMemoryThatTheHypervisorCanMap(ulong reach, int banks, ulong left)
    {
        using var tree = new Tree(Board);
        Assert.That(HostTree.Read(tree.Reader, 1, reach, default(UsualDrivers), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That(host.MemoryBankCount, Is.EqualTo(banks));
        Assert.That(host.MemoryOutOfReach, Is.EqualTo(left));
        var last = host.MemoryBanks[banks - 1];
        Assert.That(last.Base + last.Size, Is.LessThanOrEqualTo(reach));
        Assert.That(Enumerable.Range(0, banks).Sum(i => (long)host.MemoryBanks[i].Size) + (long)left, Is.EqualTo(0x2000_0000));
    }

    [TestCase(0x8800_0fffUL, HostTreeError.InitrdOutsideMemory)]
    [TestCase(0x8000_0000UL, HostTreeError.MemoryOutOfReach)]
    public void RefusesWhatItNeedsAndCannotMap(ulong reach, HostTreeError expected)
    {
        using var tree = new Tree(Board);
        Assert.That(HostTree.Read(tree.Reader, 1, reach, default(UsualDrivers), out _), Is.EqualTo(expected));
    }

    [TestCase("reg = <0 0xc000000 0 0x400000>", "reg = <1 0x8fd00000 0 0x400000>", HostTreeError.PlicOutOfReach)]
    [TestCase("sifive,uart0\"; reg = <0 0x2000 0 0x1000>", "ns16550a\"; reg = <1 0x90000000 0 0x1000>", HostTreeError.UartOutOfReach)]
    [TestCase("reg = <0 0x4000 0 0x1000>", "reg = <0xffffffff 0xfffff000 0 0x1000>", HostTreeError.VirtioOutOfReach)]
    [TestCase("compatible = \"virtio,mmio\"; reg = <0 0x4000", "compatible = \"sifive,test0\"; reg = <2 0x4000", HostTreeError.ResetOutOfReach)]
    [TestCase("compatible = \"virtio,mmio\"; reg = <0 0x4000", "compatible = \"google,goldfish-rtc\"; reg = <2 0x4000", HostTreeError.ClockOutOfReach)]
    [TestCase("reg = <0 0x1000 0 0x100>", "reg = <3 0x1000 0 0x100>", HostTreeError.None, Description = "another UART than the console's")]
    public void ADeviceThatCannotBeMappedIsRefusedByName(string text, string instead, HostTreeError expected)
    {
        using var tree = new Tree(Board.Replace(text, instead, StringComparison.Ordinal));
        Assert.That(HostTree.Read(tree.Reader, 1, 0x1_9000_0000, default(UsualDrivers), out _), Is.EqualTo(expected));
    }

    [TestCase(0x88000000u, 0x90000000u, HostTreeError.None, Description = "to the last byte of its bank")]
    [TestCase(0x88000000u, 0x90001000u, HostTreeError.InitrdOutsideMemory, Description = "beyond it")]
    [TestCase(0x90000000u, 0x90001000u, HostTreeError.InitrdOutsideMemory, Description = "behind it")]
    [TestCase(0x88000000u, 0x88000000u, HostTreeError.None, Description = "no initrd")]
    public void AnInitrdLiesWhollyInABank(uint start, uint end, HostTreeError expected)
    {
        using var tree = new Tree(Board.Replace("<0x88000000>", $"<{start}>", StringComparison.Ordinal).Replace("<0x0 0x88001000>", $"<0 {end}>", StringComparison.Ordinal));
        Assert.That(HostTree.Read(tree.Reader, 1, ulong.MaxValue, default(UsualDrivers), out _), Is.EqualTo(expected));
    }

    private static HostDescription ReadChanged(params ReadOnlySpan<(string Text, string Instead)> changes)
    {
        var source = Board;
        foreach (var (text, instead) in changes)
        {
            Assert.That(source, Does.Contain(text));
            source = source.Replace(text, instead, StringComparison.Ordinal);
        }

        using var tree = new Tree(source);
        Assert.That(HostTree.Read(tree.Reader, 1, ulong.MaxValue, default(UsualDrivers), out var host), Is.EqualTo(HostTreeError.None));
        return host;
    }

    [Test]
    public void TheFirstUartIsTheConsoleWhereNoneIsNamed()
    {
        var host = ReadChanged(("stdout-path", "other"));
        Assert.That((host.Uart.HasDriver, host.Uart.Base), Is.EqualTo((true, 0x1000UL)));
    }

    [Test]
    public void TheTimebaseMayStandInAHart()
    {
        var host = ReadChanged(("timebase-frequency = <1000000>;", ""), ("cpu@2 {", "cpu@2 { timebase-frequency = <2000000>;"), ("cpu@1 {", "cpu@1 { timebase-frequency = <3000000>;"));
        Assert.That(host.TimebaseFrequency, Is.EqualTo(2_000_000), "the first counts");
    }

    [Test]
    public void TheFirstTimebaseCounts() =>
        Assert.That(ReadChanged(("soc {", "later { timebase-frequency = <5>; }; soc {")).TimebaseFrequency, Is.EqualTo(1_000_000));

    [TestCase("sifive,test0")]
    [TestCase("sifive,test1")]
    public void TheTestDeviceHasTwoNames(string name) =>
        Assert.That(ReadChanged(("plic@c000000", $"test@100000 {{ compatible = \"{name}\"; reg = <0 0x100000 0 0x1000>; }}; plic@c000000")).Reset.Base, Is.EqualTo(0x100000));

    [Test]
    public void ADeviceThatSaysNoSizeHasRegistersAllTheSame()
    {
        var host = ReadChanged(("plic@c000000", "test@100000 { compatible = \"sifive,test0\"; reg = <0 0x100000 0 0>; }; plic@c000000"));
        Assert.That(host.TryDevice(2, out var registers, out _));
        Assert.That((registers.Base, registers.Size), Is.EqualTo((0x100000UL, 8UL)));
    }

    [Test]
    public void AHartsFirstContextOfItsModeCounts() =>
        Assert.That(ReadChanged(("<10 11  11 11  11 9", "<11 9  11 11  11 9")).Harts[0].PlicContext, Is.Zero);

    [Test]
    public void WhatIsNotInUseIsNotCounted()
    {
        var host = ReadChanged(("reg = <1 0x80000000 0 0x10000000>;", "reg = <1 0x80000000 0 0x10000000>; status = \"disabled\";"), ("reg = <0 0x80040000 0 0x40000>", "reg = <0 0x80040000 0 0>"));
        Assert.That((host.MemoryBankCount, host.ReservationCount), Is.EqualTo((1, 1)), "a bank that is disabled, a reservation of no bytes");
    }

    [Test]
    public void ABankMayReachTheLastAddress() =>
        Assert.That(ReadChanged(("reg = <1 0x80000000 0 0x10000000>;", "reg = <0xffffffff 0xf0000000 0 0x10000000>;")).MemoryBanks[1].Base, Is.EqualTo(0xffff_ffff_f000_0000));

    [Test]
    public void ANodeMayHaveSeveralRanges()
    {
        using var tree = new Tree(Board.Replace("/memreserve/", "/memreserve/ 0x80002000 0x1000; /memreserve/", StringComparison.Ordinal)
            .Replace("reg = <0 0x80000000 0 0x10000000>", "reg = <0 0x80000000 0 0x8000000>, <0 0x88000000 0 0x8000000>", StringComparison.Ordinal)
            .Replace("reg = <0 0x80040000 0 0x40000>", "reg = <0 0x80040000 0 0x40000>, <0 0x80100000 0 0x40000>", StringComparison.Ordinal));
        Assert.That(HostTree.Read(tree.Reader, 1, ulong.MaxValue, default(UsualDrivers), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That((host.MemoryBankCount, host.MemoryBanks[1].Base), Is.EqualTo((3, 0x88000000UL)));
        Assert.That(host.ReservationCount, Is.EqualTo(4));
        Assert.That(host.Reservations[3].Base, Is.EqualTo(0x80100000));
    }

    [Test]
    public void APlicsFirstContextMayBeASupervisors()
    {
        using var tree = new Tree(Board.Replace("<10 11  11 11  11 9", "<11 9  10 11  11 11", StringComparison.Ordinal));
        Assert.That(HostTree.Read(tree.Reader, 1, ulong.MaxValue, default(UsualDrivers), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That(host.Harts[0].PlicContext, Is.Zero);
    }

    [Test]
    public void NamesABootHartThatIsNotThere()
    {
        using var tree = new Tree(Board);
        Assert.That(HostTree.Read(tree.Reader, 7, ulong.MaxValue, default(UsualDrivers), out _), Is.EqualTo(HostTreeError.NoBootHart));
        Assert.That(HostTree.Read(tree.Reader, 0, ulong.MaxValue, default(UsualDrivers), out _), Is.EqualTo(HostTreeError.NoBootHart));
    }

    /// <summary>Sums of 128 bits do not wrap around: all bytes of a range that have an address are reserved, and no others.</summary>
    [TestCase(0x8600_0000UL, 0x1000UL)]
    [TestCase(0x8600_0000UL, ulong.MaxValue)]
    [TestCase(0x8600_0000UL, 0xffff_ffff_79ff_ffffUL, Description = "to the last address but one")]
    [TestCase(0x8600_0000UL, 0xffff_ffff_7a00_0000UL, Description = "to the last")]
    [TestCase(0x8600_0000UL, 0xffff_ffff_7a00_0001UL, Description = "to the first again")]
    [TestCase(0UL, ulong.MaxValue)]
    [TestCase(1UL, ulong.MaxValue)]
    [TestCase(ulong.MaxValue, 1UL)]
    [TestCase(ulong.MaxValue, ulong.MaxValue)]
    public void AReservationEndsAtTheLastAddress(ulong start, ulong size)
    {
        var host = ReadChanged(
            ("/memreserve/ 0x80000000 0x1000;", $"/memreserve/ 0x{start:x} 0x{size:x};"),
            ("reg = <0 0x80040000 0 0x40000>", $"reg = <0x{start >> 32:x} 0x{(uint)start:x} 0x{size >> 32:x} 0x{(uint)size:x}>"));
        Assert.That(host.ReservationCount, Is.EqualTo(2));
        var end = UInt128.Min((UInt128)start + size, (UInt128)1 << 64);
        for (var i = 0; i < host.ReservationCount; i++)
        {
            Assert.That(host.Reservations[i].Base, Is.EqualTo(start));
            Assert.That((UInt128)host.Reservations[i].Base + host.Reservations[i].Size, Is.EqualTo(end));
        }
    }

    [TestCase(0, HostTreeError.None)]
    [TestCase(1, HostTreeError.TooManyReservations)]
    public void RefusesMoreReservationsThanItCanKeepClearOf(int more, HostTreeError expected)
    {
        // The board reserves two ranges already.
        var reserved = string.Concat(Enumerable.Range(0, HostDescription.MaximumReservations - 2 + more)
            .Select(i => $"r@{i:x} {{ reg = <0 {0x88100000 + (i << 12)} 0 0x1000>; }}; "));
        using var tree = new Tree(Board.Replace("firmware@80040000 {", reserved + "firmware@80040000 {", StringComparison.Ordinal));
        Assert.That(HostTree.Read(tree.Reader, 1, ulong.MaxValue, default(UsualDrivers), out var host), Is.EqualTo(expected));
        Assert.That(host.ReservationCount, Is.EqualTo(HostDescription.MaximumReservations));
    }

    [Test]
    public void CutsListsThatAreTooLongAndSaysByHowMuch()
    {
        var many = string.Concat(Enumerable.Range(0, 40).Select(i =>
            $"v@{i:x} {{ compatible = \"virtio,mmio\"; reg = <0 {i} 0 1>; }}; "));
        var harts = string.Concat(Enumerable.Range(3, 40).Select(i => $"cpu@{i:x} {{ device_type = \"cpu\"; reg = <{i}>; mmu-type = \"riscv,sv39\"; }}; "));
        var banks = string.Concat(Enumerable.Range(32, 40).Select(i => $"memory@{i:x}00000000 {{ device_type = \"memory\"; reg = <{i} 0 0 1>; }}; "));
        using var tree = new Tree(Board.Replace("soc {", banks + "soc { ", StringComparison.Ordinal)
            .Replace("cpu@0 {", harts + "cpu@0 {", StringComparison.Ordinal)
            .Replace("plic@c000000", many + "plic@c000000", StringComparison.Ordinal));
        Assert.That(HostTree.Read(tree.Reader, 1, ulong.MaxValue, default(UsualDrivers), out var host), Is.EqualTo(HostTreeError.None), "the hart that started is the last of the tree");
        Assert.That((host.VirtioSlotCount, host.VirtioSlotsLeftOut), Is.EqualTo((HostDescription.MaximumVirtioSlots, 42 - HostDescription.MaximumVirtioSlots)));
        Assert.That((host.HartCount, host.HartsLeftOut), Is.EqualTo((HostDescription.MaximumHarts, 42 - HostDescription.MaximumHarts)));
        Assert.That(host.Harts[host.BootHart].HartId, Is.EqualTo(1));
        Assert.That(Enumerable.Range(0, host.HartCount).Select(i => host.Harts[i].HartId), Is.Ordered.And.Unique);
        Assert.That(host.MemoryBankCount, Is.EqualTo(HostDescription.MaximumMemoryBanks));
        Assert.That(host.MemoryBeyondBanks, Is.EqualTo((0x1000_0000UL * 2) + 40 - Enumerable.Range(0, host.MemoryBankCount).Aggregate(0UL, (sum, i) => sum + host.MemoryBanks[i].Size)));
    }

    [Test]
    public void HasATextForEveryError()
    {
        var texts = Enum.GetValues<HostTreeError>().Select(error => Encoding.ASCII.GetString(HostTreeErrorText.Of(error))).ToList();
        Assert.That(texts, Is.Unique);
        Assert.That(texts, Has.None.EqualTo("unknown error"));
        Assert.That(texts.Skip(1), Has.All.Contain(": "), "what is wrong: what to do");
    }

    private sealed unsafe class Tree : IDisposable
    {
        private readonly GuardedBuffer _buffer;
        private readonly FdtReader _reader;

        public Tree(string source)
            : this(Tools.Compile(source))
        {
        }

        public Tree(byte[] blob)
        {
            _buffer = new GuardedBuffer(blob);
            Assert.That(FdtReader.Open(_buffer.Pointer, _buffer.Length, out _reader), Is.EqualTo(FdtError.None));
        }

        public ref readonly FdtReader Reader => ref _reader;

        public void Dispose() => _buffer.Dispose();
    }
}
