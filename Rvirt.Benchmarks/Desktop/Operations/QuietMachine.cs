using System;
using System.Runtime.InteropServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Memory;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Virtio;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Setup;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Mmu;

namespace Rvirt.Benchmarks.Desktop.Operations;

/// <summary>
/// A guest under the hypervisor as it ships, on a <see cref="QuietHost"/>, with page tables of its own in its RAM. It never runs: its traps
/// are made up.
/// </summary>
public sealed unsafe class QuietMachine : IDisposable
{
    /// <summary>Guest physical address of the guest's RAM.</summary>
    public const ulong RamBase = 0x8000_0000;

    /// <summary>Guest virtual address of <see cref="Pages"/> pages of RAM.</summary>
    public const ulong Data = 0x4000_0000;

    /// <summary>Pages mapped from <see cref="Data"/>.</summary>
    public const int Pages = 64;

    /// <summary>Guest virtual and physical address of the UART.</summary>
    public static ulong Uart => GuestBoard.Standard[GuestDeviceKind.Uart].Base;

    /// <summary>Guest physical address of the first virtio slot.</summary>
    public static ulong Slot => GuestBoard.Standard[GuestDeviceKind.Virtio].Base;

    /// <summary>Interrupt of the host's virtio device.</summary>
    public static uint SlotSource => GuestBoard.Standard[GuestDeviceKind.Virtio].Interrupt;

    private const ulong HostBase = 0x8000_0000, HostLength = 32 << 20, Alignment = 2 << 20;
    private const ulong ImageOffset = 2 << 20, ImageLength = 128 << 10, KernelOffset = 30 << 20, TreeOffset = 31 << 20;
    private const ulong RootTable = RamBase + 0x10_0000, DataPages = RamBase + 0x20_0000;
    private const uint JumpToItself = 0x6f;

    private readonly byte* _block;
    private readonly QuietHart* _hart;
    private readonly GuestHart<QuietHost>* _guest;
    private ulong _nextTable = RootTable;

    /// <summary>Sets the guest up in S-mode with Sv39 on.</summary>
    public QuietMachine()
    {
        // SAFETY: both blocks live until Dispose; the hypervisor keeps its records in the host's RAM.
        _block = (byte*)NativeMemory.AlignedAlloc((nuint)HostLength, (nuint)Alignment);
        NativeMemory.Clear(_block, (nuint)HostLength);
        _hart = (QuietHart*)NativeMemory.AllocZeroed((nuint)sizeof(QuietHart));
        _hart->Window = new PhysicalMemory((ulong)_block - HostBase);
        _hart->Slot[(int)VirtioRegister.Magic / 4] = VirtioRegister.MagicValue;
        _hart->Slot[(int)VirtioRegister.Version / 4] = 1;
        _hart->Slot[(int)VirtioRegister.DeviceId / 4] = VirtioKind.Block;
        _guest = Boot();
        PrepareTables();
    }

    /// <summary>The guest's RAM.</summary>
    public GuestMemory Memory => _guest->Guest->Memory;

    /// <summary>The virtual hart.</summary>
    public ref VCpu VCpu => ref _guest->V;

    /// <summary>Its host.</summary>
    public ref QuietHost Host => ref _guest->Core->Host;

    /// <summary>The host's state.</summary>
    public ref QuietHart Hart => ref *_hart;

    /// <summary>Its MMU.</summary>
    public ShadowMmuAdapter<QuietHost, SplitViews> Mmu => new(&_guest->Mmu);

    /// <summary>Its shadow page tables.</summary>
    public ref ShadowMmu<SplitViews> Shadow => ref _guest->Mmu;

    /// <summary>Its devices.</summary>
    public ref GuestBus<QuietHost> Bus => ref _guest->Guest->Bus;

    /// <summary>Handles a trap of the guest, after which it goes on.</summary>
    public void Trap(ExceptionCause cause, ulong value) => GuestLife<QuietHost>.Trap(_guest, (ulong)cause, value);

    /// <summary>Claims what the host's device behind the slot interrupts for, and has it served.</summary>
    public void Interrupt() => HostInterrupts<QuietHost>.Serve(_guest->Core);

    /// <summary>A pointer into guest RAM.</summary>
    public byte* Ram(ulong address) => Memory.TryPointer(address, 8, out var pointer)
        ? pointer
        : throw new ArgumentOutOfRangeException(nameof(address));

    /// <summary>A pointer into the host's RAM.</summary>
    public byte* HostRam(ulong address) => _block + (address - HostBase);

    /// <summary>Writes a register of the guest's virtio device.</summary>
    public void WriteSlot(uint register, uint value)
    {
        if (!Bus.Write(ref Host, 0, Slot + register, 4, value).Answered)
        {
            throw new InvalidOperationException("no device in the slot");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_block);
        NativeMemory.Free(_hart);
    }

    private GuestHart<QuietHost>* Boot()
    {
        // The one guest gets the device, and all memory that is left.
        new Span<uint>(_block + KernelOffset, 4).Fill(JumpToItself);
        var board = GuestBoard.Standard with { MemoryBase = HostBase };
        board.Remove(GuestDeviceKind.Clock);
        var description = new GuestMachineDescription
        {
            HartCount = 1,
            TimebaseFrequency = 10_000_000,
            Isa = "rv64imafdc_zicsr_zifencei"u8,
            TranslationMode = TranslationMode.Sv57,
            Board = board,
            MemorySize = HostLength,
            InitrdStart = HostBase + KernelOffset,
            InitrdEnd = HostBase + KernelOffset + (4 * sizeof(uint)),
            VirtioSlots = 1,
        };
        var error = GuestDeviceTree.Generate(description, new Span<byte>(_block + TreeOffset, GuestDeviceTree.SuggestedBufferLength), out _);
        if (error != FdtWriteError.None)
        {
            throw new InvalidOperationException($"the device tree cannot be made: {error}");
        }

        var info = new BootInfo
        {
            DeviceTree = HostBase + TreeOffset,
            ImageStart = HostBase + ImageOffset,
            ImageEnd = HostBase + ImageOffset + ImageLength,
            Window = (ulong)_block - HostBase,
            Satp = (ulong)TranslationMode.Sv57 << 60,
        };
        var host = new QuietHost(_hart);
        var core = MachineSetup<QuietHost>.Run<Boards<QuietBoard>>(ref host, &info);
        CoreLife<QuietHost>.Begin(core);
        return core->First;
    }

    private void PrepareTables()
    {
        _nextTable += Pte.Size(0);
        for (var page = 0UL; page < Pages; page++)
        {
            Map(Data + (page << Pte.PageShift), DataPages + (page << Pte.PageShift));
        }

        Map(Uart, Uart);
        VCpu.Csrs.Satp = ((ulong)TranslationMode.Sv39 << 60) | (RootTable >> Pte.PageShift);
        VCpu.Csrs.ViewChanged = false;
        Mmu.Activate(ref Host, VCpu.Csrs.Satp, ViewKind.Kernel);
    }

    private void Map(ulong va, ulong address)
    {
        var table = RootTable;
        for (var level = 2; level > 0; level--)
        {
            var link = (ulong*)Ram(table + (8 * ((va >> Pte.Shift(level)) & 511)));
            if (*link == 0)
            {
                *link = Pte.FromAddress(_nextTable) | Pte.V;
                _nextTable += Pte.Size(0);
            }

            table = Pte.Address(*link);
        }

        *(ulong*)Ram(table + (8 * ((va >> Pte.Shift(0)) & 511))) = Pte.FromAddress(address) | Pte.V | Pte.R | Pte.W | Pte.A | Pte.D;
    }

    private readonly struct QuietBoard : IPlatform
    {
        public ReadOnlySpan<byte> Name => "quiet"u8;

        public bool Matches(in FdtReader tree) => true;

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList
        {
            drivers.Uart<HostUart16550>();
            drivers.Plic<HostSiFivePlic>();
        }

        public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
    }
}
