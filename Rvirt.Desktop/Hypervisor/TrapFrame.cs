using System;
using Rvirt.Core.VirtualHart;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>What entry and exit assembly does on a board: the registers between a hart and the virtual hart that runs on it.</summary>
// SAFETY: a virtual hart stays in place, and its x registers are as many as the hart's.
internal static unsafe class TrapFrame
{
    /// <summary>A hart as firmware leaves it to the hypervisor: traps and interrupts are delegated, counters are open.</summary>
    public static void Delegate(Hart hart)
    {
        hart.WriteCsr(CsrNumber.Medeleg, 0xb1ff);
        hart.WriteCsr(CsrNumber.Mideleg, Interrupts.Supervisor);
        hart.WriteCsr(CsrNumber.Mcounteren, 7);
    }

    /// <summary>A trap: the registers go to the virtual hart.</summary>
    public static void Save(Hart hart, VCpu* v)
    {
        hart.X[1..].CopyTo(new Span<ulong>((ulong*)&v->X + 1, GeneralRegisters.Count - 1));
        v->Pc = hart.ReadCsr(CsrNumber.Sepc);
    }

    /// <summary>Before the guest goes on: and back.</summary>
    public static void Restore(Hart hart, VCpu* v)
    {
        new Span<ulong>((ulong*)&v->X + 1, GeneralRegisters.Count - 1).CopyTo(hart.X[1..]);
        hart.WriteCsr(CsrNumber.Sepc, v->Pc);
    }

    /// <summary>Enters a guest for the first time.</summary>
    public static void Enter(Hart hart, VCpu* v)
    {
        Restore(hart, v);
        hart.WriteCsr(CsrNumber.Sstatus, (hart.ReadCsr(CsrNumber.Sstatus) & ~Status.Spp) | Status.Spie);
        hart.LeaveSupervisor();
        hart.Stopped = false;
    }
}
