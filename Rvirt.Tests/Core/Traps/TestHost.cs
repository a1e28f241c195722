using System;
using System.Collections.Generic;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Tests.Core.Traps;

/// <summary>What the hypervisor under test did to its hart, and what the hart answers.</summary>
internal sealed class TestHart
{
    public Dictionary<ulong, uint> Code { get; } = [];

    public Queue<ulong> InterruptsDuringWfi { get; } = new();

    public ulong Sstatus { get; set; }

    public ulong Sip { get; set; }

    public ulong Scounteren { get; set; } = 7;

    public ulong Timer { get; set; }

    public ulong Time { get; set; } = 1234;

    public int FenceI { get; set; }

    public int Sleeps { get; set; }

    public ulong[] FloatingPoint { get; } = new ulong[33];
}

/// <summary>A hart for unit tests of trap handling: it records, and executes nothing.</summary>
internal readonly struct TestHost(TestHart hart) : IHost
{
    public ulong ReadSstatus() => hart.Sstatus;

    public void WriteSstatus(ulong value) => hart.Sstatus = value;

    public void SetSie(ulong bits) => throw new NotSupportedException();

    public void ClearSie(ulong bits) => throw new NotSupportedException();

    public ulong ReadSip() => hart.Sip;

    public void ClearSoftwareInterrupt() => hart.Sip &= ~Interrupts.Software;

    public void WriteScounteren(ulong value) => hart.Scounteren = value;

    public void WriteSatp(ulong value) => throw new NotSupportedException();

    public void SfenceAll() => throw new NotSupportedException();

    public void SfenceAsid(ulong asid) => throw new NotSupportedException();

    public void SfencePage(ulong va) => throw new NotSupportedException();

    public void SfencePageAsid(ulong va, ulong asid) => throw new NotSupportedException();

    public void FenceI() => hart.FenceI++;

    public ulong ReadTime() => hart.Time;

    public void SetTimer(ulong deadline)
    {
        hart.Timer = deadline;
        hart.Sip &= ~Interrupts.Timer;
    }

    public void SendIpi(ulong hartId) => throw new NotSupportedException();

    public void Wfi()
    {
        hart.Sleeps++;
        hart.Sip |= hart.InterruptsDuringWfi.Dequeue();
    }

    public bool TryFetch(ulong va, out uint instruction) => hart.Code.TryGetValue(va, out instruction);

    public unsafe void SaveFloatingPoint(ulong* area) => hart.FloatingPoint.CopyTo(new Span<ulong>(area, 33));

    public unsafe void RestoreFloatingPoint(ulong* area) => new Span<ulong>(area, 33).CopyTo(hart.FloatingPoint);

    public byte Read8(ulong address) => throw new NotSupportedException();

    public ushort Read16(ulong address) => throw new NotSupportedException();

    public uint Read32(ulong address) => throw new NotSupportedException();

    public ulong Read64(ulong address) => throw new NotSupportedException();

    public void Write8(ulong address, byte value) => throw new NotSupportedException();

    public void Write16(ulong address, ushort value) => throw new NotSupportedException();

    public void Write32(ulong address, uint value) => throw new NotSupportedException();

    public void Write64(ulong address, ulong value) => throw new NotSupportedException();

    public void IoFence() => throw new NotSupportedException();
}
