using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Modes;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>
/// The one way through a trap out of a guest, for the image and the desktop alike: which part of <see cref="HotPath"/> or
/// <see cref="TrapHandler"/> handles it, and what follows.
/// </summary>
/// <remarks>
/// Pieces that call each other in tail position: the hot ones need no frame, and save no register that assembly has saved already.
/// A call that returns finds the guest ready to be entered, unless the context was told to leave it.
/// </remarks>
public static class TrapDispatch<TContext, THost, TMmu, TBus>
    where TContext : struct, ITrapContext<THost, TMmu, TBus>
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Handle(TContext context, ulong cause, ulong value)
    {
        if (cause == (ulong)ExceptionCause.IllegalInstruction)
        {
            if (context.Host.MistrustsInstructions)
            {
                EmulateAsRead(context);
            }
            else
            {
                Emulate(context, (uint)value);
            }
        }
        else
        {
            TakeException(context, cause, value);
        }
    }

    // What stands at the program counter is what trapped; where it cannot be read any more, the guest's next try says why.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void EmulateAsRead(TContext context)
    {
        if (context.Host.TryFetch(context.VirtualHart.Pc, out var instruction))
        {
            Emulate(context, instruction);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Emulate(TContext context, uint instruction)
    {
        var mmu = context.Mmu;
        switch (HotPath.Emulate(ref context.Host, ref context.VirtualHart, ref mmu, ref instruction))
        {
            case HotOutcome.Done:
                break;
            case HotOutcome.Interrupt:
                HandleInterrupt(context);
                break;
            default:
                HandleRest(context, (ulong)ExceptionCause.IllegalInstruction, instruction);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void HandleInterrupt(TContext context)
    {
        var mmu = context.Mmu;
        var outcome = TrapHandler.HandleInterrupt(ref context.Host, ref context.VirtualHart, ref mmu, ref context.Bus);
        if (outcome != TrapOutcome.Resume)
        {
            context.Leave(outcome, 0, 0);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TakeException(TContext context, ulong cause, ulong value)
    {
        var mmu = context.Mmu;
        if (HotPath.TryTakeException(ref context.Host, ref context.VirtualHart, ref mmu, ref context.Bus, cause, value, out var next))
        {
            if (next != 0)
            {
                Emulate(context, next);
            }
        }
        else if (TrapHandler.IsPageFault(cause))
        {
            HandlePageFault(context, cause, value);
        }
        else
        {
            HandleRest(context, cause, value);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void HandlePageFault(TContext context, ulong cause, ulong value)
    {
        var mmu = context.Mmu;
        if (!TrapHandler.TryRefill(ref context.Host, ref context.VirtualHart, ref mmu, cause, value))
        {
            HandleRest(context, cause, value);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void HandleRest(TContext context, ulong cause, ulong value)
    {
        var mmu = context.Mmu;
        var outcome = TrapHandler.HandleRest(ref context.Host, ref context.VirtualHart, ref mmu, ref context.Bus, cause, value);
        if (outcome != TrapOutcome.Resume)
        {
            context.Leave(outcome, cause, value);
        }
    }
}
