using System;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using BenchmarkDotNet.Attributes;
using Rvirt.Fuzz.Engine;
using Rvirt.Testing.Memory;

namespace Rvirt.Benchmarks.Desktop;

/// <summary>What vectors save where tests compare the memories of two machines, and where the fuzzer looks for news in what a run has taken: each way beside the one without.</summary>
[MemoryDiagnoser]
public class MemoryBenchmarks
{
    private readonly byte[] _one = new byte[4 << 20];
    private readonly byte[] _other = new byte[4 << 20];
    private readonly byte[] _page = new byte[PageScan.PageSize];
    private readonly byte[] _changed = new byte[PageScan.PageSize];
    private readonly ulong[] _marks = new ulong[PageScan.Marks];
    private readonly byte[] _taken = new byte[1 << 16];
    private readonly byte[] _seen = new byte[1 << 16];
    private int _edges;

    [GlobalSetup]
    public void Fill()
    {
        new Random(1).NextBytes(_one);
        _one.CopyTo(_other, 0);
        _changed[40] = 1;
        _changed[4000] = 2;

        // Branches that one input takes: a thousand of the 65536 that there is room for.
        var random = new Random(2);
        for (var i = 0; i < 1000; i++)
        {
            _taken[random.Next(_taken.Length)] = (byte)random.Next(1, 20);
        }

        BranchMap.MergeByOne(_taken, _seen, ref _edges);
    }

    [Benchmark(Description = "compare equal memories of 4 MiB: doubleword by doubleword")]
    public int CompareByOne()
    {
        var a = MemoryMarshal.Cast<byte, ulong>(_one);
        var b = MemoryMarshal.Cast<byte, ulong>(_other);
        for (var i = 0; i < a.Length; i++)
        {
            if (a[i] != b[i])
            {
                return i * 8;
            }
        }

        return _one.Length;
    }

    [Benchmark(Description = "compare equal memories of 4 MiB: CommonPrefixLength")]
    public int CompareByPrefix() => _one.AsSpan().CommonPrefixLength(_other);

    [Benchmark(Description = "compare equal memories of 4 MiB: page by page, as lockstep does")]
    public int CompareByPage() => PageScan.FirstDifference(_one, _other);

    [Benchmark(Description = "compare equal memories of 4 MiB: four vectors of 256 bits at a time")]
    public int CompareByVectors()
    {
        var a = MemoryMarshal.Cast<byte, Vector256<byte>>(_one);
        var b = MemoryMarshal.Cast<byte, Vector256<byte>>(_other);
        for (var i = 0; i + 3 < a.Length && i + 3 < b.Length; i += 4)
        {
            if (((a[i] ^ b[i]) | (a[i + 1] ^ b[i + 1]) | (a[i + 2] ^ b[i + 2]) | (a[i + 3] ^ b[i + 3])) != Vector256<byte>.Zero)
            {
                return i * Vector256<byte>.Count;
            }
        }

        return _one.Length;
    }

    [Benchmark(Description = "which doublewords of two pages differ: one by one")]
    public ulong MarkByOne()
    {
        PageScan.MarkByOne(MemoryMarshal.Cast<byte, ulong>(_page), MemoryMarshal.Cast<byte, ulong>(_changed), _marks);
        return _marks[0];
    }

    [Benchmark(Description = "which doublewords of two pages differ: vectors")]
    public int Mark() => PageScan.Differences(_page, _changed, _marks);

    [Benchmark(Description = "a run of the fuzzer without news: branch by branch")]
    public bool MergeByOne() => BranchMap.MergeByOne(_taken, _seen, ref _edges);

    [Benchmark(Description = "a run of the fuzzer without news: vectors")]
    public bool Merge() => BranchMap.Merge(_taken, _seen, ref _edges);
}
