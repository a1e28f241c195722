using System;
using System.Runtime.InteropServices;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Machine;
using Rvirt.Devices.Virtio;
using Rvirt.Mmu;

namespace Rvirt.Benchmarks.Desktop.Operations;

/// <summary>A guest on a <see cref="QuietHost"/>: virtual hart, shadow page tables, devices, and page tables of its own in its RAM.</summary>
public sealed unsafe class QuietMachine : IDisposable
{
    /// <summary>Guest physical address of the guest's RAM.</summary>
    public const ulong RamBase = 0x8000_0000;

    /// <summary>Guest virtual address of <see cref="Pages"/> pages of RAM.</summary>
    public const ulong Data = 0x4000_0000;

    /// <summary>Pages mapped from <see cref="Data"/>.</summary>
    public const int Pages = 64;

    /// <summary>Guest virtual and physical address of the UART.</summary>
    public const ulong Uart = 0x1000_0000;

    /// <summary>Guest physical address of the first virtio slot.</summary>
    public const ulong Slot = 0x1000_1000;

    /// <summary>Interrupt of the host's virtio device.</summary>
    public const uint SlotSource = 1;

    private const int Tables = 512;
    private const ulong RamLength = 4 << 20, RingsOffset = 4 << 20, RamOffset = 8 << 20, BlockLength = 12 << 20;
    private const ulong HostBase = 0x8000_0000, Alignment = 2 << 20;
    private const ulong RootTable = RamBase + 0x10_0000, DataPages = RamBase + 0x20_0000;

    private readonly byte* _block;
    private readonly byte* _records;
    private readonly VCpu* _vcpu;
    private readonly ShadowMmu* _mmu;
    private readonly GuestBus<QuietHost>* _bus;
    private readonly QuietHart* _hart;
    private ulong _nextTable = RootTable;
    private QuietHost _host;
    private TrapOutcome _outcome;

    /// <summary>Sets the guest up in S-mode with Sv39 on.</summary>
    public QuietMachine()
    {
        // SAFETY: both blocks live until Dispose; records are 4 KiB apart and smaller than that, the devices come last.
        _block = (byte*)NativeMemory.AlignedAlloc((nuint)BlockLength, (nuint)Alignment);
        NativeMemory.Clear(_block, (nuint)BlockLength);
        _records = (byte*)NativeMemory.AllocZeroed((nuint)(sizeof(VCpu) + sizeof(ShadowMmu) + sizeof(GuestBus<QuietHost>) + sizeof(QuietHart)
            + sizeof(HostPlic) + sizeof(ConsoleMultiplexer)) + ConsoleMultiplexer.BytesNeeded(1) + 128);
        _vcpu = (VCpu*)_records;
        _mmu = (ShadowMmu*)(_vcpu + 1);
        _bus = (GuestBus<QuietHost>*)(_mmu + 1);
        _hart = (QuietHart*)(_bus + 1);
        var plic = (HostPlic*)(((nint)(_hart + 1) + 15) & ~15);
        var console = (ConsoleMultiplexer*)(plic + 1);

        _host = new QuietHost(_hart);
        Memory = new GuestMemory(RamBase, RamLength, HostBase + RamOffset, _block + RamOffset);
        var window = new PhysicalMemory((ulong)_block - HostBase);
        var asids = new HostAsids(ushort.MaxValue);
        ShadowMmu.Initialize(ref *_mmu, Memory, window, HostTranslation.Of(TranslationMode.Sv57, ushort.MaxValue), ref asids, HostBase, Tables);
        _vcpu->Memory = Memory;
        _vcpu->GuestHarts = 1;
        _vcpu->Reset(RamBase, 0);
        PrepareDevices(console, plic, window);
        PrepareTables();
    }

    /// <summary>The guest's RAM.</summary>
    public GuestMemory Memory { get; }

    /// <summary>The virtual hart.</summary>
    public ref VCpu VCpu => ref *_vcpu;

    /// <summary>Its host.</summary>
    public ref QuietHost Host => ref _host;

    /// <summary>The host's state.</summary>
    public ref QuietHart Hart => ref *_hart;

    /// <summary>Its MMU.</summary>
    public ShadowMmuAdapter<QuietHost> Mmu => new(_mmu);

    /// <summary>Its shadow page tables.</summary>
    public ref ShadowMmu Shadow => ref *_mmu;

    /// <summary>Its devices.</summary>
    public ref GuestBus<QuietHost> Bus => ref *_bus;

    /// <summary>Handles a trap of the guest.</summary>
    public TrapOutcome Trap(ExceptionCause cause, ulong value)
    {
        _outcome = TrapOutcome.Resume;
        TrapDispatch<Context, QuietHost, ShadowMmuAdapter<QuietHost>, GuestBus<QuietHost>>.Handle(new Context(this), (ulong)cause, value);
        return _outcome;
    }

    /// <summary>A pointer into guest RAM.</summary>
    public byte* Ram(ulong address) => Memory.TryPointer(address, 8, out var pointer)
        ? pointer
        : throw new ArgumentOutOfRangeException(nameof(address));

    /// <summary>A pointer into the host's RAM.</summary>
    public byte* HostRam(ulong address) => _block + (address - HostBase);

    /// <summary>Writes a register of the guest's virtio device.</summary>
    public void WriteSlot(uint register, uint value)
    {
        if (!_bus->TryWrite(ref _host, Slot + register, 4, value))
        {
            throw new InvalidOperationException("no device in the slot");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_block);
        NativeMemory.Free(_records);
    }

    private void PrepareDevices(ConsoleMultiplexer* console, HostPlic* plic, in PhysicalMemory window)
    {
        _hart->Slot[(int)VirtioRegister.Magic / 4] = VirtioRegister.MagicValue;
        _hart->Slot[(int)VirtioRegister.Version / 4] = 1;
        _hart->Slot[(int)VirtioRegister.DeviceId / 4] = VirtioKind.Block;
        console->Initialize(default, console + 1, 1);
        plic->Initialize(QuietHost.Plic);
        var devices = GuestDevices.Standard(1);
        devices.Attach(0, QuietHost.Slot, SlotSource);
        if (GuestBus<QuietHost>.BytesNeeded(ref _host, devices) > RamOffset - RingsOffset)
        {
            throw new InvalidOperationException("the rings need more memory than is set aside");
        }

        GuestBus<QuietHost>.Initialize(_bus, ref _host, Memory, window, devices, _block + RingsOffset, 0, console, plic, null);
        GuestBus<QuietHost>.Connect(_bus, ref _host, QuietHost.Context, 0, null);
    }

    private void PrepareTables()
    {
        _nextTable += Pte.Size(0);
        for (var page = 0UL; page < Pages; page++)
        {
            Map(Data + (page << Pte.PageShift), DataPages + (page << Pte.PageShift));
        }

        Map(Uart, Uart);
        _vcpu->Satp = ((ulong)TranslationMode.Sv39 << 60) | (RootTable >> Pte.PageShift);
        _vcpu->ViewChanged = false;
        Mmu.Activate(ref _host, _vcpu->Satp, PrivilegeMode.Supervisor, sum: false, mxr: false);
    }

    private void Map(ulong va, ulong address)
    {
        var table = RootTable;
        for (var level = 2; level > 0; level--)
        {
            var link = (ulong*)Ram(table + (8 * (va >> Pte.Shift(level) & 511)));
            if (*link == 0)
            {
                *link = Pte.FromAddress(_nextTable) | Pte.V;
                _nextTable += Pte.Size(0);
            }

            table = Pte.Address(*link);
        }

        *(ulong*)Ram(table + (8 * (va >> Pte.Shift(0) & 511))) = Pte.FromAddress(address) | Pte.V | Pte.R | Pte.W | Pte.A | Pte.D;
    }

    private readonly struct Context(QuietMachine machine) : ITrapContext<QuietHost, ShadowMmuAdapter<QuietHost>, GuestBus<QuietHost>>
    {
        public ref QuietHost Host => ref machine._host;

        public ref VCpu VirtualHart => ref machine.VCpu;

        public ShadowMmuAdapter<QuietHost> Mmu => machine.Mmu;

        public ref GuestBus<QuietHost> Bus => ref machine.Bus;

        public void Leave(TrapOutcome outcome, ulong cause, ulong value) => machine._outcome = outcome;
    }
}
