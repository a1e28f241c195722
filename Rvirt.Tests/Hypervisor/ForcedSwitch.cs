using System;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference;
using Rvirt.Reference.Harts;
using Interrupts = Rvirt.Core.Privileged.Interrupts;

namespace Rvirt.Tests.Hypervisor;

/// <summary>Gets a virtual hart that is loaded nowhere.</summary>
internal delegate void Parked(ref VCpu hart);

/// <summary>
/// Puts a virtual hart down, spoils all of its hart that belongs to nobody then, as another virtual hart could, and loads it again: whoever
/// runs it must not notice.
/// </summary>
// SAFETY: records of harts and virtual harts stay in the machine's RAM, and no other thread runs meanwhile.
internal sealed unsafe class ForcedSwitch(Machine machine, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Is told of each virtual hart that was put down, before it is loaded again.</summary>
    public Parked? Parked { get; set; }

    /// <summary>How often it was done.</summary>
    public int Count { get; private set; }

    /// <summary>Puts a virtual hart down, spoils its hart, and loads it on a hart that runs nothing.</summary>
    /// <param name="hart">A virtual hart that is loaded.</param>
    /// <param name="core">Where it goes on; null: where it was.</param>
    /// <returns>The virtual hart to enter there.</returns>
    public GuestHart<FakeHost>* Move(GuestHart<FakeHost>* hart, HostCore<FakeHost>* core = null)
    {
        Count++;
        var old = hart->Core;
        WorldSwitch<FakeHost>.Save(old);
        Spoil(old);
        Parked?.Invoke(ref hart->V);
        return GuestLife<FakeHost>.Switch(core == null ? old : core, hart);
    }

    /// <summary>Spoils a hart that runs nothing.</summary>
    public void Spoil(HostCore<FakeHost>* core)
    {
        var hart = machine.Harts[core->HartId];
        ref var host = ref core->Host;
        foreach (ref var value in hart.Float)
        {
            value = (ulong)_random.NextInt64();
        }

        if (hart.VectorRegisters.Length != 0)
        {
            _random.NextBytes(hart.VectorRegisters);
            hart.SetVectorType((ulong)_random.Next(256), (ulong)_random.Next(64));
            hart.WriteCsr(CsrNumber.Vcsr, (ulong)_random.Next(8));
            hart.WriteCsr(CsrNumber.Vstart, (ulong)_random.Next(64));
        }

        core->UnitsOwner = null;
        host.WriteSstatus(host.ReadSstatus() | Sstatus.Fs);
        hart.WriteCsr(CsrNumber.Fcsr, (ulong)_random.Next(0, 256) & 0x9f);
        host.WriteSstatus((host.ReadSstatus() & ~Sstatus.Fs) | ((ulong)_random.Next(0, 4) << 13));
        host.WriteSstatus((host.ReadSstatus() & ~Sstatus.Vs) | ((ulong)_random.Next(0, 4) << 9));
        host.WriteScounteren((ulong)_random.Next(0, 8));
        // The hypervisor's own tables, which map nothing for a guest.
        host.WriteSatp(core->Machine->Boot.Satp);
        if (_random.Next(0, 2) == 0)
        {
            // Or what it knew of the guest's address space stays, until that has changed.
            host.SfenceAll();
        }

        host.SetTimer(_random.Next(0, 2) == 0 ? 0 : ulong.MaxValue);
        if (_random.Next(0, 2) == 0)
        {
            host.SetSie(Interrupts.Timer);
        }
        else
        {
            host.ClearSie(Interrupts.Timer);
        }

        hart.WriteCsr(CsrNumber.Sscratch, (ulong)_random.NextInt64());
        hart.WriteCsr(CsrNumber.Sepc, (ulong)_random.NextInt64());
        hart.WriteCsr(CsrNumber.Scause, (ulong)_random.NextInt64());
        hart.WriteCsr(CsrNumber.Stval, (ulong)_random.NextInt64());
        for (var register = 1; register < 32; register++)
        {
            hart[register] = (ulong)_random.NextInt64();
        }
    }
}
