using System.Collections.Generic;
using System.Runtime.InteropServices;
using System;
using Rvirt.Core.Memory;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Machine;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Mmu;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>
/// A guest with one virtual hart, deprivileged on a hart of the reference machine under the hypervisor's real trap handler, shadow page
/// tables and devices: all that entry and exit assembly does on a board is done here in C#.
/// </summary>
public sealed unsafe class VirtualGuest : ISupervisor, IDisposable
{
    /// <summary>Guest physical address of the guest's RAM.</summary>
    public const ulong RamBase = 0x8000_0000;

    /// <summary>Bytes of host RAM that the hypervisor takes for itself below each guest's RAM.</summary>
    public const ulong Overhead = 32 << 20;

    private const ulong TablesOffset = 2 << 20;
    private const ulong RingsOffset = 16 << 20;
    private const uint UartSource = 10;

    private readonly List<nint> _allocations = [];
    private readonly Machine _machine;
    private readonly VCpu* _vcpu;
    private readonly ShadowMmu* _mmu;
    private readonly GuestBus<FakeHost>* _bus;
    private FakeHost _host;

    internal VirtualGuest(Hart hart, int index, in GuestMemory memory, in PhysicalMemory window, in HostTranslation translation, int tables)
    {
        Hart = hart;
        Index = index;
        Memory = memory;
        Window = window;
        _machine = hart.Machine;
        _host = new FakeHost(hart, Seam);
        _vcpu = Allocate<VCpu>();
        _mmu = Allocate<ShadowMmu>();
        _bus = Allocate<GuestBus<FakeHost>>();
        var overhead = memory.HostAddress - Overhead;
        if (ShadowMmu.BytesNeeded(tables) > RingsOffset - TablesOffset)
        {
            throw new ArgumentOutOfRangeException(nameof(tables));
        }

        OwnMemory[0] = (overhead + TablesOffset, ShadowMmu.BytesNeeded(tables));
        var asids = new HostAsids(translation.MaximumAsid);
        ShadowMmu.Initialize(ref *_mmu, memory, window, translation, ref asids, overhead + TablesOffset, tables);
        _vcpu->Memory = memory;
        _vcpu->Siblings = (VCpu**)Allocate<nint>();
        _vcpu->Siblings[0] = _vcpu;
        _vcpu->GuestHarts = 1;
        _vcpu->HostHartId = (ulong)hart.Id;

        TrapFrame.Delegate(hart);
        hart.WriteCsr(CsrNumber.Scounteren, 7);
        hart.WriteCsr(CsrNumber.Sie, Reference.Harts.Interrupts.Supervisor);
        hart.Stopped = true;
        hart.Supervisor = this;
    }

    /// <summary>The hart it runs on.</summary>
    public Hart Hart { get; }

    /// <summary>Its number.</summary>
    public int Index { get; }

    /// <summary>The guest's RAM.</summary>
    public GuestMemory Memory { get; }

    /// <summary>Host RAM that the hypervisor uses for it: the shadow tables, and what its devices need.</summary>
    public (ulong Start, ulong Length)[] OwnMemory { get; } = new (ulong, ulong)[2];

    /// <summary>The hypervisor's view of physical memory.</summary>
    public PhysicalMemory Window { get; }

    /// <summary>The virtual hart.</summary>
    public ref VCpu VCpu => ref *_vcpu;

    /// <summary>Its shadow page tables.</summary>
    public ref ShadowMmu Mmu => ref *_mmu;

    /// <summary>Its devices.</summary>
    public ref GuestBus<FakeHost> Bus => ref *_bus;

    /// <summary>Its host.</summary>
    internal ref FakeHost Host => ref _host;

    /// <summary>A reference to its shadow page tables.</summary>
    internal ShadowMmuAdapter<FakeHost> MmuReference => new(_mmu);

    /// <summary>What a test may bend in the host.</summary>
    public HostSeam Seam { get; } = new();

    /// <summary>The guest's <c>sstatus</c> as it reads it.</summary>
    public ulong Sstatus => CsrFile.ReadSstatus(ref _host, ref *_vcpu);

    /// <summary>Why the guest stopped, if it did.</summary>
    public StopReason? Stopped { get; private set; }

    /// <summary>Traps that the hypervisor served.</summary>
    public ulong Traps { get; private set; }

    /// <summary>Called after each trap that was served, before the guest goes on.</summary>
    public Action? AfterTrap { get; set; }

    /// <summary>Called when the guest has stopped.</summary>
    internal Action? Ended { get; set; }

    /// <summary>Guest RAM as a span.</summary>
    public Span<byte> Ram(ulong address, int length) => _machine.Memory(address - RamBase + Memory.HostAddress, length);

    /// <summary>Bit n: the guest has a device in virtio slot n.</summary>
    public byte VirtioSlots
    {
        get
        {
            var slots = 0;
            for (var slot = 0; slot < GuestDevices.MaxSlots; slot++)
            {
                slots |= _bus->SlotKind(slot) != 0 ? 1 << slot : 0;
            }

            return (byte)slots;
        }
    }

    /// <summary>Writes a register of a device as the guest would; for setting devices up.</summary>
    public bool WriteDevice(ulong address, int size, ulong value) => _bus->TryWrite(ref _host, address, size, value);

    /// <summary>Puts the virtual hart at an entry and enters it, as the hypervisor does after loading a guest.</summary>
    public void Start(ulong entry, ulong argument)
    {
        _vcpu->Reset(entry, argument);
        HartReset.Load(ref _host);
        _host.WriteScounteren(7);
        Stopped = null;
        var mmu = new ShadowMmuAdapter<FakeHost>(_mmu);
        mmu.FenceAll(ref _host);
        mmu.Activate(ref _host, 0, PrivilegeMode.Supervisor, false, false);
        _vcpu->ViewChanged = false;
        Hart.FlushInstructionCache();
        Hart.Mode = PrivilegeLevel.Supervisor;
        TrapFrame.Enter(Hart, _vcpu);
    }

    public void HandleTrap(Hart hart)
    {
        Traps++;
        TrapFrame.Save(hart, _vcpu);
        TrapDispatch<VirtualGuestContext, FakeHost, ShadowMmuAdapter<FakeHost>, GuestBus<FakeHost>>.Handle(
            new VirtualGuestContext(this), hart.ReadCsr(CsrNumber.Scause), hart.ReadCsr(CsrNumber.Stval));
        TrapFrame.Restore(Hart, _vcpu);
        AfterTrap?.Invoke();
    }

    /// <summary>A trap left the guest: what the hypervisor's own life of a guest does there, without the restart.</summary>
    internal void Leave(TrapOutcome outcome, ulong cause)
    {
        while (outcome == TrapOutcome.Idle)
        {
            outcome = IdleLoop.Wait(ref _host, ref *_vcpu, ref *_bus);
            if (outcome == TrapOutcome.Resume)
            {
                var mmu = MmuReference;
                outcome = TrapHandler.GoOn(ref _host, ref *_vcpu, ref mmu, ref *_bus);
            }
        }

        if (outcome == TrapOutcome.Resume)
        {
            return;
        }

        if (outcome != TrapOutcome.Stop)
        {
            throw new InvalidOperationException($"trap handling gave {outcome} for cause {cause:x} at {_vcpu->Pc:x}");
        }

        Stopped = _vcpu->StopReason;
        if (!_bus->ResetAll(ref _host))
        {
            throw new InvalidOperationException("a device of the host does not stop");
        }

        Hart.Stopped = true;
        Ended?.Invoke();
    }

    /// <summary>Gives the guest devices: those of the host that are behind its slots.</summary>
    internal void Connect(GuestDevices devices, ConsoleMultiplexer* console, HostPlic* plic, HostGoldfishRtc* clock)
    {
        OwnMemory[1] = (Memory.HostAddress - Overhead + RingsOffset, GuestBus<FakeHost>.BytesNeeded(ref _host, devices));
        if (OwnMemory[1].Length > Overhead - RingsOffset)
        {
            throw new InvalidOperationException("the devices need more memory than is set aside");
        }

        // S-mode of hart h at the PLIC.
        var context = (2 * (uint)Hart.Id) + 1;
        var storage = Window.Pointer(OwnMemory[1].Start);
        plic->OpenContext(ref _host, context);
        GuestBus<FakeHost>.Initialize(_bus, ref _host, Memory, Window, devices, storage, Index, console, plic, clock);
        if (!GuestBus<FakeHost>.Connect(_bus, ref _host, context, UartSource, _vcpu->Siblings))
        {
            throw new InvalidOperationException("an interrupt of the host's devices cannot be routed");
        }
    }

    public void Dispose()
    {
        foreach (var allocation in _allocations)
        {
            // SAFETY: made by Allocate; nothing runs any more.
            NativeMemory.Free((void*)allocation);
        }
    }

    private T* Allocate<T>()
        where T : unmanaged
    {
        // SAFETY: zeroed, freed in Dispose.
        var pointer = NativeMemory.AllocZeroed((nuint)sizeof(T));
        _allocations.Add((nint)pointer);
        return (T*)pointer;
    }
}
