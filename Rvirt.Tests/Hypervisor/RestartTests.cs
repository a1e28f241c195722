using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Reference.Devices.Virtio;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Hypervisor;

/// <summary>A guest that starts again begins as it did the first time, whatever it has done to its memory, hart and devices.</summary>
internal sealed unsafe class RestartTests
{
    private const ulong Steps = 1_000_000;

    // A word of RAM in which the guest counts its lives: nothing is loaded there.
    private const string CountLife = """
        li s0, 0x80400000
        ld s1, 0(s0)
        addi s1, s1, 1
        sd s1, 0(s0)
        """ + "\n";

    private const string PowerOff = "li a7, 8\necall\nj .\n";

    private const string Reboot = "li a7, 0x53525354\nli a6, 0\nli a0, 1\nli a1, 0\necall\nj .\n";

    private const string SpoilEverything = CountLife + """
        li t0, 2
        beq s1, t0, off

        # Input that nobody reads, an interrupt that nobody takes.
        li s2, 0x10000000
        li t0, 1
        sb t0, 1(s2)
        input: lb t0, 5(s2)
        andi t0, t0, 1
        beqz t0, input
        li t0, 0x1b
        sb t0, 3(s2)
        li t0, 0x55
        sb t0, 7(s2)
        li t0, 0x0b
        sb t0, 4(s2)

        # The PLIC: priorities, enables, threshold.
        li s2, 0xc000000
        li t0, 7
        sw t0, 40(s2)
        sw t0, 4(s2)
        li t1, 0xc002080
        li t0, -1
        sw t0, 0(t1)
        li t1, 0xc201000
        li t0, 3
        sw t0, 0(t1)

        # The clock's alarm, far ahead, and its interrupt.
        li s2, 0x101000
        li t0, 0x70000000
        sw t0, 12(s2)
        sw t0, 8(s2)
        li t0, 1
        sw t0, 16(s2)

        # A driver begins with the device in slot 0.
        li s2, 0x10001000
        li t0, 3
        sw t0, 0x70(s2)
        li t0, 16
        sw t0, 0x38(s2)

        # A timer that is due at once, and the hart's own registers.
        li a0, 1
        li a7, 0x54494d45
        li a6, 0
        ecall
        li t0, 2
        csrw sie, t0
        li t0, 0xc0000
        csrs sstatus, t0
        li t0, 0x80000104
        csrw stvec, t0
        csrw sscratch, t0
        csrw sepc, t0
        csrw scause, t0
        csrw stval, t0
        csrwi senvcfg, 1
        csrwi scounteren, 2
        li t0, 0x40
        csrw fcsr, t0
        FLOATS
        # Kernel, RAM disk and tree: each is overwritten.
        la t0, canary
        sd t0, 0(t0)
        ld t1, 0(s4)
        not t1, t1
        sd t1, 0(s4)
        sd t1, 0(s5)
        REGISTERS
        csrr zero, sscratch

        # In U-mode, so that the hart holds what U-mode may do, too.
        la t0, user
        csrw sepc, t0
        li t0, 0x100
        csrc sstatus, t0
        sret
        user: li t0, 0x100000
        li t1, 0x7777
        sw t1, 0(t0)
        off:
        """ + "\n" + PowerOff + ".align 3\ncanary: .dword 0x1122334455667788\n";

    /// <summary>Every way to ask for a restart, and that a guest may do so again and again.</summary>
    [TestCase(Reboot)]
    [TestCase("li a7, 0x53525354\nli a6, 0\nli a0, 2\nli a1, 0\necall\nj .\n", Description = "warm reboot")]
    [TestCase("li a7, 0x53525354\nli a6, 0\nli a0, 1\nli a1, 1\necall\nj .\n", Description = "after a system failure")]
    [TestCase("li t0, 0x100000\nli t1, 0x7777\nsw t1, 0(t0)\nj .\n", Description = "test device")]
    public void AGuestThatAsksForItStartsAgain(string ask)
    {
        using var world = new GuestWorld(GuestPayload.Program(CountLife + "li t0, 4\nbeq s1, t0, off\n" + ask + "off:\n" + PowerOff) with { Name = "one" });
        world.Run(Steps);
        Assert.That(world.Guest.Starts, Is.EqualTo(4), Said(world));
        Assert.That(Said(world).Split("rvirt: guest one reboots\r\n"), Has.Length.EqualTo(4));
        Assert.That((world.Stopped, world.Desktop.Status), Is.EqualTo(((StopReason?)StopReason.Shutdown, (uint?)0)));
    }

    [Test]
    public void ASecondLifeBeginsAsTheFirst()
    {
        var initrd = new byte[5000];
        new Random(1).NextBytes(initrd);
        var program = SpoilEverything
            .Replace("FLOATS", string.Concat(Enumerable.Range(0, 32).Select(n => $"fmv.d.x f{n}, t0\n")), StringComparison.Ordinal)
            .Replace("REGISTERS", string.Concat(Enumerable.Range(1, 31).Select(n => $"li x{n}, {0x5000 + n}\n")), StringComparison.Ordinal);

        // The program gets the places of RAM disk and tree in s4 and s5 by constants, which the first life's tree tells.
        using var probe = new GuestWorld(Payload(program, 0, 0, initrd));
        var (disk, tree) = Places(probe);
        using var world = new GuestWorld(
            new WorldOptions { Attach = machine => machine.AttachVirtio(0, new VirtioEntropy(1)) }, Payload(program, disk, tree, initrd));
        Assert.That(Places(world), Is.EqualTo((disk, tree)));
        var first = Snapshot(world);
        List<(string Name, ulong Value)>? second = null;
        var spoilt = new HashSet<string>();
        var loaded = Loaded(world, tree);
        world.Guest.AfterTrap = () =>
        {
            if (world.Guest.Starts == 2 && second is null)
            {
                second = Snapshot(world);
                Assert.That(Loaded(world, tree), Is.EqualTo(loaded), "kernel, RAM disk and tree");
            }
            else if (world.Guest.Starts == 1)
            {
                spoilt.UnionWith(first.Except(Snapshot(world)).Select(pair => pair.Name));
            }
        };
        world.Machine.Uart.Type("input");
        world.Run(Steps);
        Assert.That(second, Is.Not.Null, Said(world));
        Assert.That(second!.Except(first), Is.Empty);
        Assert.That(world.Desktop.Status, Is.Zero, Said(world));

        // The comparison above holds only as much as the first life changed.
        foreach (var name in (string[])["sstatus", "fcsr", "f31", "timer", "scounteren", "uart 1", "uart 3", "uart 5", "uart 7", "plic 28", "plic 2080", "plic 201000", "clock 10", "virtio 70"])
        {
            Assert.That(spoilt, Does.Contain(name));
        }

        Assert.That(spoilt.Count(name => name.StartsWith("frame", StringComparison.Ordinal)), Is.GreaterThan(40), "registers");
    }

    /// <summary>The second life makes other tables where the first had its own, and uses them without a fence: nothing of the first may be left.</summary>
    [Test]
    public void NothingIsLeftOfTheAddressSpaceOfAnEarlierLife()
    {
        const string Program = CountLife + """
            li s2, 0x80100000
            li t0, 0x200000cf
            sd t0, 16(s2)
            li t0, 0x20040401
            sd t0, 8(s2)
            li s3, 0x80101000
            li t0, 0x20040801
            sd t0, 0(s3)
            li s3, 0x80102000
            # Page 0 of the third gigabyte is 0x80500000 in the first life, 0x80600000 in the second.
            li t0, 0x201400cf
            li t1, 2
            bne s1, t1, link
            li t0, 0x201800cf
            link: sd t0, 0(s3)
            li t1, 0x80500000
            li t2, 0x1111
            sd t2, 0(t1)
            li t1, 0x80600000
            li t2, 0x2222
            sd t2, 0(t1)
            li t0, 0x8000000000080100
            csrw satp, t0
            li t0, 0x40000000
            ld s6, 0(t0)
            # So that it is seen.
            csrr zero, sscratch
            li t0, 2
            beq s1, t0, off
            """ + "\n" + Reboot + "off:\n" + PowerOff;
        using var world = new GuestWorld(GuestPayload.Program(Program));
        var read = new List<ulong>();
        world.Guest.AfterTrap = () =>
        {
            if (world.Hart[22] != 0 && (read.Count == 0 || read[^1] != world.Hart[22]))
            {
                read.Add(world.Hart[22]);
            }
        };
        world.Run(Steps);
        Assert.That(read, Is.EqualTo(new ulong[] { 0x1111, 0x2222 }), Said(world));
        Assert.That(world.Desktop.Status, Is.Zero);
    }

    /// <summary>On a hart that keeps old instructions until fence.i: the kernel that was loaded again is what runs, not what the first life made of it.</summary>
    [Test]
    public void NothingIsLeftOfTheCodeOfAnEarlierLife()
    {
        const string Program = CountLife + """
            la t0, patch
            la t1, other
            lw t2, 0(t1)
            li t3, 2
            beq s1, t3, patch
            sw t2, 0(t0)
            fence.i
            patch: li t5, 0
            beqz t5, off
            """ + "\n" + Reboot + "other: li t5, 1\noff:\n" + PowerOff;
        using var world = new GuestWorld(new WorldOptions { Harts = HartOptions.Strict }, GuestPayload.Program(Program));
        world.Run(Steps);
        Assert.That((world.Guest.Starts, world.Stopped), Is.EqualTo((2UL, (StopReason?)StopReason.Shutdown)), Said(world));
    }

    [Test]
    public void EachStartOfEachGuestHasASeedOfItsOwnAndRunsRepeat()
    {
        List<string> Seeds()
        {
            var program = CountLife + "li t0, 3\nbeq s1, t0, off\n" + Reboot + "off:\n" + PowerOff;
            using var world = new GuestWorld(GuestPayload.Program(program), GuestPayload.Program(program));
            var seeds = new List<string>();
            foreach (var guest in world.Guests)
            {
                var start = 0UL;
                void Look()
                {
                    if (guest.Starts != start)
                    {
                        start = guest.Starts;
                        seeds.Add(Convert.ToHexString(Property(guest, "rng-seed"u8)));
                    }
                }

                Look();
                guest.AfterTrap = Look;
            }

            world.Run(Steps);
            Assert.That(world.Desktop.Status, Is.Zero, Said(world));
            return seeds;
        }

        var first = Seeds();
        Assert.That(first, Has.Count.EqualTo(6).And.Unique.And.All.Length.EqualTo(64));
        Assert.That(Seeds(), Is.EqualTo(first));
    }

    [Test]
    public void AGuestCanBePutAtAnEntryWithItsMemoryAsItIs()
    {
        using var world = new GuestWorld(GuestPayload.Program("li t0, 0x80400000\nsd a1, 0(t0)\nli a1, 7\n" + PowerOff));
        world.Guest.PutAt(GuestPayload.RamBase, 0x1234);
        Assert.That((world.Guest.VCpu.X[10], world.Guest.VCpu.X[11], world.Guest.VCpu.Pc), Is.EqualTo((0UL, 0x1234UL, GuestPayload.RamBase)));
        world.Run(Steps);
        Assert.That(MemoryMarshal.Read<ulong>(world.Guest.Ram(0x8040_0000, 8)), Is.EqualTo(0x1234));
        Assert.That(world.Guest.Starts, Is.EqualTo(1), "nothing was loaded");
    }

    [Test]
    public void AGuestThatIsGoneCanRebootIntoAnotherKernel()
    {
        using var world = new GuestWorld(GuestPayload.Program("li t0, 0x100000\nli t1, 0x53333\nsw t1, 0(t0)\nj .\n"));
        world.Run(Steps);
        Assert.That((world.Stopped, world.Desktop.Status), Is.EqualTo(((StopReason?)StopReason.Failure, (uint?)5)));
        world.Guest.RebootInto(GuestPayload.Program(PowerOff).Kernel);
        Assert.That(world.Stopped, Is.Null);
        world.Run(Steps);
        Assert.That((world.Stopped, world.Desktop.Status, world.Guest.Starts), Is.EqualTo(((StopReason?)StopReason.Shutdown, (uint?)0, 2UL)));
        Assert.That(() => world.Guest.RebootInto("no kernel at all"u8), Throws.InvalidOperationException.With.Message.Contains("text file"));
    }

    private static string Said(GuestWorld world) => world.Machine.Uart.Output;

    private static GuestPayload Payload(string program, ulong disk, ulong tree, byte[] initrd) =>
        GuestPayload.Program(string.Create(CultureInfo.InvariantCulture, $"li s4, {disk}\nli s5, {tree}\n{program}")) with { Initrd = initrd, Name = "one" };

    private static (ulong Disk, ulong Tree) Places(GuestWorld world)
    {
        var disk = 0UL;
        foreach (var part in Property(world.Guest, "linux,initrd-start"u8))
        {
            disk = (disk << 8) | part;
        }

        return (disk, world.Guest.VCpu.X[11]);
    }

    // A property of /chosen.
    private static byte[] Property(DesktopGuest guest, ReadOnlySpan<byte> name)
    {
        fixed (byte* blob = guest.Ram(guest.VCpu.X[11], GuestDeviceTree.SuggestedBufferLength))
        {
            Assert.That(FdtReader.Open(blob, GuestDeviceTree.SuggestedBufferLength, out var tree), Is.EqualTo(FdtError.None));
            Assert.That(tree.TryFind("/chosen"u8, out var chosen));
            Assert.That(tree.TryProperty(chosen, name, out var property));
            return property.Bytes.ToArray();
        }
    }

    // What the loader puts into RAM; of the tree, what is the same each time.
    private static (string Kernel, string Disk, ulong Length) Loaded(GuestWorld world, ulong tree)
    {
        var disk = Places(world).Disk;
        return (Convert.ToHexString(world.Guest.Ram(GuestPayload.RamBase, 0x600)), Convert.ToHexString(world.Guest.Ram(disk, 5000)),
            MemoryMarshal.Read<ulong>(world.Guest.Ram(tree, 8)));
    }

    /// <summary>All of a guest's state that is not in its RAM.</summary>
    private static List<(string Name, ulong Value)> Snapshot(GuestWorld world)
    {
        var guest = world.Guest;
        var found = new List<(string, ulong)>();
        fixed (VCpu* v = &guest.VCpu)
        {
            // Up to the counters, which count on.
            var length = (int)((byte*)&v->Counters - (byte*)v);
            for (var at = 0; at + 8 <= length; at += 8)
            {
                found.Add(($"frame {at}", *(ulong*)((byte*)v + at)));
            }
        }

        for (var n = 0; n < 32; n++)
        {
            found.Add(($"f{n}", guest.Hart.Float[n]));
        }

        found.Add(("sstatus", guest.Sstatus));
        found.Add(("fcsr", guest.Hart.ReadCsr(CsrNumber.Fcsr)));
        found.Add(("timer", guest.Hart.FirmwareTimer));
        found.Add(("scounteren", guest.Hart.ReadCsr(CsrNumber.Scounteren)));
        var host = new FakeHost(guest.Hart);
        void Register(string name, ulong address, int size) =>
            found.Add((name, guest.Bus.Read(ref host, 0, address, size, out var value).Answered ? value : ulong.MaxValue));
        for (var offset = 1UL; offset < 8; offset++)
        {
            // Reading offset 2 acknowledges.
            if (offset != 2)
            {
                Register($"uart {offset:x}", 0x1000_0000 + offset, 1);
            }
        }

        foreach (var offset in (ulong[])[.. Enumerable.Range(1, 12).Select(n => 4UL * (ulong)n), 0x1000, 0x2080, 0x20_1000])
        {
            Register($"plic {offset:x}", 0x0c00_0000 + offset, 4);
        }

        foreach (var offset in (ulong[])[0x10, 0x18])
        {
            Register($"clock {offset:x}", 0x10_1000 + offset, 4);
        }

        foreach (var offset in (ulong[])[0x44, 0x60, 0x70])
        {
            Register($"virtio {offset:x}", 0x1000_1000 + offset, 4);
        }

        return found;
    }
}
