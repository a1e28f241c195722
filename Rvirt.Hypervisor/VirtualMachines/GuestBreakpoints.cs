using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Instructions;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>Breakpoints in a guest that are set from outside: <c>c.ebreak</c> in its RAM, and a pause of the guest where one of its harts comes to it.</summary>
/// <remarks>
/// They are set and taken back while the guest is paused, so that none of its harts runs what changes, and each fetches anew before it goes on. The guest's own
/// breakpoints stay its own. It can see that its memory changed, and what it writes over a breakpoint is lost as that is taken back; a life of it that begins has none.
/// All under the machine's lock of lives, but for <see cref="Forget"/>: a guest whose RAM is filled takes no requests until that is done.
/// </remarks>
// SAFETY: records of harts, guests and the machine stay in place, and so does a guest's RAM; offsets are checked against it as they are noted down.
[ColdPath]
internal static unsafe class GuestBreakpoints<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Sets a breakpoint, or takes it back.</summary>
    /// <param name="guest">The guest.</param>
    /// <param name="address">Guest physical address of an instruction, any value.</param>
    /// <param name="sets">Whether it is set.</param>
    internal static BreakAnswer Change(Guest<THost>* guest, ulong address, bool sets)
    {
        ref var gate = ref guest->Machine->Lives;
        gate.Acquire();
        var answer = guest->State == GuestState.Paused ? ChangePaused(guest, address - guest->Memory.GuestBase, sets) : BreakAnswer.NotPaused;
        gate.Release();
        return answer;
    }

    private static BreakAnswer ChangePaused(Guest<THost>* guest, ulong offset, bool sets)
    {
        ref var table = ref guest->Breakpoints;
        var index = table.Find(offset);
        if (!sets)
        {
            if (index < 0)
            {
                return BreakAnswer.Unknown;
            }

            Write(guest, offset, table.Original(index));
            table.Remove(index);
        }
        else if (index < 0)
        {
            if ((offset & 1) != 0 || offset >= guest->Memory.Length)
            {
                return BreakAnswer.NoMemory;
            }

            if (table.Count == BreakpointTable.Capacity)
            {
                return BreakAnswer.Full;
            }

            table.Add(offset, *(ushort*)(guest->Memory.Pointer + offset));
            // Two bytes, so that it fits where any instruction begins.
            Write(guest, offset, Encodings.CompressedEbreak);
        }

        Tell(guest);
        return BreakAnswer.Done;
    }

    // Its harts are parked: each makes a fence.i as it is loaded where it was loaded nowhere before.
    private static void Write(Guest<THost>* guest, ulong offset, ushort instruction) =>
        *(ushort*)(guest->Memory.Pointer + offset) = instruction;

    private static void Tell(Guest<THost>* guest)
    {
        for (var i = 0; i < guest->Devices.Harts; i++)
        {
            ref var v = ref *guest->Harts[i];
            v.IsWatched = guest->Breakpoints.Count != 0;
            Volatile.Write(ref v.LastHart, VCpu.NoHart);
        }
    }

    /// <summary>A guest whose RAM is filled anew has none; none of its harts runs.</summary>
    internal static void Forget(Guest<THost>* guest)
    {
        guest->Breakpoints.Clear();
        Tell(guest);
    }

    /// <summary>The virtual hart that is loaded came to a breakpoint: its guest pauses for one that was set from outside, and takes its own.</summary>
    /// <param name="core">The calling hart.</param>
    /// <param name="cause">The trap's cause.</param>
    /// <param name="value">Its value.</param>
    internal static TrapOutcome Meet(HostCore<THost>* core, ulong cause, ulong value)
    {
        var hart = core->Running;
        var guest = hart->Guest;
        ref var v = ref hart->V;
        var found = TrapContext<THost>.MmuOf(ref core->Host, hart).Translate(v.Pc, AccessKind.Fetch, out var address) == FaultResolution.Mapped;
        ref var gate = ref core->Machine->Lives;
        gate.Acquire();
        found = found && guest->Breakpoints.Find(address - guest->Memory.GuestBase) >= 0;
        if (found && guest->State == GuestState.Running)
        {
            GuestControl<THost>.Enter(core, guest, GuestState.Pausing);
            GuestEnd<THost>.Interrupt(core, guest);
        }

        gate.Release();
        if (!found)
        {
            TrapContext<THost>.ModeOf(ref core->Host).Inject(ref core->Host, ref v, cause, value);
            return TrapOutcome.Resume;
        }

        v.StopReason = StopReason.Requested;
        return TrapOutcome.Stop;
    }
}
