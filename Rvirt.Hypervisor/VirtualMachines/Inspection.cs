using System.Threading;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>A question of the monitor's to the hart that has a virtual hart loaded: what does it hold?</summary>
/// <remarks>
/// One at a time. The console's hart writes all of it while none is asked, and asks by <see cref="_state"/>, then by
/// <see cref="CoreRequest.Report"/>; the hart that was asked writes all of it from then on, and answers by <see cref="_state"/>, then by
/// <see cref="CoreRequest.Monitor"/>. Each takes over by reading it.
/// </remarks>
// SAFETY: records of harts and guests stay in place.
internal unsafe struct Inspection<THost>
    where THost : unmanaged, IHypervisorHost
{
    private GuestHart<THost>* _subject;
    private HartReport _report;
    private int _state;

    private enum State
    {
        Idle,
        Asked,
        Answered,
        Gone,
    }

    /// <summary>Asks, or looks whether what was asked is answered. The console's hart calls it.</summary>
    /// <param name="core">The calling hart.</param>
    /// <param name="subject">The virtual hart.</param>
    /// <param name="report">What it holds, all of one moment.</param>
    /// <returns>False where an answer is awaited: the monitor is called again then.</returns>
    internal bool TryAnswer(HostCore<THost>* core, GuestHart<THost>* subject, out HartReport report)
    {
        var state = (State)Volatile.Read(ref _state);
        report = default;
        if (state == State.Asked)
        {
            return false;
        }

        Volatile.Write(ref _state, (int)State.Idle);
        if (state == State.Answered && _subject == subject)
        {
            report = _report;
            return true;
        }

        var where = CoreOf(subject);
        if (where == core)
        {
            report.Take(TrapContext<THost>.ModeOf(ref core->Host), ref core->Host, subject->V);
            return true;
        }

        if (where == null)
        {
            if (TryTakePutDown(core, subject, ref report))
            {
                return true;
            }

            // It was loaded meanwhile, and is asked next time.
            CoreKick<THost>.Raise(ref core->Host, core, CoreRequest.Monitor);
            return false;
        }

        _subject = subject;
        Volatile.Write(ref _state, (int)State.Asked);
        CoreKick<THost>.Raise(ref core->Host, where, CoreRequest.Report);
        return false;
    }

    // No hart runs it: what it holds is its own, unless one loads it meanwhile, which counts that before the guest goes on.
    private static bool TryTakePutDown(HostCore<THost>* core, GuestHart<THost>* subject, ref HartReport report)
    {
        var loads = Volatile.Read(ref subject->Loads);
        Interlocked.MemoryBarrier();
        report.Take(TrapContext<THost>.ModeOf(ref core->Host), ref core->Host, subject->V);
        // The calling hart holds another one's.
        report.Sstatus = TrapContext<THost>.ModeOf(ref core->Host).ParkedSstatus(subject->V);
        Interlocked.MemoryBarrier();
        return CoreOf(subject) == null && Volatile.Read(ref subject->Loads) == loads;
    }

    private static HostCore<THost>* CoreOf(GuestHart<THost>* hart) => (HostCore<THost>*)Volatile.Read(ref *(nint*)&hart->Core);

    /// <summary>Answers. The hart that was asked calls it, between two instructions of its guest.</summary>
    /// <param name="core">The calling hart.</param>
    internal void Answer(HostCore<THost>* core)
    {
        if ((State)Volatile.Read(ref _state) != State.Asked)
        {
            return;
        }

        var isHere = core->Running == _subject;
        if (isHere)
        {
            _report.Take(TrapContext<THost>.ModeOf(ref core->Host), ref core->Host, _subject->V);
        }

        Volatile.Write(ref _state, (int)(isHere ? State.Answered : State.Gone));
        CoreKick<THost>.Raise(ref core->Host, core->Machine->Cores, CoreRequest.Monitor);
    }
}
