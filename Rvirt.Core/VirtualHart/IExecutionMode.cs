using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.VirtualHart;

/// <summary>
/// One way to run a guest's S-mode on a hart that has no place of its own for it. It alone knows where the guest's CSRs are, which traps arrive
/// and by which numbers, how the guest takes an exception or an interrupt, how the guest's instructions are read, and through which view of its
/// tables it sees memory. SBI, interrupts, timers, devices and reports ask here.
/// </summary>
/// <remarks>
/// <para>
/// Implemented by a struct without fields, or of one reference, which travels by value: the compiler makes every call a direct one, and drops
/// the argument. All methods are called by the hart that runs the virtual hart, with the guest's registers saved.
/// </para>
/// <para>
/// Trap handling goes so: <see cref="Classify"/>; <see cref="EmulateQuickly"/>, <see cref="TryTakeQuickly"/> or <see cref="TryReadDeviceQuickly"/>,
/// which do the frequent; <see cref="Emulate"/> or the rest of trap handling; <see cref="Inject"/> where the guest is to take an exception; and at last
/// <see cref="Settle"/>, after which the guest can be entered.
/// </para>
/// </remarks>
public interface IExecutionMode<THost>
    where THost : struct, ITrapHost
{
    /// <summary>What a trap is.</summary>
    /// <param name="v">The virtual hart that trapped.</param>
    /// <param name="cause">The host's number for it.</param>
    TrapKind Classify(in VCpu v, ulong cause);

    /// <summary>What access a <see cref="TrapKind.PageFault"/> came from.</summary>
    /// <param name="cause">The host's number for it.</param>
    AccessKind AccessOf(ulong cause);

    /// <summary>Emulates an instruction that trapped and those behind it, as long as they are of the frequent ones.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="mmu">Its MMU.</param>
    /// <param name="instruction">The instruction at its program counter; where the rest is left to do, the one that is there then.</param>
    QuickOutcome EmulateQuickly<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ref uint instruction)
        where TMmu : struct, IGuestMmu<THost>;

    /// <summary>Takes an exception that needs no look at the guest's tables, if it is of the frequent ones.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="mmu">Its MMU.</param>
    /// <param name="cause">The host's number for it, no <see cref="TrapKind.Instruction"/>; a <see cref="TrapKind.PageFault"/> is none of the frequent ones.</param>
    /// <param name="next">Zero, or the instruction to go on with by <see cref="EmulateQuickly"/>.</param>
    /// <returns>False where it is none, with nothing changed.</returns>
    bool TryTakeQuickly<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ulong cause, out uint next)
        where TMmu : struct, IGuestMmu<THost>;

    /// <summary>Gives the guest a page fault that is its own, where nothing else follows from that.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="cause">The hart's number for the page fault.</param>
    /// <param name="va">The faulting address.</param>
    /// <returns>False where more follows; nothing is done then.</returns>
    bool TryReflectQuickly(ref THost host, ref VCpu v, ulong cause, ulong va);

    /// <summary>Emulates the load at the guest's program counter from a device's register, if it is of the frequent ones.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="bus">Its guest's devices.</param>
    /// <param name="va">Where the load faulted.</param>
    /// <param name="guestAddress">The guest physical address it leads to.</param>
    /// <returns>False where it is none, with nothing changed.</returns>
    bool TryReadDeviceQuickly<TBus>(ref THost host, ref VCpu v, ref TBus bus, ulong va, ulong guestAddress)
        where TBus : struct, IGuestBus<THost>;

    /// <summary>Emulates any instruction that trapped.</summary>
    /// <returns>Advance, Resume where the program counter was set, Reflect for what is illegal in the guest's mode too, or Idle.</returns>
    TrapOutcome Emulate<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where TMmu : struct, IGuestMmu<THost>;

    /// <summary>Reads the instruction at the guest's program counter, which trapped or accesses memory.</summary>
    /// <returns>False where the guest cannot execute there any more: it is to try again.</returns>
    bool TryFetch(ref THost host, in VCpu v, out uint instruction);

    /// <summary>Reads the instruction that the guest goes on with, if it is one that would trap.</summary>
    bool TryFetchNext(ref THost host, in VCpu v, out uint instruction);

    /// <summary>Gives the guest an exception, at its program counter.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="cause">Value for <c>scause</c>.</param>
    /// <param name="value">Value for <c>stval</c>.</param>
    void Inject(ref THost host, ref VCpu v, ulong cause, ulong value);

    /// <summary>Gives the guest in S-mode the interrupt that <see cref="QuickOutcome.Interrupt"/> spoke of.</summary>
    void TakeInterrupt(ref THost host, ref VCpu v);

    /// <summary>Makes the guest ready to be entered: an interrupt that it can take now it takes, and the MMU's view is the one of its state.</summary>
    void Settle<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu)
        where TMmu : struct, IGuestMmu<THost>;

    /// <summary>The guest's <c>sip</c>.</summary>
    ulong Pending(ref THost host, in VCpu v);

    /// <summary>Raises interrupts of the guest, or takes them back. It takes one when <see cref="Settle"/> comes next.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="bits">Bits as in <c>sip</c>.</param>
    /// <param name="pending">Whether they are to be pending.</param>
    void SetPending(ref THost host, ref VCpu v, ulong bits, bool pending);

    /// <summary>Whether an interrupt is pending that the guest enabled in <c>sie</c>, whatever its SIE: what ends a <c>wfi</c> (Privileged spec 1.13 §3.3.3).</summary>
    bool WouldWake(ref THost host, in VCpu v);

    /// <summary>
    /// Says that the guest's translation is another one now, or was fenced whole: <see cref="Settle"/> chooses the view anew, and no page
    /// is known to be executable.
    /// </summary>
    void ForgetTranslation(ref VCpu v);

    /// <summary>An f register of the guest that runs on the hart, 64 bits.</summary>
    /// <param name="host">The hart, which has f registers.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="register">Its number, below 32.</param>
    ulong ReadFloatingPoint(ref THost host, in VCpu v, int register);

    /// <summary>Writes an f register of the guest that runs on the hart, as a load of its own would.</summary>
    /// <param name="host">The hart, which has f registers.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="register">Its number, below 32.</param>
    /// <param name="value">All of its 64 bits.</param>
    void WriteFloatingPoint(ref THost host, ref VCpu v, int register, ulong value);

    /// <summary>Makes a hart ready to run guests in this way, whatever its firmware left there: its own <c>sstatus</c>, and units that hold nobody's values.</summary>
    /// <returns>The units that the hart has.</returns>
    HartUnits Open(ref THost host);

    /// <summary>The state in which firmware hands over: S-mode, every CSR off, all counters readable (SBI 2.0 §9.1).</summary>
    void Reset(ref THost host, ref VCpu v);

    /// <summary>Stores what the hart itself holds of its guest, and the guest can change without a trap, in the virtual hart.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart, which is put down.</param>
    /// <param name="units">The units that the hart has.</param>
    void Save(ref THost host, ref VCpu v, HartUnits units);

    /// <summary>Lets go of a virtual hart, whether it was stored or is not wanted any more: nothing that the hart holds of it does anything from then on.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    void LetGo(ref THost host, ref VCpu v);

    /// <summary>The guest's <c>sstatus</c>, as it was when the virtual hart was put down.</summary>
    /// <param name="v">The virtual hart, which is loaded nowhere.</param>
    ulong ParkedSstatus(in VCpu v);

    /// <summary>Writes all that the hart itself holds of its guest; its interrupts are looked at when <see cref="Settle"/> comes next.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart, which was just loaded on it.</param>
    /// <param name="mmu">Its MMU.</param>
    /// <param name="units">The units whose registers hold another's values: those are loaded.</param>
    void Load<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, HartUnits units)
        where TMmu : struct, IGuestMmu<THost>;

    /// <summary>What a start leaves of a hart that was suspended: translation and interrupts off, and what is pending (SBI 2.0 §9.4).</summary>
    void Restart(ref THost host, ref VCpu v);

    /// <summary>Bytes of the host's memory to set aside for a guest's RAM: its own, and what has to be nobody's behind it.</summary>
    /// <param name="length">Bytes of its own, a multiple of 4096.</param>
    ulong RoomFor(ulong length);

    /// <summary>Puts the CSRs of a virtual hart where those of another one are, both loaded nowhere: its MMU maps nothing, and what is known to be executable is forgotten.</summary>
    void Copy(ref VCpu v, in VCpu other);

    /// <summary>The guest's privilege mode.</summary>
    PrivilegeMode Privilege(ref THost host, in VCpu v);

    /// <summary>A CSR as the guest's S-mode reads it; zero where it has none of that number.</summary>
    ulong Read(ref THost host, in VCpu v, uint number);
}
