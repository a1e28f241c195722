using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>The machine as it is, for the monitor; made by the hart that serves the console, for one call of the monitor.</summary>
/// <remarks>What others write is read as words, each at once: counters and addresses, of which each has one writer.</remarks>
// SAFETY: records of harts, guests and virtual harts stay in place; commands name those that are there.
internal readonly unsafe struct MachineView<THost> : IMachineView
    where THost : unmanaged, IHypervisorHost
{
    private readonly HostCore<THost>* _core;

    /// <summary>Names the calling hart.</summary>
    internal MachineView(HostCore<THost>* core) => _core = core;

    /// <inheritdoc/>
    public int GuestCount => _core->Machine->GuestCount;

    /// <inheritdoc/>
    public int CoreCount => _core->Machine->CoreCount;

    /// <inheritdoc/>
    public ulong Time => _core->Host.ReadTime();

    /// <inheritdoc/>
    public ulong TimeFrequency => _core->Machine->Host.TimebaseFrequency;

    /// <inheritdoc/>
    public GuestFacts Guest(int guest)
    {
        var record = GuestAt(guest);
        return new GuestFacts
        {
            Name = new ShortText(record->Name),
            State = record->State,
            Share = Share(guest),
            Reason = record->StopReason,
            FailureCode = record->FailureCode,
            Harts = record->Devices.Harts,
            MemoryBase = record->Memory.GuestBase,
            Memory = record->Memory.Length,
            Starts = Volatile.Read(ref record->Starts),
            StartedAt = Volatile.Read(ref record->StartedAt),
            CountedFrom = record->CountedFrom,
        };
    }

    /// <inheritdoc/>
    public HartFacts Hart(int guest, int hart)
    {
        var record = HartAt(guest, hart);
        return new HartFacts
        {
            Run = record->V.RunState,
            Core = Volatile.Read(ref record->V.LastHart),
            State = record->V.State,
            Mode = TrapContext<THost>.ModeOf(ref _core->Host).Privilege(ref _core->Host, record->V),
            Pc = Volatile.Read(ref record->V.Pc),
        };
    }

    /// <inheritdoc/>
    public TrapCounters Counters(int guest, int hart)
    {
        var record = HartAt(guest, hart);
        var now = Take(ref record->V.Counters);
        Subtract(ref now, record->CountedFrom);
        return now;
    }

    /// <inheritdoc/>
    public void ForgetCounters(int guest)
    {
        var record = GuestAt(guest);
        for (var hart = 0; hart < record->Devices.Harts; hart++)
        {
            HartAt(guest, hart)->CountedFrom = Take(ref HartAt(guest, hart)->V.Counters);
        }

        record->CountedFrom = Time;
        for (var hart = 0; hart < record->Devices.Harts; hart++)
        {
            ref var counted = ref *HartAt(guest, hart);
            counted.RunFrom = Account(guest, hart, out counted.ReadyFrom);
        }
    }

    /// <inheritdoc/>
    public bool TryReport(int guest, int hart, out HartReport report) => _core->Machine->Inspection.TryAnswer(_core, HartAt(guest, hart), out report);

    /// <inheritdoc/>
    public CoreFacts Core(int core)
    {
        var record = CoreAt(core);
        var running = (GuestHart<THost>*)Volatile.Read(ref *(nint*)&record->Running);
        return new CoreFacts
        {
            HartId = record->HartId,
            Guest = running == null ? -1 : running->Guest->Index,
            Hart = running == null ? 0 : running->V.Index,
            Waits = running != null && running->V.Waits,
            Loads = Volatile.Read(ref record->Loads),
        };
    }

    /// <inheritdoc/>
    public ShadowFacts Shadow(int guest, int hart)
    {
        var record = HartAt(guest, hart);
        return new ShadowFacts { Use = record->Mmu.Use(), Counters = record->Mmu.Counters };
    }

    /// <inheritdoc/>
    public bool TryShadow(int guest, int hart, ulong address, out ShadowLook look) =>
        TrapContext<THost>.MmuOf(ref _core->Host, HartAt(guest, hart)).TryLook(address, out look);

    /// <inheritdoc/>
    public ulong RunTicks(int guest, int hart, out ulong ready)
    {
        var record = HartAt(guest, hart);
        var run = Account(guest, hart, out ready);
        ready -= record->ReadyFrom;
        return run - record->RunFrom;
    }

    /// <inheritdoc/>
    public bool TryAsk(int guest, LifeRequest request) => GuestControl<THost>.TryAsk(_core, GuestAt(guest), request);

    /// <inheritdoc/>
    public BreakAnswer ChangeBreakpoint(int guest, ulong address, bool sets) => GuestBreakpoints<THost>.Change(GuestAt(guest), address, sets);

    /// <inheritdoc/>
    public void SetShare(int guest, uint share)
    {
        ref var queue = ref _core->Machine->Queue;
        queue.Lock.Acquire();
        queue.SetShare(guest, share);
        queue.Lock.Release();
    }

    /// <inheritdoc/>
    public int SlotCount(int guest) => GuestAt(guest)->Devices.SlotCount;

    /// <inheritdoc/>
    public SlotFacts Slot(int guest, int slot)
    {
        var record = GuestAt(guest);
        var window = record->Devices.Board[GuestDeviceKind.Virtio];
        var isPort = record->Devices.TryNetwork(slot, out var network, out var port);
        return new SlotFacts
        {
            IsPort = isPort,
            Port = port,
            Mac = isPort ? network->AddressOf(port) : 0,
            Frames = isPort ? network->Counters(port) : default,
            Kind = record->Bus.SlotKind(slot),
            Address = window.Base + ((ulong)slot * window.Size),
            Interrupt = window.Interrupt + (uint)slot,
            HostAddress = record->Devices.TryPartition(out var at, out var partition) && at == slot ? partition->Disk->Base : record->Devices.HostBase(slot),
            Counters = record->Bus.SlotCounters(slot),
        };
    }

    /// <inheritdoc/>
    public int Escape
    {
        get => _core->Machine->Console.Escape;
        set => _core->Machine->Console.SetEscape(value);
    }

    /// <inheritdoc/>
    public void SetFocus(int guest) => _core->Machine->Console.SetFocus(ref _core->Host, guest);

    /// <inheritdoc/>
    public void ShowAll() => _core->Machine->Console.SetAll(ref _core->Host);

    /// <inheritdoc/>
    public bool TryCopy(CopyKind kind, int guest, int target, bool begins, out CopyAnswer answer) =>
        _core->Machine->Copy.TryAnswer(_core, kind, GuestAt(guest), GuestAt(target), begins, out answer);

    /// <inheritdoc/>
    public void EndMachine() => _core->Machine->IsToEnd = true;

    /// <inheritdoc/>
    public void SetTracing(bool on)
    {
        var machine = _core->Machine;
        Volatile.Write(ref machine->NotesTraps, on);
        _core->Host.NoteTraps(on);
        for (var i = 0; i < machine->CoreCount; i++)
        {
            if (machine->Cores + i != _core)
            {
                CoreKick<THost>.Raise(ref _core->Host, machine->Cores + i, CoreRequest.Trace);
            }
        }
    }

    /// <inheritdoc/>
    public ulong CopyTrace(int core)
    {
        var machine = _core->Machine;
        machine->TraceFrom = CoreAt(core)->Trace->CopyTo(ref machine->TraceCopy);
        return machine->TraceCopy.Count;
    }

    /// <inheritdoc/>
    public bool TryTrace(ulong number, out TraceRecord record)
    {
        var machine = _core->Machine;
        record = machine->TraceCopy.Records[(int)(number % TraceRing.Capacity)];
        return number >= machine->TraceFrom && number < machine->TraceCopy.Count;
    }

    /// <inheritdoc/>
    public bool TryHostAddress(int guest, ulong address, out ulong hostAddress) => GuestAt(guest)->Memory.TryTranslate(address, 1, out hostAddress);

    /// <inheritdoc/>
    public bool TryReadMemory(int guest, ulong address, out ulong value) => GuestAt(guest)->Memory.TryRead64(address, out value);

    private Guest<THost>* GuestAt(int guest) => _core->Machine->Guests + guest;

    private HostCore<THost>* CoreAt(int core) => _core->Machine->Cores + core;

    private GuestHart<THost>* HartAt(int guest, int hart) => (GuestHart<THost>*)GuestAt(guest)->Harts[hart];

    private uint Share(int guest)
    {
        if (!GuestAt(guest)->Shares)
        {
            return 0;
        }

        ref var queue = ref _core->Machine->Queue;
        queue.Lock.Acquire();
        var share = queue.Share(guest);
        queue.Lock.Release();
        return share;
    }

    private ulong Account(int guest, int hart, out ulong ready)
    {
        var record = HartAt(guest, hart);
        ready = 0;
        if (!GuestAt(guest)->Shares)
        {
            return record->RunTicks(Time);
        }

        ref var queue = ref _core->Machine->Queue;
        queue.Lock.Acquire();
        var run = queue.RunTicks(record->Number, Time, out ready);
        queue.Lock.Release();
        return run;
    }

    // Each counter as one word, as its writer goes on.
    private static TrapCounters Take(ref TrapCounters counters)
    {
        var taken = default(TrapCounters);
        for (var i = 0; i < Unsafe.SizeOf<TrapCounters>() / sizeof(ulong); i++)
        {
            Unsafe.Add(ref Unsafe.As<TrapCounters, ulong>(ref taken), i) = Volatile.Read(ref Unsafe.Add(ref Unsafe.As<TrapCounters, ulong>(ref counters), i));
        }

        return taken;
    }

    private static void Subtract(ref TrapCounters counters, TrapCounters before)
    {
        for (var i = 0; i < Unsafe.SizeOf<TrapCounters>() / sizeof(ulong); i++)
        {
            Unsafe.Add(ref Unsafe.As<TrapCounters, ulong>(ref counters), i) -= Unsafe.Add(ref Unsafe.As<TrapCounters, ulong>(ref before), i);
        }
    }
}
