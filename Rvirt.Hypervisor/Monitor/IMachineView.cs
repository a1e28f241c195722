using Rvirt.Core.Images;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The machine as the monitor's commands see it, and what they can do to it.</summary>
/// <remarks>
/// Implemented by structs and passed as a generic type argument; called on the hart that serves the console. Numbers of guests and harts are
/// those below the counts given here: commands check what a person typed. What changes while guests run is said to be exact or a snapshot: a
/// snapshot's values were each true, not all at one moment.
/// </remarks>
internal interface IMachineView
{
    /// <summary>Number of guests.</summary>
    int GuestCount { get; }

    /// <summary>Number of harts of the host.</summary>
    int CoreCount { get; }

    /// <summary>The <c>time</c> CSR.</summary>
    ulong Time { get; }

    /// <summary>Ticks of <see cref="Time"/> in a second.</summary>
    ulong TimeFrequency { get; }

    /// <summary>A guest: name, memory and number of harts exact, the rest a snapshot.</summary>
    GuestFacts Guest(int guest);

    /// <summary>A virtual hart, a snapshot.</summary>
    HartFacts Hart(int guest, int hart);

    /// <summary>Traps of a virtual hart since it was made, or since <see cref="ForgetCounters"/>; a snapshot, as the hart that runs it counts on.</summary>
    TrapCounters Counters(int guest, int hart);

    /// <summary>Counts a guest's traps from here on. What the guest itself reads goes on as it is.</summary>
    void ForgetCounters(int guest);

    /// <summary>What a virtual hart holds, exact: the hart that runs it is asked, between two instructions of the guest.</summary>
    /// <returns>False where its answer is awaited: the command is called again then.</returns>
    bool TryReport(int guest, int hart, out HartReport report);

    /// <summary>A hart of the host, a snapshot.</summary>
    CoreFacts Core(int core);

    /// <summary>Shadow tables of a virtual hart, a snapshot.</summary>
    ShadowFacts Shadow(int guest, int hart);

    /// <summary>What a virtual hart's shadow tables map at an address now, a snapshot.</summary>
    /// <param name="guest">The guest.</param>
    /// <param name="hart">The virtual hart.</param>
    /// <param name="address">Virtual address, any value.</param>
    /// <param name="look">What they map there, and for which state of the guest's.</param>
    /// <returns>False where they map nothing there.</returns>
    bool TryShadow(int guest, int hart, ulong address, out ShadowLook look);

    /// <summary>A virtio slot of a guest, a snapshot.</summary>
    /// <returns>Of kind 0 for an empty one.</returns>
    SlotFacts Slot(int guest, int slot);

    /// <summary>Number of virtio slots of a guest.</summary>
    int SlotCount(int guest);

    /// <summary>Ticks of <see cref="Time"/> for which a virtual hart ran since it was made, or since <see cref="ForgetCounters"/>; a snapshot.</summary>
    /// <param name="guest">The guest.</param>
    /// <param name="hart">The virtual hart.</param>
    /// <param name="ready">Ticks for which it could have run, and waited for a hart of the host.</param>
    ulong RunTicks(int guest, int hart, out ulong ready);

    /// <summary>Asks something of a guest's life.</summary>
    /// <returns>False where its state does not take that.</returns>
    bool TryAsk(int guest, LifeRequest request);

    /// <summary>Sets a breakpoint in a guest, or takes it back.</summary>
    /// <param name="guest">The guest.</param>
    /// <param name="address">Guest physical address, any value.</param>
    /// <param name="sets">Whether it is set.</param>
    BreakAnswer ChangeBreakpoint(int guest, ulong address, bool sets);

    /// <summary>Gives a guest another share of the harts that guests share.</summary>
    /// <param name="guest">The guest, one that has a share.</param>
    /// <param name="share">1 to <see cref="GuestBlob.MaximumShare"/>.</param>
    void SetShare(int guest, uint share);

    /// <summary>Shows a guest on the terminal, and lets input go to it.</summary>
    void SetFocus(int guest);

    /// <summary>Shows lines of all guests on the terminal; input goes to the guest that had it last.</summary>
    void ShowAll();

    /// <summary>The key that speaks to the console, as <see cref="ConsoleEscape"/> has it.</summary>
    int Escape { get; set; }

    /// <summary>Copies a guest, or looks whether that is done.</summary>
    /// <param name="kind">How.</param>
    /// <param name="guest">Whom.</param>
    /// <param name="target">For a clone, into which.</param>
    /// <param name="begins">Whether it is asked for, rather than awaited.</param>
    /// <param name="answer">What came of it.</param>
    /// <returns>False where it is not done yet: the monitor is called again then.</returns>
    bool TryCopy(CopyKind kind, int guest, int target, bool begins, out CopyAnswer answer);

    /// <summary>Ends the machine, when this answer is shown.</summary>
    void EndMachine();

    /// <summary>Has all harts of the host note their traps down from now on, or not.</summary>
    void SetTracing(bool on);

    /// <summary>Copies the traps that a hart of the host keeps, for <see cref="TryTrace"/>: a hart that traps often overwrites them faster than they are shown.</summary>
    /// <returns>How many it has noted down so far.</returns>
    ulong CopyTrace(int core);

    /// <summary>A trap of the copy, exact.</summary>
    /// <param name="number">The trap's number, from 0 on.</param>
    /// <param name="record">What was noted down.</param>
    /// <returns>False where it was not kept any more.</returns>
    bool TryTrace(ulong number, out TraceRecord record);

    /// <summary>The host physical address behind a guest physical one.</summary>
    /// <returns>False where there is no RAM.</returns>
    bool TryHostAddress(int guest, ulong address, out ulong hostAddress);

    /// <summary>Reads a doubleword of a guest's RAM.</summary>
    /// <param name="guest">The guest.</param>
    /// <param name="address">Guest physical address, any value.</param>
    /// <param name="value">What is there now.</param>
    /// <returns>False where there is no RAM, or the address is not a multiple of 8.</returns>
    bool TryReadMemory(int guest, ulong address, out ulong value);
}
