using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Machine;
using Rvirt.Mmu;
using Rvirt.Tests.FakeHart.Assembly;
using Rvirt.Tests.FakeHart.Harts;

namespace Rvirt.Tests.FakeHart.Hypervisor;

/// <summary>
/// One guest with one virtual hart, deprivileged on hart 0 of a reference machine under the hypervisor's real trap handler, shadow
/// page tables and devices: all that entry and exit assembly does on a board is done here in C#.
/// </summary>
public sealed unsafe class VirtualMachine : ISupervisor, IDisposable
{
    /// <summary>Guest physical address of the guest's RAM.</summary>
    public const ulong GuestBase = 0x8000_0000;

    private const int Tables = 512;

    /// <summary>Hart 0's S-mode at the host's PLIC.</summary>
    private const uint SupervisorContext = 1;

    private readonly List<nint> _allocations = [];
    private readonly VCpu* _vcpu;
    private readonly ShadowMmu* _mmu;
    private readonly GuestBus<FakeHost>* _bus;
    private FakeHost _host;

    /// <summary>Makes a machine with a guest that has not started.</summary>
    /// <param name="guestRam">Bytes of guest RAM, a multiple of 2 MiB.</param>
    /// <param name="options">The host's hart.</param>
    /// <param name="hostMode">How the host translates.</param>
    /// <param name="attach">Attaches virtio devices to the host's slots before the guest's devices look for them.</param>
    public VirtualMachine(ulong guestRam = 16 << 20, HartOptions? options = null, TranslationMode hostMode = TranslationMode.Sv57, Action<Machine>? attach = null)
    {
        options ??= new HartOptions();
        GuestOffset = 32 << 20;
        Machine = new Machine(GuestOffset + guestRam, 1, options);
        attach?.Invoke(Machine);
        _host = new FakeHost(Hart);
        Window = new PhysicalMemory((ulong)Machine.Ram - Machine.RamBase);
        Memory = new GuestMemory(GuestBase, guestRam, Machine.RamBase + GuestOffset, Machine.Ram + GuestOffset);
        _vcpu = Allocate<VCpu>();
        _mmu = Allocate<ShadowMmu>();
        _bus = Allocate<GuestBus<FakeHost>>();
        var console = Allocate<ConsoleMultiplexer>();
        var plic = Allocate<HostPlic>();

        var asids = (ushort)((1 << options.AsidBits) - 1);
        var translation = hostMode == TranslationMode.Sv39 ? HostTranslation.Narrow(asids) : HostTranslation.Wide(hostMode, asids);
        if (hostMode == TranslationMode.Sv39)
        {
            translation.AddSlot(NarrowSlot, 0x8000_0000);
        }

        ShadowMmu.Initialize(ref *_mmu, Memory, Window, translation, Machine.RamBase + (2 << 20), Tables);
        _vcpu->Siblings = (VCpu**)Allocate<nint>();
        _vcpu->Siblings[0] = _vcpu;
        _vcpu->GuestHarts = 1;
        PrepareDevices(console, plic);

        Hart.WriteCsr(CsrNumber.Medeleg, 0xb1ff);
        Hart.WriteCsr(CsrNumber.Mideleg, Harts.Interrupts.Supervisor);
        Hart.WriteCsr(CsrNumber.Mcounteren, 7);
        Hart.WriteCsr(CsrNumber.Scounteren, 7);
        Hart.WriteCsr(CsrNumber.Sie, Harts.Interrupts.Supervisor);
        Hart.Supervisor = this;
    }

    /// <summary>Root index of the hypervisor's window on an Sv39 host, in a hole of Linux's map.</summary>
    public const int NarrowSlot = 320;

    /// <summary>The host.</summary>
    public Machine Machine { get; }

    /// <summary>The host's only hart.</summary>
    public Hart Hart => Machine.Hart;

    /// <summary>From a guest's RAM offset to the host's.</summary>
    public ulong GuestOffset { get; }

    /// <summary>The hypervisor's view of physical memory.</summary>
    public PhysicalMemory Window { get; }

    /// <summary>The guest's RAM.</summary>
    public GuestMemory Memory { get; }

    /// <summary>The virtual hart.</summary>
    public ref VCpu VCpu => ref *_vcpu;

    /// <summary>Its shadow page tables.</summary>
    public ref ShadowMmu Mmu => ref *_mmu;

    /// <summary>Its devices.</summary>
    public ref GuestBus<FakeHost> Bus => ref *_bus;

    /// <summary>Why the guest stopped, if it did.</summary>
    public StopReason? Stopped { get; private set; }

    /// <summary>Traps that the hypervisor served.</summary>
    public ulong Traps { get; private set; }

    /// <summary>Called after each trap that was served, before the guest goes on.</summary>
    public Action? AfterTrap { get; set; }

    /// <summary>Guest RAM as a span.</summary>
    public Span<byte> GuestRam(ulong address, int length) => Machine.Memory(address - GuestBase + Machine.RamBase + GuestOffset, length);

    /// <summary>Assembles a program into guest RAM and starts the guest at it.</summary>
    public VirtualMachine Load(string source, ulong address = GuestBase)
    {
        var code = Assembler.Assemble(source, address);
        code.CopyTo(GuestRam(address, code.Length));
        return Start(address);
    }

    /// <summary>Puts the virtual hart at an entry and enters it, as the hypervisor does after loading a guest.</summary>
    public VirtualMachine Start(ulong entry, ulong argument = 0)
    {
        _vcpu->Reset(entry, argument);
        _host.WriteSstatus(0);
        _host.WriteScounteren(7);
        Stopped = null;
        Machine.Resume();
        var mmu = new ShadowMmuAdapter<FakeHost>(_mmu);
        mmu.Activate(ref _host, 0, PrivilegeMode.Supervisor, false, false);
        _vcpu->ViewChanged = false;
        Hart.Mode = PrivilegeLevel.Supervisor;
        Restore();
        Hart.WriteCsr(CsrNumber.Sstatus, (Hart.ReadCsr(CsrNumber.Sstatus) & ~Status.Spp) | Status.Spie);
        Hart.LeaveSupervisor();
        return this;
    }

    /// <summary>Runs host instructions until the guest stops, waits for ever, or the number is reached.</summary>
    public ulong Run(ulong steps)
    {
        try
        {
            return Machine.Run(steps);
        }
        catch (IdleForeverException)
        {
            return 0;
        }
    }

    public void HandleTrap(Hart hart)
    {
        Traps++;
        for (var i = 1; i < 32; i++)
        {
            _vcpu->X[i] = hart[i];
        }

        _vcpu->Pc = hart.ReadCsr(CsrNumber.Sepc);
        var mmu = new ShadowMmuAdapter<FakeHost>(_mmu);
        var outcome = TrapHandler.Handle(
            ref _host, ref *_vcpu, ref mmu, ref *_bus, hart.ReadCsr(CsrNumber.Scause), hart.ReadCsr(CsrNumber.Stval));
        switch (outcome)
        {
            case TrapOutcome.Resume:
                break;
            case TrapOutcome.Stop:
                Stopped = _vcpu->StopReason;
                Machine.End(1);
                break;
            default:
                throw new InvalidOperationException(
                    $"trap handling gave {outcome} for cause {hart.ReadCsr(CsrNumber.Scause):x} at {_vcpu->Pc:x}");
        }

        Restore();
        AfterTrap?.Invoke();
    }

    public void Dispose()
    {
        foreach (var allocation in _allocations)
        {
            // SAFETY: made by Allocate; nothing runs any more.
            NativeMemory.Free((void*)allocation);
        }

        Machine.Dispose();
    }

    private void PrepareDevices(ConsoleMultiplexer* console, HostPlic* plic)
    {
        var uart = default(HostUart16550);
        uart.Initialize(ref _host, 0x1000_0000, 0);
        console->Initialize(uart, Allocate<GuestConsole>(), 1);
        plic->Initialize(0x0c00_0000);
        plic->OpenContext(ref _host, SupervisorContext);
        var devices = GuestDevices.QemuVirt(1);
        for (var slot = 0; slot < GuestDevices.MaxSlots; slot++)
        {
            var address = 0x1000_1000 + (0x1000 * (ulong)slot);
            if (Machine.TryRead(null, address, 4, out _))
            {
                devices.Attach(slot, address, (uint)slot + 1);
            }
        }

        var storage = Machine.Ram + (16 << 20);
        if (GuestBus<FakeHost>.BytesNeeded(ref _host, devices) > GuestOffset - (16 << 20))
        {
            throw new InvalidOperationException("the devices need more memory than is set aside");
        }

        GuestBus<FakeHost>.Initialize(_bus, ref _host, Memory, Window, devices, storage, 0, console, plic);
        GuestBus<FakeHost>.Connect(_bus, ref _host, SupervisorContext, 10, _vcpu->Siblings);
    }

    private void Restore()
    {
        for (var i = 1; i < 32; i++)
        {
            Hart[i] = _vcpu->X[i];
        }

        Hart.WriteCsr(CsrNumber.Sepc, _vcpu->Pc);
    }

    private T* Allocate<T>(int count = 1)
        where T : unmanaged
    {
        // SAFETY: zeroed, freed in Dispose.
        var pointer = NativeMemory.AllocZeroed((nuint)(sizeof(T) * count));
        _allocations.Add((nint)pointer);
        return (T*)pointer;
    }
}
