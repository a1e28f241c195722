using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.Instructions;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Mmu;

namespace Rvirt.Benchmarks.Desktop.Operations;

/// <summary>
/// What the hypervisor does all the time, one operation a method, on a host that costs nothing. Benchmarks time them, and a unit test
/// holds each to its result and to allocating nothing.
/// </summary>
public sealed class DesktopOperations : IDisposable
{
    /// <summary>How many things the operations that are too short for a clock do in one call.</summary>
    public const int Batch = 8;

    private const uint ReadSscratch = 0x14002573; // csrr a0, sscratch
    private const uint LoadByte = 0x0055c503; // lbu a0, 5(a1)
    private const uint NoOperation = 0x00000013;
    private static readonly ulong LineStatus = QuietMachine.Uart + 5;
    private const ulong BaseExtension = 0x10;
    private const ulong Secret = 0x1234_5678_9abc_def0;

    private readonly QuietMachine _machine = new();
    private readonly BlockRequest _request;
    private int _page;

    // lbu, lw, sd, c.lw, c.sd, amoadd.w, lr.d, sb
    private static ReadOnlySpan<uint> Accesses =>
        [LoadByte, 0x0045a503, 0x00a5b423, 0x4188, 0xe188, 0x00c5a52f, 0x1005b52f, 0x00a58023];

    private static ReadOnlySpan<uint> Csrs =>
        [Csr.Sstatus, Csr.Sie, Csr.Stvec, Csr.Sscratch, Csr.Sepc, Csr.Scause, Csr.Stval, Csr.Satp];

    /// <summary>Makes the guest that the operations are for.</summary>
    public DesktopOperations()
    {
        _request = new BlockRequest(_machine);
        _machine.VCpu.Csrs.Sscratch = Secret;
        _machine.Hart.Instruction = NoOperation;
    }

    /// <summary>Decodes loads, stores and atomics, <see cref="Batch"/> of them.</summary>
    /// <returns>The sum of the bytes they access: 38.</returns>
    public ulong Decode()
    {
        var sum = 0UL;
        foreach (var word in Accesses)
        {
            sum += MemoryOperation.TryDecode(word, out var operation) ? operation.Size : 0UL;
        }

        return sum;
    }

    /// <summary>Reads CSRs of the virtual hart, <see cref="Batch"/> of them.</summary>
    /// <returns>The sum of their values.</returns>
    public ulong ReadCsr()
    {
        var sum = 0UL;
        foreach (var number in Csrs)
        {
            sum += CsrFile.TryRead(ref _machine.Host, _machine.VCpu, number, out var value) ? value : 0;
        }

        return sum;
    }

    /// <summary>Writes a CSR of the virtual hart: <c>sstatus.SUM</c> set and cleared.</summary>
    /// <returns>The last value.</returns>
    public ulong WriteCsr()
    {
        var mmu = _machine.Mmu;
        CsrFile.Write(ref _machine.Host, ref _machine.VCpu, ref mmu, Csr.Sstatus, Sstatus.Sum);
        CsrFile.Write(ref _machine.Host, ref _machine.VCpu, ref mmu, Csr.Sstatus, 0);
        _machine.VCpu.Csrs.ViewChanged = false;
        return _machine.VCpu.Csrs.Sstatus;
    }

    /// <summary>The whole path of a trapped CSR instruction.</summary>
    /// <returns>What it read: <c>sscratch</c>.</returns>
    public ulong TrapOnCsr()
    {
        _machine.VCpu.Pc = QuietMachine.Data;
        _machine.Trap(ExceptionCause.IllegalInstruction, ReadSscratch);
        return _machine.VCpu.X[10];
    }

    /// <summary>A page forgotten, and the page fault that fills it and its neighbours again.</summary>
    /// <returns>Pages filled: 1.</returns>
    public ulong TrapOnPageFault()
    {
        var va = NextPage();
        ref var counters = ref _machine.Shadow.Counters;
        var before = counters.Fills + counters.Refills;
        _machine.Mmu.FencePage(ref _machine.Host, va);
        _machine.Trap(ExceptionCause.LoadPageFault, va);
        return counters.Fills + counters.Refills - before;
    }

    /// <summary>The whole path of an SBI call: the version.</summary>
    /// <returns>SBI 2.0 as a number.</returns>
    public ulong TrapOnSbiCall()
    {
        _machine.VCpu.X[16] = 0;
        _machine.VCpu.X[17] = BaseExtension;
        _machine.Trap(ExceptionCause.EnvironmentCallFromUser, 0);
        return _machine.VCpu.X[11];
    }

    /// <summary>The whole path of a load from a device: the UART's line status.</summary>
    /// <returns>The register: the transmitter is empty.</returns>
    public ulong TrapOnMmioRead()
    {
        _machine.VCpu.Pc = QuietMachine.Data;
        _machine.VCpu.X[11] = QuietMachine.Uart;
        _machine.Hart.Instruction = LoadByte;
        _machine.Trap(ExceptionCause.LoadPageFault, LineStatus);
        _machine.Hart.Instruction = NoOperation;
        return _machine.VCpu.X[10];
    }

    /// <summary>Walks the guest's three levels of page tables.</summary>
    /// <returns>The guest physical address.</returns>
    public ulong WalkPageTables()
    {
        var walk = default(GuestWalk);
        return walk.Run(_machine.Memory, _machine.VCpu.Csrs.Satp, QuietMachine.Data, AccessKind.Load, PrivilegeMode.Supervisor, false, false, true)
            == FaultResolution.Mapped ? walk.GuestAddress : 0;
    }

    /// <summary>Forgets a page and fills it and its neighbours again, without the trap around it.</summary>
    /// <returns>1.</returns>
    public unsafe ulong FillShadow()
    {
        var va = NextPage();
        var mmu = _machine.Mmu;
        mmu.FencePage(ref _machine.Host, va);
        var mapped = 0UL;
        mmu.Resolve(ref _machine.Host, va, AccessKind.Load, new Counter(&mapped));
        return mapped;
    }

    // SAFETY: the count is its maker's, and outlives it; nobody looks at the virtual hart.
    private readonly unsafe struct Counter(ulong* mapped) : IFaultFollower
    {
        public ref VCpu FollowToDevice(ulong va, ulong guestAddress) => ref Unsafe.NullRef<VCpu>();

        public ref VCpu Follow(ulong va, FaultAnswer answer)
        {
            *mapped += answer.Resolution == FaultResolution.Mapped ? 1UL : 0;
            return ref Unsafe.NullRef<VCpu>();
        }
    }

    /// <summary>A disk request there and back: checked, translated, notified, and its completion copied to the guest.</summary>
    /// <returns>Requests completed since the last call: 1.</returns>
    public ulong TranslateVirtioRequest() => _request.Run();

    /// <inheritdoc/>
    public void Dispose() => _machine.Dispose();

    private ulong NextPage() => QuietMachine.Data + ((ulong)(++_page % QuietMachine.Pages) << Pte.PageShift);
}
