using System;
using System.Collections.Generic;
using System.Numerics;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Tests.Core.Traps;

/// <summary>What the hypervisor under test did to its hart, and what the hart answers.</summary>
internal sealed class TestHart
{
    public Dictionary<ulong, uint> Code { get; } = [];

    /// <summary>From here on no half of an instruction can be read.</summary>
    public ulong CodeEnd { get; set; } = ulong.MaxValue;

    /// <summary>Whether <c>stval</c> may name another instruction than the one that trapped.</summary>
    public bool ReportsOtherInstructions { get; set; }

    /// <summary>What happens elsewhere just after the software interrupt was cleared.</summary>
    public Action? WhenCleared { get; set; }

    public ulong Sstatus { get; set; }

    public ulong Sie { get; set; } = Interrupts.All;

    public ulong Sip { get; set; }

    public ulong Scounteren { get; set; } = 7;

    public ulong Timer { get; set; }

    public ulong Time { get; set; } = 1234;

    public int FenceI { get; set; }

    public List<ulong> Ipis { get; } = [];

    /// <summary>By how many calls of the firmware they were sent.</summary>
    public int IpiCalls { get; set; }

    /// <summary>What happens elsewhere while the hart waits for another.</summary>
    public Action? WhenRelaxed { get; set; }

    public int Sleeps { get; set; }

    public ulong[] FloatingPoint { get; } = new ulong[33];

    /// <summary>FS cannot be set.</summary>
    public bool WithoutFloatingPoint { get; set; }

    /// <summary>Bytes of a vector register.</summary>
    public ulong VectorBytes { get; set; }

    /// <summary>Its four vector CSRs, and registers of as many bytes as can be kept.</summary>
    public ulong[] Vectors { get; } = new ulong[4 + (32 * 16)];
}

/// <summary>A hart for unit tests of trap handling: it records, and executes nothing.</summary>
internal readonly struct TestHost(TestHart hart) : ITrapHost
{
    public bool MistrustsInstructions => hart.ReportsOtherInstructions;

    // Hardware sums FS and VS up in SD.
    public ulong ReadSstatus() => hart.Sstatus | ((hart.Sstatus & Sstatus.Fs) == Sstatus.Fs || (hart.Sstatus & Sstatus.Vs) == Sstatus.Vs ? Sstatus.Sd : 0);

    public void WriteSstatus(ulong value) => hart.Sstatus = value & ~(Sstatus.Sd | (hart.WithoutFloatingPoint ? Sstatus.Fs : 0));

    public ulong ReadSie() => hart.Sie;

    public void SetSie(ulong bits) => hart.Sie |= bits;

    public void ClearSie(ulong bits) => hart.Sie &= ~bits;

    public ulong ReadSip() => hart.Sip;

    public void ClearSoftwareInterrupt()
    {
        hart.Sip &= ~Interrupts.Software;
        hart.WhenCleared?.Invoke();
    }

    public void WriteScounteren(ulong value) => hart.Scounteren = value;

    public void FenceI() => hart.FenceI++;

    public ulong ReadTime() => hart.Time;

    public void SetTimer(ulong deadline)
    {
        hart.Timer = deadline;
        hart.Sip &= ~Interrupts.Timer;
    }

    public void SendIpis(ulong mask, ulong first)
    {
        hart.IpiCalls++;
        for (; mask != 0; mask &= mask - 1)
        {
            hart.Ipis.Add(first + (ulong)BitOperations.TrailingZeroCount(mask));
        }
    }

    public void Relax() => (hart.WhenRelaxed ?? throw new InvalidOperationException("nobody is there to wait for")).Invoke();

    public void Wfi() => hart.Sleeps++;

    public bool TryFetch(ulong va, out uint instruction) => hart.Code.TryGetValue(va, out instruction);

    // The upper half of an instruction is found two bytes behind its lower half.
    public ulong TryFetchHalf(ulong va) =>
        va >= hart.CodeEnd ? ulong.MaxValue
        : hart.Code.TryGetValue(va, out var low) ? low & 0xffff
        : hart.Code.TryGetValue(va - 2, out var high) ? high >> 16
        : ulong.MaxValue;

    public unsafe void SaveFloatingPoint(ulong* area) => hart.FloatingPoint.CopyTo(new Span<ulong>(area, 33));

    public unsafe void RestoreFloatingPoint(ulong* area) => new Span<ulong>(area, 33).CopyTo(hart.FloatingPoint);

    public ulong ProbeVectorBytes() => hart.VectorBytes;

    public unsafe void SaveVectors(ulong* area) => hart.Vectors.CopyTo(new Span<ulong>(area, hart.Vectors.Length));

    public unsafe void RestoreVectors(ulong* area) => new Span<ulong>(area, hart.Vectors.Length).CopyTo(hart.Vectors);
}
