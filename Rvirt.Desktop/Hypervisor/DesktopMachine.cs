using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Setup;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Mmu;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>
/// The whole hypervisor on the reference machine, from the firmware's hand-over on: set-up, guests' lives, restart, end. What the entry
/// assembly does on a board is done here in C#; the rest is <c>Rvirt.Hypervisor</c> as it ships.
/// </summary>
public sealed unsafe class DesktopMachine : ISupervisor
{
    /// <summary>Where the image would lie; set-up keeps clear of it.</summary>
    public const ulong ImageStart = 0x8020_0000, ImageLength = 0x2_0000;

    /// <summary>The machine's outcome where no device ended it.</summary>
    public const uint FirmwareEnd = 1;

    // The virtual hart that each hart last entered: what its sscratch names on a board.
    private readonly nint[] _entered;
    private readonly bool[] _noted;
    private readonly StringBuilder _emergency = new();
    private readonly TranslationMode _mode;
    private BootInfo _info;
    private HostReset<FakeHost> _reset;

    /// <param name="machine">The host.</param>
    /// <param name="mode">How its harts translate.</param>
    public DesktopMachine(Machine machine, TranslationMode mode = TranslationMode.Sv57)
    {
        Machine = machine;
        _mode = mode;
        _entered = new nint[machine.Harts.Length];
        _noted = new bool[machine.Harts.Length];
        foreach (var hart in machine.Harts)
        {
            TrapFrame.Delegate(hart);
            hart.Stopped = true;
        }
    }

    /// <summary>The host.</summary>
    public Machine Machine { get; }

    /// <summary>What hart and firmware offer.</summary>
    public HostAbilities Abilities { get; set; } = new() { HasStimecmp = true, HasInterprocessor = true, HasTime = true };

    /// <summary>What was printed without a driver.</summary>
    public string Emergency => _emergency.ToString();

    /// <summary>The status that the machine ended with.</summary>
    public uint? Status { get; private set; }

    /// <summary>The window begins as tables of small pages, as that of an image with the define <c>WINDOW_TABLES</c> does.</summary>
    public bool SmallPages { get; init; }

    /// <summary>Harts that the firmware refuses to start.</summary>
    public HashSet<ulong> Unstartable { get; } = [];

    /// <summary>The guests, once they were made.</summary>
    public IReadOnlyList<DesktopGuest> Guests { get; private set; } = [];

    /// <summary>Shadow tables that the first guest makes do with; null: as many as its memory asks for. Small pools wrap often.</summary>
    public int? Tables { get; init; }

    /// <summary>After each trap: which virtual hart to enter instead of one.</summary>
    internal NextHart? Next { get; set; }

    /// <summary>Harts that have no timer of their own, whatever the one that boots has.</summary>
    public HashSet<ulong> WithoutStimecmp { get; } = [];

    /// <summary>Harts with fewer ASIDs than the others.</summary>
    public HashSet<ulong> ShortOfAsids { get; } = [];

    /// <summary>The hypervisor's record of the machine once guests were made.</summary>
    internal HostMachine<FakeHost>* Record { get; private set; }

    /// <summary>Hands over and runs set-up; where that succeeds, the first guest is loaded and its hart stands at its entry; the others follow when the machine runs.</summary>
    /// <param name="tree">Physical address of the host's device tree.</param>
    /// <param name="bootHart">The hart that starts.</param>
    /// <returns>Whether guests run.</returns>
    public bool Boot<TBoards>(ulong tree, ulong bootHart = 0)
        where TBoards : struct, IBoards
    {
        var hart = Machine.Harts[bootHart];
        var host = new FakeHost(hart) { Desktop = this };
        hart.Mode = PrivilegeLevel.Supervisor;
        _info = new BootInfo
        {
            HartId = bootHart,
            DeviceTree = tree,
            ImageStart = ImageStart,
            ImageEnd = ImageStart + ImageLength,
            OpenStart = ImageStart,
            WindowTables = SmallPages ? MakeWindowTables() : 0,
            Window = (ulong)Machine.Ram - Machine.RamBase,
            Satp = (ulong)_mode << 60,
        };
        try
        {
            fixed (BootInfo* info = &_info)
            {
                var first = MachineSetup<FakeHost>.Run<TBoards>(ref host, info);
                if (first == null)
                {
                    return false;
                }

                Record = first->Machine;
                if (Tables is { } tables)
                {
                    Record->Guests->TableCount = tables;
                    for (var n = 0; n < Record->Guests->Devices.Harts; n++)
                    {
                        GuestSetup<FakeHost>.MakeMmu((GuestHart<FakeHost>*)Record->Guests->Harts[n], n);
                    }
                }

                // Devices are asked before a guest runs: then it would seem to be its access.
                var storage = new ulong[Record->GuestCount];
                for (var i = 0; i < storage.Length; i++)
                {
                    storage[i] = GuestBus<FakeHost>.BytesNeeded(ref host, Record->Guests[i].Devices);
                }

                if (!BeginsInGuest(first))
                {
                    OnThread(hart, () => CoreLife<FakeHost>.Begin(first));
                }
                else
                {
                    CoreLife<FakeHost>.Begin(first);
                }

                Guests = [.. storage.Select((length, i) => new DesktopGuest(this, (GuestHart<FakeHost>*)Record->Guests[i].Harts[0], length))];
                return true;
            }
        }
        catch (EndedException)
        {
            return false;
        }
    }

    // As Window.S does it, in the image's own memory, which nothing else uses here.
    private ulong MakeWindowTables()
    {
        const ulong Address = ImageStart;
        const ulong Flags = Pte.V | Pte.R | Pte.W | Pte.X | Pte.G | Pte.A | Pte.D;
        var pages = HostTranslation.Reach(TranslationMode.Sv39) / HostTranslation.SmallPage;
        for (var page = 0UL; page < pages; page++)
        {
            Machine.Write64(Address + (8 * page), Pte.FromAddress(page * HostTranslation.SmallPage) | Flags);
        }

        return Address;
    }

    /// <summary>Runs host instructions until the machine ends, all wait for ever, or the number is reached.</summary>
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
        // SAFETY: what was entered on the hart stays in place.
        var trapped = (GuestHart<FakeHost>*)_entered[hart.Id];
        var guest = Guests[trapped->Guest->Index];
        TrapFrame.Save(hart, &trapped->V);
        guest.CountTrap();
        if (_noted[hart.Id])
        {
            Note(hart, trapped);
        }

        try
        {
            var next = GuestLife<FakeHost>.Trap(trapped, hart.ReadCsr(CsrNumber.Scause), hart.ReadCsr(CsrNumber.Stval));
            GoOn(hart, Next == null ? next : Next(next));
        }
        catch (EndedException)
        {
            TrapFrame.Restore(hart, &trapped->V);
            hart.Stopped = true;
        }

        guest.AfterTrap?.Invoke();
    }

    // As TraceVector.S does it.
    private static void Note(Hart hart, GuestHart<FakeHost>* trapped)
    {
        var ring = *(TraceRing**)(trapped->V.HostStack - Limits.StackSize + sizeof(ulong));
        ring->Add(new TraceRecord
        {
            Time = hart.ReadCsr(CsrNumber.Time),
            Pc = hart.ReadCsr(CsrNumber.Sepc),
            Cause = hart.ReadCsr(CsrNumber.Scause),
            Value = hart.ReadCsr(CsrNumber.Stval),
        });
    }

    private void GoOn(Hart hart, GuestHart<FakeHost>* next)
    {
        var where = Machine.Harts[next->Core->HartId];
        _entered[where.Id] = (nint)next;
        if (where == hart)
        {
            TrapFrame.Restore(hart, &next->V);
            return;
        }

        hart.Stopped = true;
        where.Supervisor = this;
        where.Mode = PrivilegeLevel.Supervisor;
        TrapFrame.Enter(where, &next->V);
    }

    /// <summary>Forgets that the machine has ended.</summary>
    internal void Resume()
    {
        Status = null;
        Machine.Resume();
    }

    internal void NoteTraps(Hart hart, bool on) => _noted[hart.Id] = on;

    internal void WriteEmergency(byte value) => _emergency.Append((char)value);

    internal void UseReset<TReset>(in HostDevice device)
        where TReset : unmanaged, IHostReset =>
        _reset.Take<TReset>(device);

    internal void End(ref FakeHost host, uint status)
    {
        Status = status;
        _reset.End(ref host, status);
        if (!Machine.Ended)
        {
            // The firmware's way.
            Machine.End(FirmwareEnd);
        }

        throw new EndedException();
    }

    internal bool TryStartHart(ulong hartId, HartStart* start)
    {
        if (Unstartable.Contains(hartId))
        {
            return false;
        }

        var hart = Machine.Harts[hartId];
        var argument = start->Argument;
        hart.Mode = PrivilegeLevel.Supervisor;
        // SAFETY: the argument is the hart's own record, as set-up filled it in.
        var core = (HostCore<FakeHost>*)argument;
        if (BeginsInGuest(core))
        {
            try
            {
                CoreLife<FakeHost>.HartMain(hartId, core);
            }
            catch (IdleForeverException)
            {
                // It is not used.
            }
        }
        else
        {
            OnThread(hart, () => CoreLife<FakeHost>.HartMain(hartId, (HostCore<FakeHost>*)argument));
        }

        return true;
    }

    private static bool BeginsInGuest(HostCore<FakeHost>* core) => core->First != null && core->First->Guest->Lives && core->First->V.Index == 0;

    // It can find nothing to run for a while.
    private void OnThread(Hart hart, Action begin) => Machine.RunOnThread(hart, () =>
    {
        try
        {
            begin();
        }
        catch (EndedException)
        {
            hart.Stopped = true;
        }
    });

    internal void Enter(Hart hart, VCpu* virtualHart)
    {
        // SAFETY: a virtual hart is the head of its record.
        _entered[hart.Id] = (nint)virtualHart;
        hart.Supervisor = this;
        TrapFrame.Enter(hart, virtualHart);
        if (Machine.Harts.Length > 1)
        {
            Machine.RunOnThread(hart);
        }
    }

    /// <summary>Chooses the virtual hart to enter, which is loaded on the hart to enter it on.</summary>
    internal delegate GuestHart<FakeHost>* NextHart(GuestHart<FakeHost>* next);

    /// <summary>The machine has ended: nothing of the hypervisor goes on.</summary>
    internal sealed class EndedException : Exception;
}
