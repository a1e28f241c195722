using System;
using System.Runtime.InteropServices;
using System.Text;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Core.Memory;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Mmu;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>A guest of a <see cref="DesktopMachine"/>: the hypervisor's own record of it for tests to look at, and to plant state in.</summary>
// SAFETY: set-up made the record in the machine's RAM, where it stays for as long as the machine.
public sealed unsafe class DesktopGuest
{
    private readonly DesktopMachine _desktop;
    private readonly GuestHart<FakeHost>* _record;
    private byte[] _kernel = [];

    internal DesktopGuest(DesktopMachine desktop, GuestHart<FakeHost>* record, ulong storage)
    {
        _desktop = desktop;
        _record = record;
        FakeHostState.Of(Hart).Seam = Seam;
        Storage = (record->Guest->Machine->Memory.Address(record->Guest->Storage), storage);
    }

    /// <summary>The hart on which its virtual hart is loaded, or was last.</summary>
    public Hart Hart => _desktop.Machine.Harts[_record->V.HostHartId];

    /// <summary>What a test may bend in the hart that it started on.</summary>
    public HostSeam Seam { get; } = new();

    /// <summary>Its RAM.</summary>
    public GuestMemory Memory => _record->Guest->Memory;

    /// <summary>Its virtual hart, the first of several.</summary>
    public ref VCpu VCpu => ref _record->V;

    /// <summary>One of its virtual harts.</summary>
    public ref VCpu VirtualHart(int number) => ref *_record->Guest->Harts[number];

    /// <summary>Its shadow page tables.</summary>
    public ref ShadowMmu<SplitViews> Mmu => ref _record->Mmu;

    /// <summary>Its devices.</summary>
    public ref GuestBus<FakeHost> Bus => ref _record->Guest->Bus;

    /// <summary>Host RAM of its shadow page tables.</summary>
    public (ulong Start, ulong Length) Tables => (_record->Guest->TablesAddress, ShadowMmu<SplitViews>.BytesNeeded(_record->Guest->TableCount));

    /// <summary>Host RAM that its devices need.</summary>
    public (ulong Start, ulong Length) Storage { get; }

    /// <summary>Its <c>sstatus</c> as it reads it.</summary>
    public ulong Sstatus => SstatusOf(_record);

    /// <summary>What one of its virtual harts, which is loaded, reads as its <c>sstatus</c>.</summary>
    internal static ulong SstatusOf(GuestHart<FakeHost>* hart) => default(DeprivilegedMode<FakeHost>).Read(ref hart->Core->Host, hart->V, Csr.Sstatus);

    /// <summary>Why it ended, if it did.</summary>
    public StopReason? Stopped => _record->Guest->State is GuestState.Stopped or GuestState.Dead ? _record->Guest->StopReason : null;

    /// <summary>How often it was loaded and started.</summary>
    public ulong Starts => _record->Guest->Starts;

    /// <summary>Traps out of it.</summary>
    public ulong Traps { get; private set; }

    /// <summary>Called after each trap that was served, before the guest goes on.</summary>
    public Action? AfterTrap { get; set; }

    /// <summary>Its RAM as a span.</summary>
    public Span<byte> Ram(ulong address, int length) => _desktop.Machine.Memory(address - Memory.GuestBase + Memory.HostAddress, length);

    /// <summary>Writes a register of a device as the guest would.</summary>
    public bool WriteDevice(ulong address, int size, ulong value) => Bus.Write(ref _record->Core->Host, 0, address, size, value).Answered;

    /// <summary>Puts its virtual hart at an instruction, as at a start, and leaves memory and devices as they are. It runs, or has ended.</summary>
    public void PutAt(ulong entry, ulong argument = 0)
    {
        Wake();
        var guest = _record->Guest;
        if (!guest->Lives)
        {
            guest->Machine->Running++;
            guest->Live = 1;
            guest->Stopping = 0;
            guest->IsReported = false;
            guest->Enter(GuestState.Running);
        }

        GuestLife<FakeHost>.PutAt(_record->Core != null ? _record->Core : _record->Home, _record, entry, argument);
        _desktop.Enter(Hart, &_record->V);
    }

    /// <summary>The guest reboots, be it running or gone, and finds itself with another kernel.</summary>
    public void RebootInto(ReadOnlySpan<byte> kernel)
    {
        var guest = _record->Guest;
        Wake();
        _kernel = GC.AllocateUninitializedArray<byte>(kernel.Length, pinned: true);
        kernel.CopyTo(_kernel);
        guest->Description.Kernel = FdtProperty.FromMemory((byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_kernel, 0), _kernel.Length);
        var error = GuestLoader<FakeHost>.Place(guest);
        if (error != ImageError.None)
        {
            throw new InvalidOperationException(Encoding.ASCII.GetString(ImageErrorText.Of(error)));
        }

        if (guest->Lives)
        {
            _record->V.StopReason = StopReason.Reboot;
            GuestLife<FakeHost>.Leave(_record, TrapOutcome.Stop, 0, 0);
        }
        else
        {
            guest->Machine->Running++;
            guest->Machine->Status = 0;
            GuestEnd<FakeHost>.Begin(_record->Home, guest);
            WorldSwitch<FakeHost>.Load(_record->Home, _record);
        }

        _desktop.Enter(Hart, &_record->V);
    }

    /// <summary>Where it is in its life.</summary>
    internal GuestState State => _record->Guest->State;

    /// <summary>Asks it, as another hart would.</summary>
    internal bool Ask(LifeRequest request) => GuestControl<FakeHost>.TryAsk(_record->Guest->Machine->Cores, _record->Guest, request);

    /// <summary>Its virtual hart has trapped.</summary>
    internal void CountTrap() => Traps++;

    private void Wake()
    {
        _desktop.Resume();
        Hart.Mode = PrivilegeLevel.Supervisor;
    }
}
