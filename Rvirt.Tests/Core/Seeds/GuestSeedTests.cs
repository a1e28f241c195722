using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Seeds;
using Rvirt.Testing.Memory;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.Core.Seeds;

/// <summary>What guests get of the host's seed: never the same twice, never the host's own, nothing where it has none; and the host's tree loses it.</summary>
public sealed unsafe class GuestSeedTests
{
    private static readonly byte[] _hosts = [.. Enumerable.Range(0, 32).Select(i => (byte)(0xa0 + i))];

    [Test]
    public void NoTwoStartsOfAnyGuestOnAnyHostAreAlike()
    {
        var seen = new HashSet<string> { Convert.ToHexString(_hosts) };
        for (var host = 0; host < 3; host++)
        {
            var seed = _hosts.ToArray();
            seed[31] ^= (byte)host;
            var seeds = Take(Source(seed), erase: false, out _);
            for (var guest = 0; guest < 16; guest++)
            {
                foreach (var start in new ulong[] { 0, 1, 2, 255, 256, 1UL << 32, ulong.MaxValue })
                {
                    Assert.That(seen.Add(Derive(seeds, guest, start)), $"host {host}, guest {guest}, start {start}");
                }
            }
        }

        Assert.That(seen.Select(seed => seed.Length), Is.All.EqualTo(64));
    }

    [Test]
    public void TheSameStartOnTheSameHostIsTheSame() =>
        Assert.That(Derive(Take(Source(_hosts), false, out _), 3, 5), Is.EqualTo(Derive(Take(Source(_hosts), true, out _), 3, 5)));

    [TestCase(1, 1)]
    [TestCase(31, 31)]
    [TestCase(32, 32)]
    [TestCase(33, 32)]
    [TestCase(200, 32)]
    public void AGuestGetsNoMoreThanTheHostHad(int length, int expected)
    {
        var host = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        var seeds = Take(Source(host), false, out _);
        Assert.That(Derive(seeds, 0, 0), Has.Length.EqualTo(2 * expected));
        host[^1] ^= 1;
        Assert.That(Derive(Take(Source(host), false, out _), 0, 0), Is.Not.EqualTo(Derive(seeds, 0, 0)), "the last byte counts");
    }

    [TestCase("/ { chosen { rng-seed = []; }; };")]
    [TestCase("/ { chosen { bootargs = \"a\"; }; };")]
    [TestCase("/ { other { rng-seed = [01 02]; }; };")]
    public void AHostWithoutASeedGivesNone(string source)
    {
        var seeds = Take("/dts-v1/; " + source, true, out _);
        Assert.That(Derive(seeds, 0, 0), Is.Empty);
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(32)]
    [TestCase(64)]
    public void TheSeedIsGoneFromTheTreeAndNothingElse(int length)
    {
        var seed = Enumerable.Range(0, length).Select(i => (byte)(0xa0 + i)).ToArray();
        var source = Source(seed);
        Take(source, true, out var after);
        var text = Tools.Decompile(after);
        Assert.That(text, Does.Not.Contain("rng-seed"));
        Assert.That(text, Is.EqualTo(Tools.Decompile(Tools.Compile(Source(null)))));
        Assert.That(length < 4 || after.AsSpan().IndexOf(seed) < 0);

        Take(source, false, out var kept);
        Assert.That(kept, Is.EqualTo(Tools.Compile(source)), "a tree that cannot be written stays as it is");
    }

    private static string Source(byte[]? seed)
    {
        var bytes = seed is null ? "" : string.Join(' ', seed.Select(value => value.ToString("x2", CultureInfo.InvariantCulture)));
        return $$"""
            /dts-v1/;
            / {
                chosen { bootargs = "a"; {{(seed is null ? "" : $"rng-seed = [{bytes}];")}} stdout-path = "/b"; inner { c; }; };
                last { d = <1>; };
            };
            """;
    }

    private static GuestSeeds Take(string source, bool erase, out byte[] tree)
    {
        using var buffer = new GuardedBuffer(Tools.Compile(source));
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out var reader), Is.EqualTo(FdtError.None));
        var seeds = GuestSeeds.Take(reader, erase);
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out _), Is.EqualTo(FdtError.None), "the tree is sound");
        tree = buffer.Span.ToArray();
        return seeds;
    }

    private static string Derive(in GuestSeeds seeds, int guest, ulong start) =>
        Convert.ToHexString(seeds.Derive(guest, start, new byte[GuestSeeds.MaximumLength]));
}
