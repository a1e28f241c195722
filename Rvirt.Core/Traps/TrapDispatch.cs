using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>
/// The one way through a trap out of a guest, for the image and the desktop alike: which part of
/// <see cref="IExecutionMode{THost}"/> or <see cref="TrapHandler"/> handles it, and what follows.
/// </summary>
/// <remarks>
/// Pieces that call each other in tail position: the hot ones need no frame, and save no register that assembly has saved already.
/// Each returns the virtual hart to enter next: the one that trapped, or whichever the context names when it is told to leave that one.
/// </remarks>
public static class TrapDispatch<TContext, TMode, THost, TMmu, TBus>
    where TContext : struct, ITrapContext<TMode, THost, TMmu, TBus>
    where TMode : struct, IExecutionMode<THost>
    where THost : struct, ITrapHost
    where TMmu : struct, IGuestMmu<THost>
    where TBus : struct, IGuestBus<THost>
{
    /// <summary>Handles a trap: emulates, gives the guest what is its own, serves the host's interrupts.</summary>
    /// <remarks>
    /// <para>What the host reports is believed where nothing comes of it but what the guest could do itself:</para>
    /// <para>scause is what chose the way here, and no hart is known to be wrong about it.</para>
    /// <para>stval of an illegal instruction is carried out, so it is read anew where the hart may have the H extension, and where it is zero.</para>
    /// <para>stval of a page fault is looked up in the guest's own tables, and filled or reflected by what they say of that address and
    /// mode; a wrong one maps what the guest may use anyway, or has it try again. Where a device is behind it, the instruction at the
    /// program counter must access just this address.</para>
    /// <para>stval of any other exception is only handed on to the guest, whose hardware this is; that of an ecall is not looked at.</para>
    /// <para>Which device interrupts is told by the host's PLIC, whose numbers are checked against its table.</para>
    /// </remarks>
    /// <param name="context">The virtual hart that trapped.</param>
    /// <param name="cause">The host's <c>scause</c>.</param>
    /// <param name="value">The host's <c>stval</c>.</param>
    /// <returns>The virtual hart to enter next.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref VCpu Handle(TContext context, ulong cause, ulong value)
    {
        if (context.Mode.Classify(context.VirtualHart, cause) == TrapKind.Instruction)
        {
            if (context.Host.MistrustsInstructions)
            {
                return ref EmulateAsRead(context);
            }

            return ref Emulate(context, (uint)value);
        }

        return ref TakeException(context, cause, value);
    }

    // What stands at the program counter is what trapped; where it cannot be read any more, the guest's next try says why.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref VCpu EmulateAsRead(TContext context)
    {
        if (context.Mmu.TryReadCode(context.VirtualHart.Pc, out var instruction) || context.Mode.TryFetch(ref context.Host, context.VirtualHart, out instruction))
        {
            return ref Emulate(context, instruction);
        }

        return ref context.VirtualHart;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref VCpu Emulate(TContext context, uint instruction)
    {
        var mmu = context.Mmu;
        switch (context.Mode.EmulateQuickly(ref context.Host, ref context.VirtualHart, ref mmu, ref instruction))
        {
            case QuickOutcome.Done:
                return ref context.VirtualHart;
            case QuickOutcome.Interrupt:
                return ref HandleInterrupt(context);
            default:
                return ref EmulateSlowly(context, instruction);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref VCpu EmulateSlowly(TContext context, uint instruction)
    {
        var mmu = context.Mmu;
        var outcome = TrapHandler.EmulateSlowly(context.Mode, ref context.Host, ref context.VirtualHart, ref mmu, ref context.Bus, instruction);
        if (outcome != TrapOutcome.Resume)
        {
            return ref context.Leave(outcome, 0, instruction);
        }

        return ref context.VirtualHart;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref VCpu HandleInterrupt(TContext context)
    {
        var mmu = context.Mmu;
        var outcome = TrapHandler.HandleInterrupt(context.Mode, ref context.Host, ref context.VirtualHart, ref mmu, ref context.Bus);
        if (outcome != TrapOutcome.Resume)
        {
            return ref context.Leave(outcome, 0, 0);
        }

        return ref context.VirtualHart;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref VCpu TakeException(TContext context, ulong cause, ulong value)
    {
        // Loads first, in line: drivers poll registers. What a fault is, and by what access, is asked again where it is needed: handed on, it
        // would be made into a number first, for each fault.
        if (context.Mode.AccessOf(cause) == AccessKind.Load && context.Mode.Classify(context.VirtualHart, cause) == TrapKind.PageFault)
        {
            return ref context.Mmu.Resolve(ref context.Host, value, AccessKind.Load, new FaultFollower(context, cause));
        }

        var mmu = context.Mmu;
        if (context.Mode.TryTakeQuickly(ref context.Host, ref context.VirtualHart, ref mmu, cause, out var next))
        {
            if (next != 0)
            {
                return ref Emulate(context, next);
            }

            return ref context.VirtualHart;
        }

        if (context.Mode.Classify(context.VirtualHart, cause) == TrapKind.PageFault)
        {
            return ref HandlePageFault(context, cause, value);
        }

        return ref HandleSlowly(context, cause, value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref VCpu HandlePageFault(TContext context, ulong cause, ulong value) =>
        ref context.Mmu.Resolve(ref context.Host, value, context.Mode.AccessOf(cause), new FaultFollower(context, cause));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref VCpu FinishPageFault(TContext context, ulong cause, ulong value, FaultAnswer answer)
    {
        var mmu = context.Mmu;
        var access = context.Mode.AccessOf(cause);
        var outcome = TrapHandler.FinishPageFault(
            context.Mode, ref context.Host, ref context.VirtualHart, ref mmu, ref context.Bus, access, value, answer);
        if (outcome != TrapOutcome.Resume)
        {
            return ref context.Leave(outcome, cause, value);
        }

        return ref context.VirtualHart;
    }

    // Not in line: it would need registers that each exception would have to save first.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref VCpu ReadDevice(TContext context, ulong cause, ulong va, ulong guestAddress)
    {
        if (context.Mode.TryReadDeviceQuickly(ref context.Host, ref context.VirtualHart, ref context.Bus, va, guestAddress))
        {
            return ref context.VirtualHart;
        }

        return ref FinishPageFault(context, cause, va, FaultAnswer.NotMemory(guestAddress));
    }

    // No more than what goes in registers.
    private readonly struct FaultFollower(TContext context, ulong cause) : IFaultFollower
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref VCpu FollowToDevice(ulong va, ulong guestAddress)
        {
            if (context.Mode.AccessOf(cause) == AccessKind.Load)
            {
                return ref ReadDevice(context, cause, va, guestAddress);
            }

            return ref FinishPageFault(context, cause, va, FaultAnswer.NotMemory(guestAddress));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref VCpu Follow(ulong va, FaultAnswer answer)
        {
            if (answer.Resolution == FaultResolution.Mapped)
            {
                context.VirtualHart.Counters.PageFaults++;
                return ref context.VirtualHart;
            }

            if (answer.Resolution == FaultResolution.GuestPageFault
                && context.Mode.TryReflectQuickly(ref context.Host, ref context.VirtualHart, cause, va))
            {
                context.VirtualHart.Counters.PageFaults++;
                return ref context.VirtualHart;
            }

            return ref FinishPageFault(context, cause, va, answer);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref VCpu HandleSlowly(TContext context, ulong cause, ulong value)
    {
        var mmu = context.Mmu;
        var outcome = TrapHandler.HandleSlowly(context.Mode, ref context.Host, ref context.VirtualHart, ref mmu, ref context.Bus, cause, value);
        if (outcome != TrapOutcome.Resume)
        {
            return ref context.Leave(outcome, cause, value);
        }

        return ref context.VirtualHart;
    }
}
