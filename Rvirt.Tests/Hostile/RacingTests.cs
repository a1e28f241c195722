using System;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;
using Rvirt.Tests.Hostile.Programs;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Hostile;

/// <summary>Memory that changes while the hypervisor reads it: what it checked must be what it uses.</summary>
internal sealed unsafe class RacingTests
{
    private const ulong Buffers = TestGuest.GuestRam + 0x8_0000;
    private const ulong Table = Buffers + 0x1000;
    private const uint Indirect = 4;
    private const int Rounds = 10_000;

    /// <summary>The fake device throws when it is told of memory that is not the guest's, or of a chain that no driver may make.</summary>
    [Test]
    public void DescriptorsThatChangeAllTheTimeLeadNowhereElse([Values] bool indirect)
    {
        using var guest = new TestGuest(2);
        guest.Device.Serve = (_, _, _) => 0;
        var driver = GuestDriver.Open(guest, true);
        var served = 0;
        var refused = 0;
        var table = indirect ? Table : driver.Descriptors;
        var entry = (ulong*)guest.Ram(table);
        using var racer = new Racer(round =>
        {
            // Address, then length and flags and next: in RAM or not, short or long, alone or with a next one out of range.
            Volatile.Write(ref entry[0], (round & 1) == 0 ? Buffers : TestGuest.GuestRam + TestGuest.RamBytes + (ulong)(round & 2));
            Volatile.Write(ref entry[1], (round & 12) switch { 0 => 0xffff_fff0, 4 => 16 | (0x1_0001UL << 32), 8 => 16 | (0xffff_0001UL << 32), _ => 16 });
        });
        // The other thread may not have had its turn yet.
        var hang = Environment.TickCount64 + (long)Patience.Least.TotalMilliseconds;
        for (var round = 0; round < Rounds || ((served == 0 || refused == 0) && Environment.TickCount64 < hang); round++)
        {
            if (indirect)
            {
                driver.Descriptor(driver.Descriptors, 0, Table, 32, Indirect, 0);
            }

            driver.Publish(0);
            driver.Notify();
            guest.ServeInterrupts();
            if ((guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset) == 0)
            {
                served++;
                continue;
            }

            refused++;
            new Span<byte>(guest.Ram(driver.Available), 0x2000).Clear();
            driver = GuestDriver.Open(guest, true);
        }

        racer.Check();
        Assert.That((served, refused), Is.Not.EqualTo((0, 0)).And.Matches<(int Served, int Refused)>(both => both is { Served: > 0, Refused: > 0 }), "both were seen");
    }

    [Test]
    public void WhatAGuestWritesAfterTheCheckReachesNoDevice([Values] bool indirect)
    {
        using var guest = new TestGuest(2);
        var seen = 0;
        guest.Device.Immediate = false;
        guest.Device.Serve = (_, readable, writable) =>
        {
            Assert.That((readable.Length, writable.Count, writable[0].Length), Is.EqualTo((16, 1, 32u)));
            seen++;
            return 32;
        };
        var driver = GuestDriver.Open(guest, indirect);
        driver.Add((Buffers, 16u, false), (Buffers + 64, 32u, true));
        driver.Notify();
        var tables = indirect ? new[] { driver.Descriptors, driver.Used + 4096 } : [driver.Descriptors];
        foreach (var table in tables)
        {
            for (var i = 0u; i < driver.Size; i++)
            {
                driver.Descriptor(table, i, TestGuest.HostRam - 4096, uint.MaxValue, 7, i);
            }
        }

        guest.Device.Run(0);
        guest.ServeInterrupts();
        Assert.That((seen, driver.UsedIndex), Is.EqualTo((1, (ushort)1)));
    }

    /// <summary>The tables that the guest runs on are audited all the while.</summary>
    [Test]
    public void PageTablesThatChangeWhileTheyAreWalkedLeadNowhereElse()
    {
        using var machine = new HostileMachine();
        var program = new GuestProgram("racing", GuestProgram.Compose(["racing.s"], ("LIMIT", 30_000)), ["11", "end"], StopReason.Shutdown);
        machine.Start(program);
        var entry = (ulong*)(machine.World.Machine.Ram + (machine.Guest.Memory.HostAddress - machine.World.Machine.RamBase) + 0x40_2000);
        ulong[] entries =
        [
            Pte(0x8050_0000, 0xcf), Pte(0x8050_0000, 0x0f), Pte(GuestProgram.RamEnd, 0xcf), Pte(0x8200_0000, 0x0f), Pte(0x8050_0000, 0xc3), 0, Pte(GuestMap.Plic, 0xcf), Pte(0x8040_2000, 1),
        ];
        using var racer = new Racer(round => Volatile.Write(ref *entry, entries[round % entries.Length]));
        machine.World.Run(2_000_000_000);
        racer.Check();
        Assert.That(machine.Lines, Is.EqualTo(program.Lines), "some stores went through, and some faulted");
        machine.CheckIntact();
        racer.Dispose();
        machine.CheckServes();
    }

    private static ulong Pte(ulong address, ulong flags) => (address >> 12 << 10) | flags;

    /// <summary>Does something over and over on another thread until it is disposed of.</summary>
    private sealed class Racer : IDisposable
    {
        private readonly Task _task;
        private volatile bool _stop;

        public Racer(Action<int> act) => _task = Task.Factory.StartNew(
            () =>
            {
                for (var round = 0; !_stop; round = (round + 1) & 0xffff)
                {
                    act(round);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        /// <summary>It still runs.</summary>
        public void Check() => Assert.That(_task.IsCompleted, Is.False, _task.Exception?.ToString());

        public void Dispose()
        {
            _stop = true;
            _task.Wait();
        }
    }
}
