using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Memory;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Host;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>The reference hart as the hardware under the hypervisor's portable code.</summary>
/// <remarks>It is kept in memory that no garbage collector sees, as on a bare machine, so it holds a handle and no reference.</remarks>
public unsafe struct FakeHost : IHypervisorHost
{
    private GCHandle _state;

    /// <param name="hart">The hart; what is kept here lives as long as it does.</param>
    public FakeHost(Hart hart) => _state = FakeHostState.Of(hart).Handle;

    public bool MistrustsInstructions { readonly get; private set; }

    /// <summary>The hypervisor's code is no code of the hart's: it runs where firmware lets it, below guests in U-mode.</summary>
    public readonly bool IsResident => false;

    /// <summary>The whole hypervisor that the hart is part of, where there is one.</summary>
    internal readonly DesktopMachine? Desktop
    {
        get => State.Desktop;
        set => State.Desktop = value;
    }

    public readonly PhysicalMemory Memory => new((ulong)TheHart.Machine.Ram - TheHart.Machine.RamBase);

    private readonly FakeHostState State => Unsafe.As<FakeHostState>(_state.Target!);

    private readonly Hart TheHart => State.Hart;

    private readonly HostSeam? Seam => State.Seam;

    private readonly DesktopMachine Whole => State.Desktop ?? throw new InvalidOperationException("only a whole hypervisor asks for that");

    public readonly HostAbilities Probe() => Whole.Abilities with { VectorBytes = ProbeVectorBytes() };

    public readonly ushort ProbeMaximumAsid(ulong satp) => (ushort)((1 << (TheHart.Options.AsidBits - (Whole.ShortOfAsids.Contains((ulong)TheHart.Id) ? 1 : 0))) - 1);

    public readonly bool ProbeStimecmp() => Whole.Abilities.HasStimecmp && !Whole.WithoutStimecmp.Contains((ulong)TheHart.Id);

    public readonly void SettleUserMode()
    {
    }

    public readonly void Confine(ulong memory, ulong memoryLength, ulong tables, ulong tablesLength)
    {
    }

    public readonly void NoteTraps(bool on) => Whole.NoteTraps(TheHart, on);

    public void Adopt(in HostHart hart)
    {
        var desktop = Whole;
        var state = FakeHostState.Of(TheHart.Machine.Harts[hart.HartId]);
        state.Desktop = desktop;
        _state = state.Handle;
        MistrustsInstructions = hart.MayHaveHypervisorExtension;
    }

    public readonly void WriteEmergency(byte value) => Whole.WriteEmergency(value);

    public readonly void UseReset<TReset>(in HostDevice device)
        where TReset : unmanaged, IHostReset =>
        Whole.UseReset<TReset>(device);

    public readonly void End(uint status)
    {
        var host = this;
        Whole.End(ref host, status);
    }

    public readonly bool TryStartHart(ulong hartId, HartStart* start) => Whole.TryStartHart(hartId, start);

    public readonly void EnterGuest(VCpu* virtualHart) => Whole.Enter(TheHart, virtualHart);

    public readonly ulong ReadSstatus() => TheHart.ReadCsr(CsrNumber.Sstatus);

    public readonly void WriteSstatus(ulong value) => TheHart.WriteCsr(CsrNumber.Sstatus, value);

    public readonly ulong ReadSie() => TheHart.ReadCsr(CsrNumber.Sie);

    public readonly void SetSie(ulong bits) => TheHart.WriteCsr(CsrNumber.Sie, TheHart.ReadCsr(CsrNumber.Sie) | bits);

    public readonly void ClearSie(ulong bits) => TheHart.WriteCsr(CsrNumber.Sie, TheHart.ReadCsr(CsrNumber.Sie) & ~bits);

    public readonly ulong ReadSip() => TheHart.ReadCsr(CsrNumber.Sip);

    public readonly void ClearSoftwareInterrupt()
    {
        Seam?.Observed?.Invoke();
        TheHart.ClearSoftware();
    }

    public readonly void WriteScounteren(ulong value) => TheHart.WriteCsr(CsrNumber.Scounteren, value);

    public readonly ulong ReadMstatus() => TheHart.ReadCsr(CsrNumber.Mstatus);

    public readonly void WriteMstatus(ulong value) => TheHart.WriteCsr(CsrNumber.Mstatus, value);

    public readonly ulong ReadSupervisor(uint number) => TheHart.ReadCsr((int)number);

    public readonly void WriteSupervisor(uint number, ulong value) => TheHart.WriteCsr((int)number, value);

    public readonly void SetSupervisorPending(ulong bits, bool pending)
    {
        var old = TheHart.ReadCsr(CsrNumber.Mip);
        TheHart.WriteCsr(CsrNumber.Mip, pending ? old | bits : old & ~bits);
    }

    public readonly void WriteSatp(ulong value) => TheHart.WriteCsr(CsrNumber.Satp, value);

    public readonly void SfenceAll()
    {
        Seam?.Observed?.Invoke();
        State.FencesOfAll++;
        TheHart.Fence(null, null);
    }

    public readonly void SfenceAsid(ulong asid) => TheHart.Fence(null, (ushort)asid);

    public readonly void SfencePage(ulong va) => TheHart.Fence(va, null);

    public readonly void FenceI()
    {
        Seam?.Observed?.Invoke();
        State.InstructionFences++;
        TheHart.FlushInstructionCache();
    }

    public readonly ulong ReadTime()
    {
        Seam?.Observed?.Invoke();
        return TheHart.ReadCsr(CsrNumber.Time);
    }

    public readonly void SetTimer(ulong deadline) => TheHart.FirmwareTimer = deadline;

    public readonly void SendIpis(ulong mask, ulong first)
    {
        Seam?.Observed?.Invoke();
        if (Seam?.LosesInterrupt() == true)
        {
            return;
        }

        for (; mask != 0; mask &= mask - 1)
        {
            TheHart.Machine.Harts[first + (ulong)BitOperations.TrailingZeroCount(mask)].RaiseSoftware();
        }
    }

    public readonly void Relax() => TheHart.Machine.Relax(TheHart);

    /// <summary>Waiting for what cannot come ends the machine.</summary>
    public readonly void Wfi()
    {
        TheHart.UpdateTimers();
        if ((TheHart.Pending & TheHart.ReadCsr(CsrNumber.Sie)) != 0)
        {
            return;
        }

        if (Seam?.Idle is { } idle)
        {
            idle();
        }
        else if (!TheHart.Machine.TryWait(TheHart))
        {
            throw new IdleForeverException();
        }
    }

    public readonly bool TryFetch(ulong va, out uint instruction)
    {
        instruction = 0;
        return (Seam is null || Seam.MayRead(TheHart, va, 32)) && TheHart.TryFetchForSupervisor(va, out instruction);
    }

    public readonly ulong TryFetchHalf(ulong va) =>
        (Seam is null || Seam.MayRead(TheHart, va, 16)) && TheHart.TryFetchHalfForSupervisor(va, out var half) ? half : ulong.MaxValue;

    public readonly void DropReservation() => TheHart.ForgetReservation();

    public readonly void SaveFloatingPoint(ulong* area)
    {
        TheHart.Float.CopyTo(new Span<ulong>(area, 32));
        area[32] = TheHart.ReadCsr(CsrNumber.Fcsr);
    }

    public readonly void RestoreFloatingPoint(ulong* area)
    {
        // Whatever FS says before and after, as FloatingPoint.S does it.
        var status = ReadSstatus();
        WriteSstatus(status | Status.Fs);
        new Span<ulong>(area, 32).CopyTo(TheHart.Float);
        TheHart.WriteCsr(CsrNumber.Fcsr, area[32]);
        WriteSstatus(status);
    }

    public readonly ulong ProbeVectorBytes() => (ulong)TheHart.VectorRegisters.Length / 32;

    public readonly void SaveVectors(ulong* area)
    {
        area[0] = TheHart.ReadCsr(CsrNumber.Vstart);
        area[1] = TheHart.ReadCsr(CsrNumber.Vl);
        area[2] = TheHart.ReadCsr(CsrNumber.Vtype);
        area[3] = TheHart.ReadCsr(CsrNumber.Vcsr);
        TheHart.VectorRegisters.CopyTo(new Span<byte>(area + 4, TheHart.VectorRegisters.Length));
    }

    public readonly void RestoreVectors(ulong* area)
    {
        // Whatever VS says before and after, as Vector.S does it, and in its order: a type's choice clears vstart.
        var status = ReadSstatus();
        new Span<byte>(area + 4, TheHart.VectorRegisters.Length).CopyTo(TheHart.VectorRegisters);
        TheHart.SetVectorType(area[2], area[1]);
        TheHart.WriteCsr(CsrNumber.Vcsr, area[3]);
        TheHart.WriteCsr(CsrNumber.Vstart, area[0]);
        WriteSstatus(status);
    }

    public readonly byte Read8(ulong address) => (byte)Read(address, 1);

    public readonly ushort Read16(ulong address) => (ushort)Read(address, 2);

    public readonly uint Read32(ulong address) => (uint)Read(address, 4);

    public readonly ulong Read64(ulong address) => Read(address, 8);

    public readonly void Write8(ulong address, byte value) => Write(address, 1, value);

    public readonly void Write16(ulong address, ushort value) => Write(address, 2, value);

    public readonly void Write32(ulong address, uint value) => Write(address, 4, value);

    public readonly void Write64(ulong address, ulong value) => Write(address, 8, value);

    public readonly void IoFence()
    {
    }

    private readonly ulong Read(ulong address, int size) =>
        TheHart.Machine.TryRead(TheHart, address, size, out var value)
            ? value
            : throw new InvalidOperationException($"the hypervisor read {size} bytes at {address:x}, where no device answers");

    private readonly void Write(ulong address, int size, ulong value)
    {
        if (!TheHart.Machine.TryWrite(TheHart, address, size, value))
        {
            throw new InvalidOperationException($"the hypervisor wrote {size} bytes at {address:x}, where no device answers");
        }
    }
}
