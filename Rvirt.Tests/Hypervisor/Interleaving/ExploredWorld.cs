using System;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Scheduling;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>
/// The whole hypervisor on a reference machine whose harts have their turns as a seed says: one gives way after some of its guest's instructions, or in
/// the hypervisor, at an atomic operation or a call of the host that others can see.
/// </summary>
// SAFETY: records of harts and guests stay in the machine's RAM for as long as the world; one thread runs at a time.
internal sealed unsafe class ExploredWorld : IDisposable
{
    // Many times what any seed takes.
    private const int MostTurns = 20_000;

    // Ticks in a second, for the queue alone: its slices are as short as the scripts.
    private const ulong Timebase = 5_000;

    // A guest that keeps the machine when the other one ends.
    private const string Neighbour = "wait: wfi\nj wait\n";

    private readonly GuestWorld _world;
    private readonly Guest<FakeHost>* _guest;
    private readonly HostMachine<FakeHost>* _machine;
    private readonly bool[] _asleep;
    private readonly ExploredScript _script = new();
    private readonly LifeRequest[] _requests = new LifeRequest[4];
    private readonly Hart[] _ready;
    private readonly FetchWatch _fetches;
    private int _requestCount;
    private int _requestsTaken;
    private int _requestTurn;
    private bool _isAsking;
    private int _turn;
    private int _turnsOfSeed;
    private int _budget;
    private ulong _go;
    private int _points;
    private int _holdAt;
    private int _held;
    private int _heldFor;
    private string? _fault;

    public ExploredWorld(WorldKind kind)
    {
        var harts = kind == WorldKind.Pinned ? ExploredScript.Harts + 2 : 2;
        _world = new GuestWorld(
            new WorldOptions { MoreHarts = harts - 2 },
            GuestPayload.Program(ExploredGuest.Program) with { Harts = ExploredScript.Harts, Memory = 8 << 20 },
            GuestPayload.Program(Neighbour) with { Memory = 2 << 20 });
        _machine = _world.Desktop.Record;
        _guest = _machine->Guests;
        _asleep = new bool[harts];
        _ready = new Hart[harts];
        _turn = -1;
        _fetches = new FetchWatch(_guest, Machine);
        _machine->Queue.Initialize(new Slices(Timebase));
        foreach (var hart in Machine.Harts)
        {
            FakeHostState.Of(hart).Seam = new HostSeam { Idle = () => Sleep(hart), Observed = Point };
        }

        Explored.Tell(Point);
        SetUpGuest();
        while (Word(ExploredGuest.Boots) == 0)
        {
            Machine.Run(1000);
        }
    }

    /// <summary>What was reached so far.</summary>
    public long[] Reached { get; } = new long[Exploration.Length];

    private Machine Machine => _world.Machine;

    /// <summary>Lets the guest's harts do what a seed says, in the order that it says.</summary>
    /// <returns>What went wrong, or null.</returns>
    public string? Run(int seed)
    {
        var draw = new Draw(seed);
        Begin(ref draw);
        // How long turns are: mostly short, mostly long.
        var longest = draw.Below(3) switch { 0 => 10, 1 => 40, _ => 150 };
        // In many seeds one hart stands still at one place for longer than any turn, while the others go on.
        _points = 0;
        _held = -1;
        _holdAt = draw.Below(3) == 0 ? 0 : 1 + draw.Below(draw.Below(2) == 0 ? 100 : 1000);
        _heldFor = 5 + draw.Below(60);
        for (_turnsOfSeed = 0; _turnsOfSeed < MostTurns; _turnsOfSeed++)
        {
            if (_fault != null)
            {
                return Describe(_fault);
            }

            if (IsOver())
            {
                return Judge();
            }

            var hart = Choose(ref draw);
            if (hart != null)
            {
                _turn = hart.Id;
                _budget = 1 + draw.Below(longest);
                try
                {
                    Machine.RunAlone(hart, 1 + (ulong)draw.Below(longest));
                }
                catch (Exception problem) when (problem is InvalidOperationException or NullReferenceException or IndexOutOfRangeException)
                {
                    _turn = -1;
                    return Describe("panic: " + problem.Message);
                }

                _turn = -1;
                Reached[Exploration.TurnsAt]++;
                FindTwice();
            }
            else if (!Machine.TrySkipIdle())
            {
                return Describe("all wait for ever");
            }
        }

        return Describe("it does not end");
    }

    public void Dispose()
    {
        Explored.Tell(null);
        _world.Dispose();
    }

    private ref ulong Word(ulong offset) => ref MemoryMarshal.AsRef<ulong>(_world.Guest.Ram(ExploredGuest.Control + offset, 8));

    private void SetUpGuest()
    {
        const ulong Table = 1, Leaf = 0xcf, Page = 0xc7, Return = 0x8067_0000_0513;
        Span<ulong> At(ulong address, int count) => MemoryMarshal.Cast<byte, ulong>(_world.Guest.Ram(address, 8 * count));
        static ulong Entry(ulong address, ulong flags) => (address >> 12 << 10) | flags;
        At(ExploredGuest.Root, 3)[1] = Entry(ExploredGuest.Root + 0x1000, Table);
        At(ExploredGuest.Root, 3)[2] = Entry(0x8000_0000, Leaf);
        At(ExploredGuest.Root + 0x1000, 1)[0] = Entry(ExploredGuest.Root + 0x2000, Table);
        for (var hart = 0; hart < ExploredScript.Harts; hart++)
        {
            At(ExploredGuest.Root + 0x2000, 8)[hart] = Entry(ExploredGuest.Frames, Page);
            At(ExploredGuest.Code + (64 * (ulong)hart), 1)[0] = Return;
        }

        for (var frame = 0UL; frame < 8; frame++)
        {
            At(ExploredGuest.Frames + (frame << 12), 1)[0] = frame;
        }
    }

    private void Begin(ref Draw draw)
    {
        _script.Fill(ref draw);
        _script.Bytes.CopyTo(_world.Guest.Ram(ExploredGuest.Scripts, _script.Bytes.Length));
        _world.Guest.Ram(ExploredGuest.Control + ExploredGuest.Tokens, 8 * ExploredScript.Harts).Clear();
        _world.Guest.Ram(ExploredGuest.Control + ExploredGuest.Fences, 8 * ExploredScript.Harts).Clear();
        Word(ExploredGuest.Finished) = 0;
        Word(ExploredGuest.Extras) = 0;
        Word(ExploredGuest.Started) = 0;
        _requestCount = 0;
        _requestsTaken = 0;
        _requestTurn = draw.Below(200);
        switch (draw.Below(16))
        {
            case 0 or 1:
                Ask(LifeRequest.Pause, LifeRequest.Resume);
                break;
            case 2:
                Ask(LifeRequest.Restart);
                break;
            case 3:
                Ask(LifeRequest.Kill, LifeRequest.Start);
                break;
            case 4:
                Ask(LifeRequest.Pause, LifeRequest.Restart);
                break;
            default:
                break;
        }

        Word(ExploredGuest.Go) = ++_go;
    }

    private void Ask(params ReadOnlySpan<LifeRequest> requests)
    {
        requests.CopyTo(_requests);
        _requestCount = requests.Length;
    }

    private bool HasRequest => !_isAsking && _requestsTaken < _requestCount && _turnsOfSeed >= _requestTurn;

    private bool IsOver()
    {
        if (Word(ExploredGuest.Fault) != 0)
        {
            _fault = $"the guest found fault {Word(ExploredGuest.Fault)}";
            return false;
        }

        return Word(ExploredGuest.Done) == _go && _requestsTaken == _requestCount
            && _guest->State == GuestState.Running && _guest->Live == 1 && _guest->Held == 0 && Word(ExploredGuest.Boots) == _guest->Starts;
    }

    // Hart 0 has seen the others stopped: no instruction of theirs follows, so that they are put down.
    private string? Judge()
    {
        Reached[Exploration.EpisodesAt]++;
        for (var i = 1; i < ExploredScript.Harts; i++)
        {
            ref var v = ref *_guest->Harts[i];
            if (v.RunState != RunState.Parked || v.State != HartState.Stopped)
            {
                return Describe($"hart {i} is stopped, and is not");
            }
        }

        return _requestCount == 0 && Word(ExploredGuest.Extras) != Word(ExploredGuest.Started) ? Describe("not all that was started has run") : null;
    }

    // Any hart that could do something; one that sleeps could, if it is interrupted, or to do what is asked of the guest from outside.
    private Hart? Choose(ref Draw draw)
    {
        var count = 0;
        foreach (var hart in Machine.Harts)
        {
            if (hart.Id == _held)
            {
                continue;
            }

            if (_asleep[hart.Id])
            {
                hart.UpdateTimers();
                if ((hart.Pending & hart.ReadCsr(CsrNumber.Sie)) == 0 && !(HasRequest && _machine->Cores[hart.Id].Running == null))
                {
                    continue;
                }
            }

            _ready[count++] = hart;
        }

        if (_held >= 0 && (count == 0 || --_heldFor == 0))
        {
            _ready[count++] = Machine.Harts[_held];
            _held = -1;
        }

        return count == 0 ? null : _ready[draw.Below(count)];
    }

    // On the hart's thread, in the hypervisor, where it would sleep.
    private void Sleep(Hart hart)
    {
        var core = _machine->Cores + hart.Id;
        if (HasRequest && core->Running == null)
        {
            // Others may have their turn before that comes back.
            _isAsking = true;
            var takes = GuestControl<FakeHost>.TryAsk(core, _guest, _requests[_requestsTaken]);
            _isAsking = false;
            if (takes)
            {
                _requestsTaken++;
                Reached[Exploration.RequestsAt]++;
                return;
            }
        }

        _asleep[hart.Id] = true;
        Machine.TryWait(hart);
        _asleep[hart.Id] = false;
    }

    // On the hart's thread, in the hypervisor, where the order of harts can make a difference.
    private void Point()
    {
        if (_turn < 0)
        {
            return;
        }

        Reached[Exploration.PointsAt]++;
        var turn = _turn;
        // What looks is none of it.
        _turn = -1;
        _fault ??= _fetches.Look();
        _turn = turn;
        if (++_points == _holdAt)
        {
            _held = turn;
        }
        else if (--_budget > 0)
        {
            return;
        }

        Reached[Exploration.HandoversAt]++;
        Machine.Relax(Machine.Harts[_turn]);
    }

    private void FindTwice()
    {
        for (var i = 0; i < _asleep.Length; i++)
        {
            var running = _machine->Cores[i].Running;
            for (var j = 0; running != null && j < i; j++)
            {
                if (_machine->Cores[j].Running == running)
                {
                    _fault ??= $"virtual hart {running->V.Index} is on harts {j} and {i}";
                }
            }
        }
    }

    private string Describe(string problem)
    {
        var text = new StringBuilder(problem);
        text.Append(CultureInfo.InvariantCulture, $" after {_turnsOfSeed} turns; guest {_guest->State}, requests {string.Join(' ', _requests.Take(_requestCount))}, {_requestsTaken} taken");
        for (var i = 0; i < ExploredScript.Harts; i++)
        {
            ref var v = ref *_guest->Harts[i];
            text.Append(CultureInfo.InvariantCulture, $"\n  virtual hart {i}: {v.State}, {v.RunState} at hart {v.HostHartId}, asked {(HartRequest)v.Requests}, pc {v.Pc:x}");
        }

        foreach (var hart in Machine.Harts)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n  hart {hart.Id}: {(_asleep[hart.Id] ? "sleeps" : "goes on")}, pending {hart.Pending:x}, pc {hart.Pc:x}");
        }

        return text.ToString();
    }
}
