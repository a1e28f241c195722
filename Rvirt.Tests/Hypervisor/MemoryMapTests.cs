using System;
using System.Linq;
using CsCheck;
using NUnit.Framework;
using Rvirt.Hypervisor.Setup;

namespace Rvirt.Tests.Hypervisor;

public class MemoryMapTests
{
    private const ulong MiB = 1 << 20;

    private static MemoryMap Of(params (ulong Start, ulong Length)[] ranges)
    {
        var map = default(MemoryMap);
        foreach (var (start, length) in ranges)
        {
            map.Add(start, length);
        }

        return map;
    }

    private static (ulong, ulong)[] Ranges(in MemoryMap map)
    {
        var copy = map;
        return [.. Enumerable.Range(0, map.Count).Select(i => (copy[i].Start, copy[i].End))];
    }

    [Test]
    public void RangesAreKeptByAddress()
    {
        var map = Of((0x8000, 0x1000), (0x1000, 0x1000), (0x4000, 0x1000));
        Assert.That(Ranges(map), Is.EqualTo(new (ulong, ulong)[] { (0x1000, 0x2000), (0x4000, 0x5000), (0x8000, 0x9000) }));
    }

    [Test]
    public void RemovingTheMiddleLeavesBothSides()
    {
        var map = Of((0x1000, 0x9000));
        map.Remove(0x3000, 0x2000);
        Assert.That(Ranges(map), Is.EqualTo(new (ulong, ulong)[] { (0x1000, 0x3000), (0x5000, 0xa000) }));
    }

    [Test]
    public void RemovingMayReachOverRangesAndTheEndOfAddresses()
    {
        var map = Of((0x1000, 0x1000), (0x3000, 0x1000), (0x5000, 0x1000));
        map.Remove(0x1800, 0x3000);
        Assert.That(Ranges(map), Is.EqualTo(new (ulong, ulong)[] { (0x1000, 0x1800), (0x5000, 0x6000) }));
        map.Remove(0x5800, ulong.MaxValue);
        Assert.That(Ranges(map), Is.EqualTo(new (ulong, ulong)[] { (0x1000, 0x1800), (0x5000, 0x5800) }));
    }

    [Test]
    public void WhatEndsWithTheLastAddressIsNotTaken()
    {
        var map = Of((0xffff_ffff_ffff_e000, 0x1000), (0xffff_ffff_ffff_f000, 0x1000), (0xffff_ffff_ffff_f000, 0x2000), (0x1000, 0));
        Assert.That(Ranges(map), Is.EqualTo([(0xffff_ffff_ffff_e000UL, 0xffff_ffff_ffff_f000UL)]));
    }

    [Test]
    public void AdditionAgreesWithABitmap() =>
        Gen.Select(Gen.Int[0, 60], Gen.Int[0, 20]).Array[0, 12].ForAll(additions =>
        {
            var free = new bool[80];
            foreach (var (start, length) in additions)
            {
                free.AsSpan(start, length).Fill(true);
            }

            var map = Of([.. additions.Select(range => ((ulong)range.Item1, (ulong)range.Item2))]);
            var seen = new int[80];
            var last = 0UL;
            foreach (var (start, end) in Ranges(map))
            {
                Assert.That(start, Is.GreaterThanOrEqualTo(last).And.LessThan(end));
                last = end;
                for (var i = start; i < end; i++)
                {
                    seen[i]++;
                }
            }

            Assert.That(seen, Is.EqualTo(free.Select(there => there ? 1 : 0)));
        });

    [Test]
    public void RemovalAgreesWithABitmap() =>
        Gen.Select(Gen.Int[0, 60], Gen.Int[0, 20]).Array[0, 30].ForAll(removals =>
        {
            var map = Of((0, 24), (30, 34));
            var free = new bool[64];
            for (var i = 0; i < 64; i++)
            {
                free[i] = i is < 24 or >= 30;
            }

            foreach (var (start, length) in removals)
            {
                map.Remove((ulong)start, (ulong)length);
                for (var i = start; i < start + length && i < 64; i++)
                {
                    free[i] = false;
                }
            }

            var seen = new bool[64];
            foreach (var (start, end) in Ranges(map))
            {
                Assert.That(start, Is.LessThan(end));
                for (var i = start; i < end; i++)
                {
                    seen[i] = true;
                }
            }

            Assert.That(seen, Is.EqualTo(free));
        });

    [Test]
    public void ManyRemovalsNeverGiveOutWhatWasRemoved()
    {
        var map = Of((0, 1000));
        for (var i = 0UL; i < 100; i++)
        {
            map.Remove((i * 10) + 5, 1);
        }

        Assert.That(map.Count, Is.LessThanOrEqualTo(MemoryMap.Capacity));
        foreach (var (start, end) in Ranges(map))
        {
            for (var i = start; i < end; i++)
            {
                Assert.That(i % 10, Is.Not.EqualTo(5));
            }
        }
    }

    [Test]
    public void TakingHonoursAlignment()
    {
        var map = Of((0x80001000, 64 * MiB));
        Assert.That(map.TryTake(4 * MiB, 2 * MiB, out var start), Is.True);
        Assert.That(start, Is.EqualTo(0x80200000));
        Assert.That(map.TryTake(0x1000, 0x1000, out start), Is.True);
        Assert.That(start, Is.EqualTo(0x80001000));
        Assert.That(map.TryTake(64 * MiB, 0x1000, out _), Is.False);
    }

    [Test]
    public void SharesAreTheLargestThatFit()
    {
        var map = Of((0x80000000, 100 * MiB), (0x90000000, 31 * MiB));
        Assert.That(map.LargestShare(1, 2 * MiB), Is.EqualTo(100 * MiB));
        Assert.That(map.LargestShare(2, 2 * MiB), Is.EqualTo(50 * MiB));
        Assert.That(map.LargestShare(3, 2 * MiB), Is.EqualTo(32 * MiB));
        Assert.That(map.LargestShare(4, 2 * MiB), Is.EqualTo(30 * MiB));
        Assert.That(map.LargestShare(100, 2 * MiB), Is.Zero);
    }
}
