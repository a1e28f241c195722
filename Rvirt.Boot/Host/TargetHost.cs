using System.Runtime.CompilerServices;
using Rvirt.Boot.Firmware;
using Rvirt.Boot.Target;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Boot.Host;

/// <summary>The real hart and the real device registers, in S-mode, behind the interfaces of the portable code.</summary>
internal unsafe struct TargetHost : IHypervisorHost
{
    // An interrupt of M-mode stands this many bits above S-mode's (Privileged spec 1.13 §3.1.9).
    private const int MachineShift = 2;

    private readonly ulong _window;
    private readonly bool _hasStimecmp;

    // The hypervisor runs in M-mode. Then its timer and its own interrupt are the hart's mtimecmp and msip, which are where the board's machine-mode part says.
    private readonly bool _resident;
    private ulong _compare;
    private ulong _software;
    private bool _hasSenvcfg;
    private bool _hasHypervisorExtension;

    // Where the time is read, seen through the window; 0: in its CSR.
    private readonly ulong _timeRegister;
    private FirmwareClient _firmware;

    /// <summary>Finds out what the hart and the firmware offer.</summary>
    /// <param name="window">What is added to a physical address to reach it.</param>
    /// <param name="mayTrap">Whether a CSR may be tried that the hart perhaps lacks; else it counts as missing.</param>
    internal TargetHost(ulong window, bool mayTrap)
    {
        _window = window;
        // SAFETY: a word of the image.
        _resident = *Routines.DirectCall() != 0;

        // A resident guest's own timer it would be.
        _hasStimecmp = !_resident && mayTrap && Routines.ProbeStimecmp() != 0;
        _firmware = default;
        _firmware.Probe();
        _compare = 0;
        _software = 0;
        _hasSenvcfg = false;
        _hasHypervisorExtension = false;
        _timeRegister = _firmware.TimeRegister == 0 ? 0 : _firmware.TimeRegister + window;
        MistrustsInstructions = false;
        if (_resident)
        {
            UseRegistersOf(Instructions.ReadMhartid());
        }
    }

    /// <inheritdoc/>
    public bool MistrustsInstructions { readonly get; private set; }

    /// <inheritdoc/>
    public readonly bool IsResident
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _resident;
    }

    /// <inheritdoc/>
    public readonly PhysicalMemory Memory => new(_window);

    /// <summary>The firmware.</summary>
    internal readonly FirmwareClient Firmware => _firmware;

    /// <inheritdoc/>
    public readonly HostAbilities Probe() => new()
    {
        TimeRegister = _firmware.TimeRegister,
        HasStimecmp = _hasStimecmp,
        HasFirmwareTimer = _firmware.Timer != FirmwareKind.None,
        HasInterprocessor = _firmware.Interprocessor != FirmwareKind.None,
        HasTime = _timeRegister != 0 || Routines.ProbeTime() != 0,
        VectorBytes = ProbeVectorBytes(),
        IsOwnMachineMode = _firmware.IsOwn,
        PrintsTraps = _firmware.PrintsTraps,
    };

    /// <inheritdoc/>
    public readonly ushort ProbeMaximumAsid(ulong satp)
    {
        Instructions.WriteSatp(satp | Satp.AsidMask);
        var maximum = Satp.Asid(Instructions.ReadSatp());
        Instructions.WriteSatp(satp);
        Instructions.SfenceAll();
        return maximum;
    }

    /// <inheritdoc/>
    public readonly bool ProbeStimecmp() => !_resident && Routines.ProbeStimecmp() != 0;

    /// <inheritdoc/>
    public void SettleUserMode()
    {
        var found = Routines.SettleUserMode();
        _hasHypervisorExtension = (found & 1) != 0;
        MistrustsInstructions |= _hasHypervisorExtension;
        _hasSenvcfg = (found & 2) != 0;
    }

    /// <inheritdoc/>
    public void Adopt(in HostHart hart)
    {
        MistrustsInstructions = hart.MayHaveHypervisorExtension;
        if (_resident)
        {
            UseRegistersOf(hart.HartId);
        }
    }

    /// <inheritdoc/>
    public readonly void Confine(ulong memory, ulong memoryLength, ulong tables, ulong tablesLength)
    {
        // Two ranges that end where the second and the fourth register say (TOR); whatever lies in neither is shut (Privileged spec 1.13 §3.7.1).
        const ulong TopOfRange = 1 << 3;
        const ulong All = TopOfRange | 7;
        const ulong Read = TopOfRange | 1;
        const int Shift = 2;
        if (!_resident)
        {
            return;
        }

        if (_hasHypervisorExtension)
        {
            Routines.SettleHypervisor();
        }

        Instructions.WritePmpConfiguration(0);
        Instructions.WritePmpAddresses(memory >> Shift, (memory + memoryLength) >> Shift, tables >> Shift, (tables + tablesLength) >> Shift);
        Instructions.WritePmpConfiguration((All << 8) | (Read << 24));
        Instructions.SfenceAll();
    }

    /// <inheritdoc/>
    public readonly void WriteEmergency(byte value) => _firmware.Write(value);

    /// <inheritdoc/>
    public readonly void UseReset<TReset>(in HostDevice device)
        where TReset : unmanaged, IHostReset =>
        MachineEnd.UseReset<TReset>(device);

    /// <inheritdoc/>
    public void End(uint status) => MachineEnd.Finish(ref this, status);

    /// <inheritdoc/>
    public readonly bool TryStartHart(ulong hartId, HartStart* start)
    {
        var address = Memory.Address(start);
        if (hartId < Limits.MaximumHarts)
        {
            // The hart's mailbox, for firmware that starts all harts together, and for OpenSBI 1.1: it lets a hart go before it notes
            // where to, so that the hart can come in by the image's entry.
            // SAFETY: one mailbox for each hart id below the limit.
            Routines.Mailboxes()[hartId] = address;
        }

        IoFence();
        if (_firmware.HasHartState)
        {
            return _firmware.StartHart(hartId, Memory.Address(_resident ? Routines.StartResidentHart() : Routines.StartHart()), address) == 0;
        }

        if (hartId < Limits.MaximumHarts)
        {
            SendIpis(1, hartId);
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    // SAFETY: the virtual hart is set up and stays in place.
    public readonly void EnterGuest(VCpu* virtualHart)
    {
        if (_resident)
        {
            Routines.EnterResidentGuest(virtualHart);
        }
        else
        {
            Routines.EnterGuest(virtualHart);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong ReadSstatus() => Instructions.ReadSstatus();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void WriteSstatus(ulong value) => Instructions.WriteSstatus(value);

    /// <inheritdoc/>
    public readonly ulong ReadSie() => _resident ? (Instructions.ReadMie() >> MachineShift) & Interrupts.All : Instructions.ReadSie();

    /// <inheritdoc/>
    public readonly void SetSie(ulong bits)
    {
        if (_resident)
        {
            Instructions.SetMie((bits & Interrupts.All) << MachineShift);
        }
        else
        {
            Instructions.SetSie(bits);
        }
    }

    /// <inheritdoc/>
    public readonly void ClearSie(ulong bits)
    {
        if (_resident)
        {
            Instructions.ClearMie((bits & Interrupts.All) << MachineShift);
        }
        else
        {
            Instructions.ClearSie(bits);
        }
    }

    /// <inheritdoc/>
    public readonly ulong ReadSip() => _resident ? (Instructions.ReadMip() >> MachineShift) & Interrupts.All : Instructions.ReadSip();

    /// <inheritdoc/>
    /// <remarks>A fence follows: else requests may be looked for before, and the interrupt of one that comes in between is lost.</remarks>
    public readonly void ClearSoftwareInterrupt()
    {
        if (_resident)
        {
            Instructions.Store32(_software, 0);
            Instructions.IoFence();
        }
        else
        {
            Instructions.ClearSoftwareInterrupt();
        }
    }

    /// <inheritdoc/>
    public readonly void WriteScounteren(ulong value) => Instructions.WriteScounteren(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void WriteSatp(ulong value) => Instructions.WriteSatp(value);

    /// <inheritdoc/>
    public readonly void SfenceAll() => Instructions.SfenceAll();

    /// <inheritdoc/>
    public readonly void SfenceAsid(ulong asid) => Instructions.SfenceAsid(asid);

    /// <inheritdoc/>
    public readonly void SfencePage(ulong va) => Instructions.SfencePage(va);

    /// <inheritdoc/>
    public readonly void FenceI() => Instructions.FenceI();

    /// <inheritdoc/>
    public readonly ulong ReadTime() => _timeRegister == 0 ? Instructions.ReadTime() : Instructions.Load64(_timeRegister);

    /// <inheritdoc/>
    public readonly void SetTimer(ulong deadline)
    {
        if (_resident)
        {
            Instructions.Store64(_compare, deadline);
        }
        else if (_hasStimecmp)
        {
            Instructions.WriteStimecmp(deadline);
        }
        else
        {
            _firmware.SetTimer(deadline);
        }
    }

    /// <inheritdoc/>
    public readonly void SendIpis(ulong mask, ulong first) => _firmware.SendIpis(mask, first);

    /// <inheritdoc/>
    public readonly void Relax() => Instructions.Pause();

    /// <inheritdoc/>
    public readonly void Wfi() => Instructions.Wfi();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool TryFetch(ulong va, out uint instruction) =>
        _resident ? TryFetchResident(va, out instruction) : TryFetchDeprivileged(va, out instruction);

    // Physical addresses: M-mode has no window.
    private void UseRegistersOf(ulong hartId)
    {
        _compare = _firmware.TimerCompare(hartId);
        _software = _firmware.SoftwareInterrupt(hartId);
    }

    private static bool TryFetchResident(ulong va, out uint instruction)
    {
        var word = Instructions.TryLoadResidentInstruction(va);
        instruction = (uint)word;
        return (long)word >= 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFetchDeprivileged(ulong va, out uint instruction)
    {
        var low = Instructions.TryLoadGuestHalf(va);
        instruction = (uint)low;
        if ((long)low >= 0)
        {
            if ((low & 3) != 3)
            {
                return true;
            }

            // The upper half can be on the next page.
            var high = Instructions.TryLoadGuestHalf(va + 2);
            instruction |= (uint)high << 16;
            if ((long)high >= 0)
            {
                return true;
            }
        }

        return TryFetchExecuteOnly(va, out instruction);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong TryFetchHalf(ulong va) => Instructions.TryLoadGuestHalf(va);

    // MXR is set only where a page cannot be read otherwise: changing it costs an emulator its whole TLB.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryFetchExecuteOnly(ulong va, out uint instruction)
    {
        Instructions.SetSstatus(Sstatus.Mxr);
        var low = Instructions.TryLoadGuestHalf(va);
        var high = (low & 3) == 3 ? Instructions.TryLoadGuestHalf(va + 2) : 0;
        Instructions.ClearSstatus(Sstatus.Mxr);
        instruction = (uint)low | ((uint)high << 16);
        return (long)low >= 0 && (long)high >= 0;
    }

    /// <inheritdoc/>
    public readonly void NoteTraps(bool on)
    {
        if (_resident)
        {
            Instructions.WriteMtvec((ulong)(on ? Routines.MachineTraceVector() : Routines.MachineTrapVector()));
        }
        else
        {
            Instructions.WriteStvec((ulong)(on ? Routines.TraceVector() : Routines.TrapVector()));
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong ReadMstatus() => Instructions.ReadMstatus();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void WriteMstatus(ulong value) => Instructions.WriteMstatus(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong ReadSupervisor(uint number) => number switch
    {
        Csr.Sstatus => Instructions.ReadSstatus(),
        Csr.Sie => Instructions.ReadSie(),
        Csr.Sip => Instructions.ReadSip(),
        Csr.Stvec => Instructions.ReadStvec(),
        Csr.Sscratch => Instructions.ReadSscratch(),
        Csr.Sepc => Instructions.ReadSepc(),
        Csr.Scause => Instructions.ReadScause(),
        Csr.Stval => Instructions.ReadStval(),
        Csr.Scounteren => Instructions.ReadScounteren(),
        Csr.Senvcfg => _hasSenvcfg ? Instructions.ReadSenvcfg() : 0,
        _ => 0,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void WriteSupervisor(uint number, ulong value)
    {
        switch (number)
        {
            case Csr.Sie:
                Instructions.WriteSie(value);
                break;
            case Csr.Stvec:
                Instructions.WriteStvec(value);
                break;
            case Csr.Sscratch:
                Instructions.WriteSscratch(value);
                break;
            case Csr.Sepc:
                Instructions.WriteSepc(value);
                break;
            case Csr.Scause:
                Instructions.WriteScause(value);
                break;
            case Csr.Stval:
                Instructions.WriteStval(value);
                break;
            case Csr.Scounteren:
                Instructions.WriteScounteren(value);
                break;
            case Csr.Senvcfg when _hasSenvcfg:
                Instructions.WriteSenvcfg(value);
                break;
        }
    }

    /// <inheritdoc/>
    public readonly void SetSupervisorPending(ulong bits, bool pending)
    {
        if (pending)
        {
            Instructions.SetMip(bits);
        }
        else
        {
            Instructions.ClearMip(bits);
        }
    }

    /// <inheritdoc/>
    public readonly void DropReservation()
    {
        // Any sc ends it, whether it succeeds or not.
        // SAFETY: a word of this stack.
        var scratch = 0;
        Instructions.StoreConditional((ulong)&scratch);
    }

    /// <inheritdoc/>
    // SAFETY: the caller's area holds 33 doublewords.
    public readonly void SaveFloatingPoint(ulong* area) => Routines.SaveFloatingPoint(area);

    /// <inheritdoc/>
    // SAFETY: 33 doublewords are the caller's, as above.
    public readonly void RestoreFloatingPoint(ulong* area) => Routines.RestoreFloatingPoint(area);

    /// <inheritdoc/>
    public readonly ulong ProbeVectorBytes() => Routines.ProbeVectorBytes();

    /// <inheritdoc/>
    // SAFETY: the caller's area holds what a hart of that many bytes a register has.
    public readonly void SaveVectors(ulong* area) => Routines.SaveVectors(area);

    /// <inheritdoc/>
    // SAFETY: the caller's area, as above.
    public readonly void RestoreVectors(ulong* area) => Routines.RestoreVectors(area);

    /// <inheritdoc/>
    public readonly byte Read8(ulong address) => Instructions.Load8(address + _window);

    /// <inheritdoc/>
    public readonly ushort Read16(ulong address) => Instructions.Load16(address + _window);

    /// <inheritdoc/>
    public readonly uint Read32(ulong address) => Instructions.Load32(address + _window);

    /// <inheritdoc/>
    public readonly ulong Read64(ulong address) => Instructions.Load64(address + _window);

    /// <inheritdoc/>
    public readonly void Write8(ulong address, byte value) => Instructions.Store8(address + _window, value);

    /// <inheritdoc/>
    public readonly void Write16(ulong address, ushort value) => Instructions.Store16(address + _window, value);

    /// <inheritdoc/>
    public readonly void Write32(ulong address, uint value) => Instructions.Store32(address + _window, value);

    /// <inheritdoc/>
    public readonly void Write64(ulong address, ulong value) => Instructions.Store64(address + _window, value);

    /// <inheritdoc/>
    public readonly void IoFence() => Instructions.IoFence();
}
