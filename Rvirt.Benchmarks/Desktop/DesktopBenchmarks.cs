using BenchmarkDotNet.Attributes;
using Rvirt.Benchmarks.Desktop.Operations;

namespace Rvirt.Benchmarks.Desktop;

/// <summary>How long the hypervisor's operations take on this machine, and what they allocate.</summary>
[MemoryDiagnoser]
public class DesktopBenchmarks
{
    private DesktopOperations _operations = null!;

    [GlobalSetup]
    public void Setup() => _operations = new DesktopOperations();

    [GlobalCleanup]
    public void Cleanup() => _operations.Dispose();

    [Benchmark(Description = "decode a memory access", OperationsPerInvoke = DesktopOperations.Batch)]
    public ulong Decode() => _operations.Decode();

    [Benchmark(Description = "CSR emulation: read", OperationsPerInvoke = DesktopOperations.Batch)]
    public ulong ReadCsr() => _operations.ReadCsr();

    [Benchmark(Description = "CSR emulation: set and clear sstatus.SUM")]
    public ulong WriteCsr() => _operations.WriteCsr();

    [Benchmark(Description = "trap: CSR instruction")]
    public ulong TrapOnCsr() => _operations.TrapOnCsr();

    [Benchmark(Description = "trap: page fault on a page known before, with the fence")]
    public ulong TrapOnPageFault() => _operations.TrapOnPageFault();

    [Benchmark(Description = "trap: SBI call")]
    public ulong TrapOnSbiCall() => _operations.TrapOnSbiCall();

    [Benchmark(Description = "trap: MMIO read")]
    public ulong TrapOnMmioRead() => _operations.TrapOnMmioRead();

    [Benchmark(Description = "page walk, Sv39")]
    public ulong WalkPageTables() => _operations.WalkPageTables();

    [Benchmark(Description = "shadow fill by a walk, with the fence")]
    public ulong FillShadow() => _operations.FillShadow();

    [Benchmark(Description = "virtio request of 3 buffers, there and back")]
    public ulong TranslateVirtioRequest() => _operations.TranslateVirtioRequest();
}
