using System.Runtime.CompilerServices;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Instructions;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>Carries out a load, store or atomic instruction that touches a device register, or what is nothing at all.</summary>
internal static class DeviceAccess
{
    private const ulong PageOffsetMask = 0xfff;

    /// <summary>Emulates the instruction at the guest's program counter.</summary>
    /// <param name="mode">How the guest is run.</param>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="bus">The devices.</param>
    /// <param name="access">What faulted.</param>
    /// <param name="va">The faulting guest virtual address.</param>
    /// <param name="guestAddress">The guest physical address it leads to, which is not RAM.</param>
    public static TrapOutcome Emulate<TMode, THost, TBus>(
        TMode mode, ref THost host, ref VCpu v, ref TBus bus, AccessKind access, ulong va, ulong guestAddress)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        v.Counters.Mmio++;
        if (access == AccessKind.Fetch)
        {
            return AccessFault(ref v, access, va);
        }

        // The instruction can have changed or vanished since it faulted: then it runs again and faults as it must.
        if (!mode.TryFetch(ref host, v, out var instruction))
        {
            return TrapOutcome.Resume;
        }

        if (!MemoryOperation.TryDecode(instruction, out var operation))
        {
            // One that accesses memory in a way that devices do not support would fault for ever.
            return MemoryOperation.IsAccess(instruction) ? AccessFault(ref v, access, va) : TrapOutcome.Resume;
        }

        var address = v.X[operation.Base] + (ulong)operation.Offset;
        if (address != va || (address & PageOffsetMask) + operation.Size > PageOffsetMask + 1)
        {
            // An access that straddles into the device's page, or out of it, is no device access.
            return AccessFault(ref v, access, va);
        }

        var outcome = Perform(mode, ref host, ref v, ref bus, operation, guestAddress);
        if (outcome.LineChanged)
        {
            HostInterrupt.UpdateExternal(mode, ref host, ref v, ref bus);
        }

        if (!outcome.Answered)
        {
            return AccessFault(ref v, access, va);
        }

        v.Pc += operation.Length;
        return outcome.Event == GuestEvent.None ? TrapOutcome.Resume : Follow(mode, ref host, ref v, ref bus, outcome.Event, outcome.FailureCode);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrapOutcome Follow<TMode, THost, TBus>(TMode mode, ref THost host, ref VCpu v, ref TBus bus, GuestEvent asked, uint failureCode)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        if (asked != GuestEvent.Alarm)
        {
            return GuestStop.AfterEvent(ref v, asked, failureCode);
        }

        HartTimer.FollowAlarm(mode, ref host, ref v, ref bus);
        return TrapOutcome.Resume;
    }

    /// <summary>Gives the guest the access fault that fits an access.</summary>
    public static TrapOutcome AccessFault(ref VCpu v, AccessKind access, ulong va)
    {
        v.ReflectCause = access switch
        {
            AccessKind.Fetch => (ulong)ExceptionCause.InstructionAccessFault,
            AccessKind.Load => (ulong)ExceptionCause.LoadAccessFault,
            _ => (ulong)ExceptionCause.StoreAccessFault,
        };
        v.ReflectValue = va;
        return TrapOutcome.Reflect;
    }

    private static BusOutcome Perform<TMode, THost, TBus>(
        TMode mode, ref THost host, ref VCpu v, ref TBus bus, in MemoryOperation operation, ulong address)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        switch (operation.Id)
        {
            case InstructionId.Lb:
            case InstructionId.Lh:
            case InstructionId.Lw:
            case InstructionId.Ld:
            case InstructionId.CLw:
            case InstructionId.CLd:
            case InstructionId.CLwsp:
            case InstructionId.CLdsp:
                return Load(ref host, ref v, ref bus, operation, address, signed: true);
            case InstructionId.Lbu:
            case InstructionId.Lhu:
            case InstructionId.Lwu:
                return Load(ref host, ref v, ref bus, operation, address, signed: false);
            case InstructionId.Sb:
            case InstructionId.Sh:
            case InstructionId.Sw:
            case InstructionId.Sd:
            case InstructionId.CSw:
            case InstructionId.CSd:
            case InstructionId.CSwsp:
            case InstructionId.CSdsp:
                return bus.Write(ref host, v.Index, address, operation.Size, Truncate(v.X[operation.Source], operation.Size));
            case InstructionId.Flw:
            case InstructionId.Fld:
            case InstructionId.CFld:
            case InstructionId.CFldsp:
                return FloatingPointLoad(mode, ref host, ref v, ref bus, operation, address);
            case InstructionId.Fsw:
            case InstructionId.Fsd:
            case InstructionId.CFsd:
            case InstructionId.CFsdsp:
                return FloatingPointStore(mode, ref host, ref v, ref bus, operation, address);
            case InstructionId.LrW:
            case InstructionId.LrD:
            case InstructionId.ScW:
            case InstructionId.ScD:
                // Devices support no reservations (Privileged spec 1.13 §3.6.3).
                return BusOutcome.NotAnswered;
            default:
                return Atomic(ref host, ref v, ref bus, operation, address);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static BusOutcome Load<THost, TBus>(
        ref THost host, ref VCpu v, ref TBus bus, in MemoryOperation operation, ulong address, bool signed)
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        var outcome = bus.Read(ref host, v.Index, address, operation.Size, out var value);
        if (outcome.Answered)
        {
            v.X[operation.Destination] = signed ? SignExtend(value, operation.Size) : value;
            v.X[0] = 0;
        }

        return outcome;
    }

    [ColdPath]
    private static BusOutcome Atomic<THost, TBus>(
        ref THost host, ref VCpu v, ref TBus bus, in MemoryOperation operation, ulong address)
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        if ((address & (ulong)(operation.Size - 1)) != 0
            || !AtomicOperation.TryMake(operation.Id, operation.Size, v.X[operation.Source], out var atomic))
        {
            return BusOutcome.NotAnswered;
        }

        var outcome = bus.Modify(ref host, v.Index, address, atomic, out var old);
        if (outcome.Answered)
        {
            v.X[operation.Destination] = atomic.Loaded(old);
            v.X[0] = 0;
        }

        return outcome;
    }

    [ColdPath]
    private static BusOutcome FloatingPointLoad<TMode, THost, TBus>(
        TMode mode, ref THost host, ref VCpu v, ref TBus bus, in MemoryOperation operation, ulong address)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        var outcome = bus.Read(ref host, v.Index, address, operation.Size, out var value);
        if (outcome.Answered)
        {
            mode.WriteFloatingPoint(ref host, ref v, operation.Destination, operation.Size == 4 ? value | 0xffffffff00000000 : value);
        }

        return outcome;
    }

    [ColdPath]
    private static BusOutcome FloatingPointStore<TMode, THost, TBus>(
        TMode mode, ref THost host, ref VCpu v, ref TBus bus, in MemoryOperation operation, ulong address)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost> =>
        bus.Write(ref host, v.Index, address, operation.Size, Truncate(mode.ReadFloatingPoint(ref host, v, operation.Source), operation.Size));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong SignExtend(ulong value, int size)
    {
        var shift = 64 - (size * 8);
        return (ulong)((long)(value << shift) >> shift);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Truncate(ulong value, int size)
    {
        var shift = 64 - (size * 8);
        return value << shift >> shift;
    }
}
