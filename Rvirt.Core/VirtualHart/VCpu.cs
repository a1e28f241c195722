using System.Runtime.InteropServices;
using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Memory;

namespace Rvirt.Core.VirtualHart;

/// <summary>
/// One virtual hart: the registers that entry and exit assembly saves and loads, and the supervisor state the guest believes in.
/// </summary>
/// <remarks>
/// The head, up to <see cref="HostStack"/>, is the trap frame that assembly reaches through <c>sscratch</c>.
/// A virtual hart belongs to no hart until it is loaded on one: all that it needs is here. While it is loaded, the hart itself has what the guest
/// changes without a trap: the registers of the hart's units (<see cref="HartUnits"/>), and the bits of <c>sstatus</c> that tell of them. When it is
/// put down, they are here too, v registers in a room of their own.
/// </remarks>
// SAFETY: Siblings names GuestHarts virtual harts, which stay where they are for as long as the guest lives; nothing here follows it.
[AsmOffsets("VCPU")]
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VCpu
{
    /// <summary>See <see cref="LastHart"/>.</summary>
    public const int NoHart = -1;

    /// <summary>x0 to x31; the first is always zero.</summary>
    public GeneralRegisters X;

    /// <summary>Guest program counter.</summary>
    public ulong Pc;

    /// <summary>Top of the hypervisor's stack of the hart on which this virtual hart is loaded; written by that hart as it loads it.</summary>
    public ulong HostStack;

    /// <summary>The guest's RAM.</summary>
    public GuestMemory Memory;

    /// <summary>What the guest believes of its CSRs, as its way of running keeps them.</summary>
    internal GuestCsrs Csrs;

    /// <summary>What the guest did wrong, for <see cref="TrapOutcome.Reflect"/>: cause.</summary>
    internal ulong ReflectCause;

    /// <summary>What the guest did wrong, for <see cref="TrapOutcome.Reflect"/>: value for <c>stval</c>.</summary>
    internal ulong ReflectValue;

    /// <summary>The <c>time</c> for which the guest set its timer; counts while its interrupt is not pending.</summary>
    internal ulong Deadline;

    /// <summary>The <c>time</c> at which this hart has to look after the alarm of the guest's clock; all ones: not at all.</summary>
    internal ulong Alarm;

    /// <summary>
    /// The <c>time</c> at which the hart leaves it for its run loop, whatever it does; all ones where it shares its hart with nobody. The hart on
    /// which it is loaded writes it.
    /// </summary>
    public ulong SliceEnd;

    /// <summary>What other harts ask of this one, as bits of <see cref="HartRequest"/>; set by <see cref="HartKick"/>, taken by the hart that runs it, both atomically.</summary>
    public int Requests;

    /// <summary>Whether the hart waits for an interrupt: it does not go on before that.</summary>
    public bool Waits;

    // A HartState. Its own hart writes it, and whoever starts it while it is stopped; others read it.
    private int _state;

    /// <summary>For <see cref="TrapOutcome.HartStart"/>: the number of the hart, and how it starts; for <see cref="TrapOutcome.FenceLate"/> the number alone.</summary>
    public HartStartCall Named;

    /// <summary>Why the guest stops, once <see cref="TrapOutcome.Stop"/> was returned.</summary>
    public StopReason StopReason;

    /// <summary>What the test device or SBI reported when the guest failed.</summary>
    public uint FailureCode;

    /// <summary>Number of the virtual hart in its guest, which is its <c>mhartid</c>.</summary>
    public int Index;

    /// <summary>Number of virtual harts of the guest.</summary>
    public int GuestHarts;

    /// <summary>The guest's virtual harts, <see cref="GuestHarts"/> pointers, this one among them.</summary>
    public VCpu** Siblings;

    /// <summary>Ticks of <c>time</c> after which a hart that has not made a fence of this one's is interrupted again, and named; 0: never.</summary>
    public ulong FencePatience;

    /// <summary>
    /// Hardware id of the hart on which this virtual hart is loaded, or was last. That hart writes it as it loads it, before it looks for
    /// requests; others read it after they made one.
    /// </summary>
    public ulong HostHartId;

    /// <summary>Number of the hart on which this virtual hart was loaded last, <see cref="NoHart"/> for none: what that one's TLB and caches hold is its own.</summary>
    public int LastHart;

    /// <summary>Whether a breakpoint may be of who looks at the guest from outside (<see cref="TrapOutcome.Breakpoint"/>). Written while the hart is parked, under the machine's lock of lives or by who fills the guest's RAM.</summary>
    public bool IsWatched;

    /// <summary>How often the virtual hart left its guest.</summary>
    public TrapCounters Counters;

    /// <summary>The counters that the guest configured by the SBI's PMU extension.</summary>
    internal FirmwareCounters FirmwareCounters;

    /// <summary>f0 to f31 and fcsr, as they were when the virtual hart was put down; meaningless while it is loaded.</summary>
    internal FloatingPointArea FloatingPoint;

    /// <summary>The vector state, as it was when the virtual hart was put down; meaningless while it is loaded. Not here itself: it is long.</summary>
    internal VectorArea Vectors;

    /// <summary>
    /// Where it is: a <see cref="RunState"/>. The hart that has it writes it, by <see cref="Enter"/>; one that is not loaded is moved on by whoever
    /// exchanges it first.
    /// </summary>
    internal int Run;

    /// <summary>Fences that others asked for.</summary>
    internal FenceMailbox Fences;

    /// <summary>Life cycle of the hart (SBI 2.0 §9). What it did before is seen by whoever sees the state.</summary>
    public HartState State
    {
        readonly get => (HartState)Volatile.Read(in _state);
        set => Volatile.Write(ref _state, (int)value);
    }

    /// <summary>Whether the hart has instructions to run, or will have without a start.</summary>
    internal readonly bool IsAlive => State is HartState.Started or HartState.Suspended;

    /// <summary>Takes a stopped hart for a start; of several who try one gets it, and it is that one's alone until it is started.</summary>
    internal bool TryTakeStopped() =>
        Interlocked.CompareExchange(ref _state, (int)HartState.StartPending, (int)HartState.Stopped) == (int)HartState.Stopped;

    /// <summary>Where it is.</summary>
    public readonly RunState RunState => (RunState)Volatile.Read(in Run);

    /// <summary>Whether others ask anything of it.</summary>
    public readonly bool IsAsked => Volatile.Read(in Requests) != 0;

    /// <summary>Whether others ask something of it that ends a wait. A fence does not: no instruction follows that could need it.</summary>
    public readonly bool IsAskedToWake => ((HartRequest)Volatile.Read(in Requests) & ~HartRequest.Fence) != HartRequest.None;

    /// <summary>Whether it is the one that serves the alarm of its guest's devices, or was asked to; only of one that is loaded nowhere, or by its own hart.</summary>
    public readonly bool HasAlarm => Alarm != HartTimer.Never || ((HartRequest)Volatile.Read(in Requests) & HartRequest.Alarm) != HartRequest.None;

    /// <summary>Moves it on, where it still is where it was; of several who try at once one does.</summary>
    /// <returns>Whether the caller did.</returns>
    public bool TryMove(RunState from, RunState to) => Interlocked.CompareExchange(ref Run, (int)to, (int)from) == (int)from;

    /// <summary>Says where it is from now on. A full barrier: what others asked before they saw it is seen afterwards.</summary>
    public void Enter(RunState state) => Interlocked.Exchange(ref Run, (int)state);

    /// <summary>Whether the guest has vectors.</summary>
    internal readonly bool HasVectors => Vectors.Words != null;

    /// <summary>
    /// Puts a virtual hart that is loaded nowhere, and all but its CSRs, which the mode copies, where another one is that is loaded nowhere either: its own are only
    /// its number, its memory, its siblings and what its host counts.
    /// </summary>
    /// <param name="other">The other, with the same units.</param>
    public void Copy(in VCpu other)
    {
        X = other.X;
        Pc = other.Pc;
        Deadline = other.Deadline;
        Alarm = other.Alarm;
        SliceEnd = ulong.MaxValue;
        Waits = other.Waits;
        StopReason = StopReason.None;
        FailureCode = 0;
        FirmwareCounters.Copy(other.FirmwareCounters, other.Counters, Counters);
        LastHart = NoHart;
        FloatingPoint = other.FloatingPoint;
        Vectors.Copy(other.Vectors);

        // What was asked of this one is of the life it has left. Fences are made as it is loaded.
        Fences.Take(out var posted);
        Fences.Finish(posted);
        Interlocked.Exchange(ref Requests, Volatile.Read(in other.Requests) & (int)(HartRequest.Interrupt | HartRequest.External | HartRequest.Alarm));
        State = other.State;
    }

    /// <summary>Gives the virtual hart vectors for all its lives; before the first <see cref="Reset"/>.</summary>
    /// <param name="area">A room of <see cref="VectorRoom"/> bytes that stays.</param>
    /// <param name="registerBytes">Bytes of a register, which each hart that may run it has.</param>
    public void GiveVectors(ulong* area, ulong registerBytes) => Vectors = new VectorArea(area, registerBytes);

    /// <summary>Bytes of the room for the vector state.</summary>
    /// <param name="registerBytes">Bytes of a register.</param>
    public static ulong VectorRoom(ulong registerBytes) => VectorArea.BytesFor(registerBytes);

    /// <summary>Puts a virtual hart that nobody runs, and all but its CSRs, which the mode resets, into the state in which firmware hands over an S-mode payload: a0 the hart id, a1 the argument (SBI 2.0 §9.1).</summary>
    /// <param name="entry">First instruction.</param>
    /// <param name="argument">Value of a1: the device tree's address, or HSM's opaque argument.</param>
    public void Reset(ulong entry, ulong argument)
    {
        for (var i = 0; i < GeneralRegisters.Count; i++)
        {
            X[i] = 0;
        }

        X[10] = (ulong)Index;
        X[11] = argument;
        Pc = entry;
        Deadline = ulong.MaxValue;
        Alarm = ulong.MaxValue;
        SliceEnd = ulong.MaxValue;
        // Who asks something at the same moment asks before, or after.
        Interlocked.Exchange(ref Requests, 0);
        Fences.Finish(Fences.TakeAll());
        Waits = false;
        StopReason = StopReason.None;
        FailureCode = 0;
        FirmwareCounters = default;
        // What another life left in a hart's registers and caches is not loaded again.
        LastHart = NoHart;
        FloatingPoint = default;
        Vectors.Reset();

        // Last: from here on others count on it.
        State = HartState.Started;
    }
}
