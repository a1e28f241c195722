using System;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Rvirt.Testing.Memory;

namespace Rvirt.Benchmarks.Desktop;

/// <summary>What vectors save where tests compare the memories of two machines: each way beside the one without.</summary>
[MemoryDiagnoser]
public class MemoryBenchmarks
{
    private readonly byte[] _one = new byte[4 << 20];
    private readonly byte[] _other = new byte[4 << 20];
    private readonly byte[] _page = new byte[PageScan.PageSize];
    private readonly byte[] _changed = new byte[PageScan.PageSize];
    private readonly ulong[] _marks = new ulong[PageScan.Marks];

    [GlobalSetup]
    public void Fill()
    {
        new Random(1).NextBytes(_one);
        _one.CopyTo(_other, 0);
        _changed[40] = 1;
        _changed[4000] = 2;
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

    [Benchmark(Description = "which doublewords of two pages differ: one by one")]
    public ulong MarkByOne()
    {
        PageScan.MarkByOne(MemoryMarshal.Cast<byte, ulong>(_page), MemoryMarshal.Cast<byte, ulong>(_changed), _marks);
        return _marks[0];
    }

    [Benchmark(Description = "which doublewords of two pages differ: vectors")]
    public int Mark() => PageScan.Differences(_page, _changed, _marks);
}
