using System;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Lockstep;

/// <summary>The machine that is right: the reference hart in real S-mode.</summary>
public sealed class Reference : IDisposable
{
    /// <summary>Makes a machine whose firmware has delegated what an S-mode expects.</summary>
    public Reference(ulong ram, HartOptions options)
    {
        Machine = new Machine(ram, 1, options);
        Entries = new UnorderedEntries(Machine);
        Hart.Firmware = Firmware;
        Hart.Observer = Entries;
        Hart.WriteCsr(CsrNumber.Medeleg, 0xb1ff);
        Hart.WriteCsr(CsrNumber.Mideleg, Interrupts.Supervisor);
        Hart.WriteCsr(CsrNumber.Mcounteren, 7);
    }

    public Machine Machine { get; }

    public Hart Hart => Machine.Hart;

    public ReferenceFirmware Firmware { get; } = new();

    /// <summary>Page-table entries whose change is not ordered yet.</summary>
    public UnorderedEntries Entries { get; }

    /// <summary>Puts the hart where firmware hands over.</summary>
    public void Start(ulong entry)
    {
        var hart = Hart;
        hart.Wake();
        hart.X.Clear();
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
