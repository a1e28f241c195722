using System;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Lockstep;

/// <summary>The machine that is right: the reference hart in real S-mode.</summary>
public sealed class Reference : IDisposable
{
    private readonly UnorderedEntries[] _entries;
    private readonly ReferenceFirmware[] _firmware;

    /// <summary>Makes a machine whose firmware has delegated what an S-mode expects.</summary>
    public Reference(ulong ram, HartOptions options, int harts = 1)
    {
        Machine = new Machine(ram, harts, options);
        var tables = new bool[ram >> 12];
        _entries = Array.ConvertAll(Machine.Harts, hart => new UnorderedEntries(Machine, hart, tables));
        _firmware = Array.ConvertAll(Machine.Harts, _ => new ReferenceFirmware());
        foreach (var hart in Machine.Harts)
        {
            hart.Firmware = _firmware[hart.Id];
            hart.Observer = _entries[hart.Id];
            hart.WriteCsr(CsrNumber.Medeleg, 0xb1ff);
            hart.WriteCsr(CsrNumber.Mideleg, Interrupts.Supervisor);
            hart.WriteCsr(CsrNumber.Mcounteren, 7);
        }
    }

    public Machine Machine { get; }

    /// <summary>Number of the hart whose turn it is.</summary>
    public int Turn { get; set; }

    /// <summary>The hart whose turn it is.</summary>
    public Hart Hart => Machine.Harts[Turn];

    /// <summary>That hart's firmware.</summary>
    public ReferenceFirmware Firmware => _firmware[Turn];

    /// <summary>Page-table entries whose change is not ordered yet for that hart.</summary>
    public UnorderedEntries Entries => _entries[Turn];

    /// <summary>Whether a device of the guest's was accessed, by any of its harts, in a way that only some devices take.</summary>
    public bool OddDeviceAccess => Array.Exists(_entries, entries => entries.OddDeviceAccess);

    /// <summary>Puts all harts where firmware hands over; the first has its turn.</summary>
    public void Start(ulong entry)
    {
        for (Turn = Machine.Harts.Length - 1; Turn > 0; Turn--)
        {
            StartHart(entry);
        }

        StartHart(entry);
    }

    /// <summary>The hart's steps since <see cref="UnorderedEntries.Begin"/> count: the others get what it left for them.</summary>
    /// <param name="fencesAreKnown">Whether its fences order anything.</param>
    public void Accept(bool fencesAreKnown)
    {
        foreach (var (address, old) in Entries.Journal)
        {
            foreach (var entries in _entries)
            {
                if (entries != Entries)
                {
                    entries.Learn(address, old);
                }
            }
        }

        Entries.Accept(fencesAreKnown);
        foreach (var hart in Machine.Harts)
        {
            if (hart.Id != Turn && Firmware.TakeInterrupt(hart.Id))
            {
                hart.RaiseSoftware();
            }
        }

        foreach (var (target, address, asid) in Firmware.RemoteFences)
        {
            FenceHart(target, address, asid);
        }

        Firmware.RemoteFences.Clear();
    }

    /// <summary>One of the harts that do not have their turn fences.</summary>
    public void FenceHart(int target, ulong? address, ushort? asid)
    {
        _entries[target].Begin();
        Machine.Harts[target].Fence(address, asid);
        _entries[target].Accept();
    }

    private void StartHart(ulong entry)
    {
        var hart = Hart;
        hart.Wake();
        hart.X.Clear();
        hart[10] = (ulong)hart.Id;
        hart.Mode = PrivilegeLevel.Supervisor;
        hart.WriteCsr(CsrNumber.Mstatus, Status.FsInitial);
        hart.Float.Clear();
        hart.WriteCsr(CsrNumber.Fcsr, 0);
        hart.VectorRegisters.Clear();
        hart.SetVectorType(ulong.MaxValue, 0);
        hart.WriteCsr(CsrNumber.Vcsr, 0);
        hart.WriteCsr(CsrNumber.Mstatus, Status.FsInitial | Status.VsInitial);
        Entries.Begin();
        hart.Fence(null, null);
        Entries.Accept();
        foreach (var csr in (ReadOnlySpan<int>)[
            CsrNumber.Sie, CsrNumber.Sip, CsrNumber.Stvec, CsrNumber.Senvcfg, CsrNumber.Sscratch, CsrNumber.Sepc, CsrNumber.Scause,
            CsrNumber.Stval, CsrNumber.Satp])
        {
            hart.WriteCsr(csr, 0);
        }

        hart.WriteCsr(CsrNumber.Scounteren, 7);
        hart.FirmwareTimer = ulong.MaxValue;
        Firmware.Deadline = ulong.MaxValue;
        Firmware.Forget();
        hart.ForgetReservation();
        hart.Pc = entry;
    }

    /// <summary>Makes an interrupt pending.</summary>
    public void Raise(LockstepInterrupt interrupt)
    {
        switch (interrupt)
        {
            case LockstepInterrupt.Software:
                Hart.RaiseSoftware();
                break;
            case LockstepInterrupt.Timer:
                Firmware.Deadline = ulong.MaxValue;
                Hart.FirmwareTimer = 0;
                Hart.UpdateTimers();
                break;
            case LockstepInterrupt.External:
                Machine.Uart.Type("x");
                break;
        }
    }

    /// <summary>One instruction, exception or interrupt.</summary>
    /// <returns>False where the hart waits instead.</returns>
    public bool Step() => Hart.Run(1) != 0;

    public void Dispose() => Machine.Dispose();
}
