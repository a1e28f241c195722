using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Memory;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Virtio;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Benchmarks.Desktop.Operations;

/// <summary>A host that costs nothing: what is measured on it is the hypervisor's own work.</summary>
/// <param name="hart">Its state; stays in place.</param>
public readonly unsafe struct QuietHost(QuietHart* hart) : IHypervisorHost
{
    /// <summary>Host physical address of the virtio device's registers.</summary>
    public const ulong Slot = 0x1000_1000;

    /// <summary>Host physical address of the PLIC.</summary>
    public const ulong Plic = 0x0c00_0000;

    /// <summary>Descriptors of the device's only queue.</summary>
    public const uint QueueSize = 64;

    // Of hart 0's S-mode, which is context 1.
    private const ulong ClaimRegister = Plic + 0x20_1004;
    private const byte TransmitterEmpty = 0x60;

    public bool MistrustsInstructions => false;

    public bool IsResident => false;

    public PhysicalMemory Memory => hart->Window;

    public HostAbilities Probe() => new() { HasStimecmp = true, HasInterprocessor = true, HasTime = true };

    public ushort ProbeMaximumAsid(ulong satp) => ushort.MaxValue;

    public bool ProbeStimecmp() => true;

    public void SettleUserMode()
    {
    }

    public void Confine(ulong memory, ulong memoryLength, ulong tables, ulong tablesLength)
    {
    }

    public void NoteTraps(bool on)
    {
    }

    public void DropReservation()
    {
    }

    public void Adopt(in HostHart hart)
    {
    }

    public void WriteEmergency(byte value) => Console.Error.Write((char)value);

    public void UseReset<TReset>(in HostDevice device)
        where TReset : unmanaged, IHostReset
    {
    }

    /// <summary>Keeps the status, and leaves the hypervisor, which counts on not coming back.</summary>
    public void End(uint status)
    {
        hart->Status = status;
        throw new InvalidOperationException($"the hypervisor ended its machine with status {status}");
    }

    public bool TryStartHart(ulong hartId, HartStart* start) => false;

    /// <summary>The guest stays where it is: its traps are made up.</summary>
    public void EnterGuest(VCpu* virtualHart)
    {
    }

    public ulong ReadSstatus() => hart->Sstatus;

    public void WriteSstatus(ulong value) => hart->Sstatus = value;

    public ulong ReadSie() => 0;

    public void SetSie(ulong bits)
    {
    }

    public void ClearSie(ulong bits)
    {
    }

    public ulong ReadSip() => 0;

    public void ClearSoftwareInterrupt()
    {
    }

    public void WriteScounteren(ulong value)
    {
    }

    // What its sstatus shows of mstatus is all that it has of it, and other supervisor CSRs it has none.
    public ulong ReadMstatus() => hart->Sstatus;

    public void WriteMstatus(ulong value) => hart->Sstatus = value;

    public ulong ReadSupervisor(uint number) => 0;

    public void WriteSupervisor(uint number, ulong value)
    {
    }

    public void SetSupervisorPending(ulong bits, bool pending)
    {
    }

    public void WriteSatp(ulong value)
    {
    }

    public void SfenceAll()
    {
    }

    public void SfenceAsid(ulong asid)
    {
    }

    public void SfencePage(ulong va)
    {
    }

    public void FenceI()
    {
    }

    public ulong ReadTime() => 0;

    public void SetTimer(ulong deadline)
    {
    }

    public void SendIpis(ulong mask, ulong first)
    {
    }

    public void Relax() => Wait();

    public void Wfi() => Wait();

    public bool TryFetch(ulong va, out uint instruction)
    {
        instruction = hart->Instruction;
        return true;
    }

    public ulong TryFetchHalf(ulong va) => (hart->Instruction >> ((int)(va & 2) * 8)) & ushort.MaxValue;

    public void SaveFloatingPoint(ulong* area)
    {
    }

    public void RestoreFloatingPoint(ulong* area)
    {
    }

    public byte Read8(ulong address) => TransmitterEmpty;

    public ushort Read16(ulong address) => 0;

    public uint Read32(ulong address)
    {
        var offset = address - Slot;
        if (offset < QuietHart.SlotBytes)
        {
            return offset == VirtioRegister.QueueSizeMax
                ? hart->Slot[(int)VirtioRegister.QueueSelect / 4] == 0 ? QueueSize : 0
                : hart->Slot[(int)offset / 4];
        }

        if (address != ClaimRegister)
        {
            return 0;
        }

        var claim = hart->Claim;
        hart->Claim = 0;
        return claim;
    }

    public ulong Read64(ulong address) => 0;

    public void Write8(ulong address, byte value)
    {
    }

    public void Write16(ulong address, ushort value)
    {
    }

    public void Write32(ulong address, uint value)
    {
        var offset = address - Slot;
        if (offset >= QuietHart.SlotBytes)
        {
            return;
        }

        hart->Slot[(int)offset / 4] = value;
        if (offset == VirtioRegister.InterruptAcknowledge)
        {
            hart->Slot[(int)VirtioRegister.InterruptStatus / 4] &= ~value;
        }
    }

    public void Write64(ulong address, ulong value)
    {
    }

    public void IoFence()
    {
    }

    // It ends at once, as the architecture allows. There is no other hart and no timer: who goes on waiting would do so for ever.
    private void Wait()
    {
        if (++hart->Waits > QuietHart.MostWaits)
        {
            throw new InvalidOperationException("nothing would end the wait");
        }
    }
}
