using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Testing.Traps;

namespace Rvirt.Tests.Core.Traps;

/// <summary>One virtual hart with a recording hart, MMU and bus around it.</summary>
internal sealed class TrapMachine : TrappingHart<TestMmu>
{
    public const ulong Entry = GuestPlace.Entry;

    public const ulong RamBase = GuestPlace.RamBase;

    public const int RamSize = GuestPlace.RamSize;

    public TrapMachine(bool vectors = false)
        : this(new TestMmuState(), vectors)
    {
    }

    private TrapMachine(TestMmuState mmu, bool vectors)
        : base(_ => new TestMmu(mmu), vectors)
    {
        Mmu = mmu;
        V.Csrs.ViewChanged = false;
    }

    public TestMmuState Mmu { get; }

    public TrapOutcome TrapWithoutHotPath(ulong cause, ulong value)
    {
        var mode = default(DeprivilegedMode<TestHost>);
        var (host, mmu, bus) = (new TestHost(Hart), new TestMmu(Mmu), new TestBus(Bus));
        return mode.Classify(V, cause) == TrapKind.Instruction
            ? TrapHandler.EmulateSlowly(mode, ref host, ref V, ref mmu, ref bus, (uint)value)
            : TrapHandler.HandleSlowly(mode, ref host, ref V, ref mmu, ref bus, cause, value);
    }
}
