using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>
/// A virtual hart in its place, as <see cref="TrapDispatch{TContext, TMode, THost, TMmu, TBus}"/> needs it. Implemented by a struct of one pointer,
/// so that it travels in a register.
/// </summary>
/// <remarks>Everything that it refers to stays where it is for as long as a trap is handled.</remarks>
public interface ITrapContext<TMode, THost, TMmu, TBus>
    where TMode : struct, IExecutionMode<THost>
    where THost : struct, ITrapHost
    where TMmu : struct, IGuestMmu<THost>
    where TBus : struct, IGuestBus<THost>
{
    /// <summary>How the guest is run.</summary>
    TMode Mode { get; }

    /// <summary>The hart that trapped.</summary>
    ref THost Host { get; }

    /// <summary>The virtual hart, its registers saved.</summary>
    ref VCpu VirtualHart { get; }

    /// <summary>A reference to its MMU.</summary>
    TMmu Mmu { get; }

    /// <summary>Its guest's devices.</summary>
    ref TBus Bus { get; }

    /// <summary>Told when the guest is not to be entered again as it is. May never return.</summary>
    /// <param name="outcome">Why: neither Resume, nor Advance or Reflect, which trap handling carries out itself.</param>
    /// <param name="cause">The host's <c>scause</c>.</param>
    /// <param name="value">The host's <c>stval</c>; the instruction, where one was read behind the trapped one.</param>
    /// <returns>The virtual hart to enter next.</returns>
    ref VCpu Leave(TrapOutcome outcome, ulong cause, ulong value);
}
