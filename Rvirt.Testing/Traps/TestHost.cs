using System;
using System.Collections.Generic;
using System.Numerics;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Testing.Traps;

/// <summary>A hart of the host for unit tests of trap handling: it records, and executes nothing.</summary>
/// <param name="hart">What it records, and answers.</param>
// SAFETY: areas of registers are the caller's, with room for what each member of the interface says.
public readonly unsafe struct TestHost(TestHart hart) : ITrapHost, IResidentHart
{
    /// <inheritdoc/>
    public bool MistrustsInstructions => hart.ReportsOtherInstructions;

    /// <inheritdoc/>
    // Hardware sums FS and VS up in SD.
    public ulong ReadSstatus() => hart.Sstatus | ((hart.Sstatus & Sstatus.Fs) == Sstatus.Fs || (hart.Sstatus & Sstatus.Vs) == Sstatus.Vs ? Sstatus.Sd : 0);

    /// <inheritdoc/>
    public void WriteSstatus(ulong value) => hart.Sstatus = value & ~(Sstatus.Sd | (hart.WithoutFloatingPoint ? Sstatus.Fs : 0));

    /// <inheritdoc/>
    public ulong ReadSie() => hart.Sie;

    /// <inheritdoc/>
    public void SetSie(ulong bits) => hart.Sie |= bits;

    /// <inheritdoc/>
    public void ClearSie(ulong bits) => hart.Sie &= ~bits;

    /// <inheritdoc/>
    public ulong ReadSip() => hart.Sip;

    /// <inheritdoc/>
    public void ClearSoftwareInterrupt()
    {
        hart.Sip &= ~Interrupts.Software;
        hart.WhenCleared?.Invoke();
    }

    /// <inheritdoc/>
    public void WriteScounteren(ulong value) => hart.Scounteren = value;

    /// <inheritdoc/>
    public ulong ReadMstatus() => hart.Mstatus;

    /// <inheritdoc/>
    public void WriteMstatus(ulong value) => hart.Mstatus = value;

    /// <inheritdoc/>
    public ulong ReadSupervisor(uint number) => hart.Supervisor.GetValueOrDefault(number);

    /// <inheritdoc/>
    public void WriteSupervisor(uint number, ulong value) => hart.Supervisor[number] = value;

    /// <inheritdoc/>
    public void SetSupervisorPending(ulong bits, bool pending)
    {
        var old = ReadSupervisor(Csr.Sip);
        WriteSupervisor(Csr.Sip, pending ? old | bits : old & ~bits);
    }

    /// <inheritdoc/>
    public void FenceI() => hart.FenceI++;

    /// <inheritdoc/>
    public ulong ReadTime() => hart.Time;

    /// <inheritdoc/>
    public void SetTimer(ulong deadline)
    {
        hart.Timer = deadline;
        hart.Sip &= ~Interrupts.Timer;
    }

    /// <inheritdoc/>
    public void SendIpis(ulong mask, ulong first)
    {
        hart.IpiCalls++;
        for (; mask != 0; mask &= mask - 1)
        {
            hart.Ipis.Add(first + (ulong)BitOperations.TrailingZeroCount(mask));
        }
    }

    /// <inheritdoc/>
    public void Relax() => (hart.WhenRelaxed ?? throw new InvalidOperationException("nobody is there to wait for")).Invoke();

    /// <inheritdoc/>
    public void Wfi() => hart.Sleeps++;

    /// <inheritdoc/>
    public bool TryFetch(ulong va, out uint instruction) => hart.Code.TryGetValue(va, out instruction);

    /// <inheritdoc/>
    // The upper half of an instruction is found two bytes behind its lower half.
    public ulong TryFetchHalf(ulong va) =>
        va >= hart.CodeEnd ? ulong.MaxValue
        : hart.Code.TryGetValue(va, out var low) ? low & 0xffff
        : hart.Code.TryGetValue(va - 2, out var high) ? high >> 16
        : ulong.MaxValue;

    /// <inheritdoc/>
    public void SaveFloatingPoint(ulong* area) => hart.FloatingPoint.CopyTo(new Span<ulong>(area, 33));

    /// <inheritdoc/>
    public void RestoreFloatingPoint(ulong* area) => new Span<ulong>(area, 33).CopyTo(hart.FloatingPoint);

    /// <inheritdoc/>
    public ulong ProbeVectorBytes() => hart.VectorBytes;

    /// <inheritdoc/>
    public void SaveVectors(ulong* area) => hart.Vectors.CopyTo(new Span<ulong>(area, hart.Vectors.Length));

    /// <inheritdoc/>
    public void RestoreVectors(ulong* area) => new Span<ulong>(area, hart.Vectors.Length).CopyTo(hart.Vectors);
}
