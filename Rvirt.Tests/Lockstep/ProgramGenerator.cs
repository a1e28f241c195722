using System;
using System.Collections.Generic;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Lockstep;

/// <summary>
/// Invents a program while it runs: each event is chosen with an eye on where the hart is, so that programs stay out of dead ends and
/// keep coming back to the corners.
/// </summary>
public sealed class ProgramGenerator
{
    private readonly Random _random;
    private readonly LockstepRun _run;
    private readonly InstructionChooser _instructions;
    private readonly ValueChooser _values;
    private readonly Queue<LockstepEvent> _queue = new();
    private readonly int _harts;
    private uint _begun;

    /// <summary>Generates for a run.</summary>
    public ProgramGenerator(ulong seed, LockstepRun run)
    {
        _random = new Random((int)(seed ^ (seed >> 32)));
        _run = run;
        _harts = run.Reference.Machine.Harts.Length;
        _values = new ValueChooser(_random, run);
        _instructions = new InstructionChooser(_random, run, _values);
        Prologue();
    }

    private Hart Hart => _run.Reference.Hart;

    private bool InSupervisor => Hart.Mode == PrivilegeLevel.Supervisor;

    /// <summary>The next event.</summary>
    public LockstepEvent Next()
    {
        if (_run.Over || _run.Lost > 3)
        {
            _queue.Clear();
            _queue.Enqueue(LockstepEvent.Restart);
            Prologue();
        }

        while (_queue.Count == 0)
        {
            Choose();
        }

        return _queue.Dequeue();
    }

    private void Prologue()
    {
        _begun = 1;
        SetUp();
    }

    private void SetUp()
    {
        Set(2, 0x8004_1000);
        SetCsr(0x105, _values.Handler());
        if (_random.Next(3) != 0)
        {
            SwitchAddressSpace();
        }

        for (var i = 5; i < 16; i++)
        {
            Set(i, _values.Any());
        }
    }

    private void Choose()
    {
        if (_harts > 1 && _random.Next(5) == 0)
        {
            TakeTurns();
            return;
        }

        if (Hart.VectorRegisters.Length != 0 && _random.Next(6) == 0)
        {
            Vectors();
            return;
        }

        switch (_random.Next(100))
        {
            case < 10:
                Set(_random.Next(1, 32), _values.Any());
                break;
            case < 14:
                Add(LockstepEvent.Raise((LockstepInterrupt)_random.Next(1, 4)));
                break;
            case < 20 when InSupervisor:
                Return(user: _random.Next(3) != 0);
                break;
            case < 24 when InSupervisor:
                SwitchAddressSpace();
                break;
            case < 32 when InSupervisor:
                EditTable();
                break;
            case < 38 when InSupervisor:
                Refence();
                break;
            case < 41 when InSupervisor:
                // sie and sstatus.SIE, so that interrupts are let in.
                Set(5, (ulong)_random.Next(1024) | 0x222);
                Code(Encode.Csr(1 + _random.Next(2), 0x104, 5, _random.Next(4)), Encode.CsrImmediate(6, 0x100, 2, 0));
                break;
            case < 43 when InSupervisor:
                SetCsr(0x105, _values.Handler());
                break;
            case < 45 when InSupervisor:
                FirmwareCall();
                break;
            case < 47:
                SelfModify();
                break;
            case < 50:
                Reserve();
                break;
            case < 52 when InSupervisor:
                Claim();
                break;
            case < 55 when InSupervisor:
                // What U-mode may count.
                Set(5, (ulong)_random.Next(8));
                Code(Encode.Csr(1 + _random.Next(3), 0x106, 5, 0));
                Return(user: true);
                Code(Encode.Csr(2, 0xc00 + _random.Next(3), 0, 6), Encode.Csr(2, 0xc00 + _random.Next(3), 0, 6));
                break;
            case < 57 when InSupervisor:
                Set(6, (ulong)_random.Next(4) << 18);
                Code(Encode.Csr(_random.Next(1, 4), 0x100, 6, _random.Next(4)), _instructions.Access(), _instructions.Access());
                break;
            default:
                Straight();
                break;
        }
    }

    /// <summary>Another hart has its turn, mostly after a fence of what the harts before it changed.</summary>
    private void TakeTurns()
    {
        var next = _random.Next(1, _harts);
        if (_random.Next(8) == 0)
        {
            // A reservation of one, and the other's sc.
            var reserved = _values.Readable(Access.Store) & ~7UL;
            Set(10, reserved);
            Code(Encode.LoadReserved(3, 11, 10));
            Add(LockstepEvent.Turn(next));
            Set(10, reserved);
            Code(Encode.StoreConditional(3, 12, 10, 11));
            return;
        }

        if (_random.Next(8) != 0)
        {
            Add(LockstepEvent.Fence(next, _random.Next(3) == 0 ? _values.Address() : null));
        }

        Add(LockstepEvent.Turn(next));
        var turn = (_run.Reference.Turn + next) % _harts;
        if ((_begun & (1u << turn)) == 0)
        {
            _begun |= 1u << turn;
            SetUp();
        }
    }

    /// <summary>Vector instructions, with traps between them; a kernel turns VS on and off.</summary>
    private void Vectors()
    {
        if (InSupervisor)
        {
            Set(6, (ulong)_random.Next(1, 4) << 9);
            Code(Encode.SfenceVma(0, 0), Encode.Csr(2, 0x100, 6, 0), _random.Next(3) == 0 ? Encode.Csr(3, 0x100, 6, 0) : Encode.Nop);
        }

        Set(10, _values.Readable(Access.Store));
        Set(11, (ulong)_random.Next(-20, 20));
        var words = new List<uint> { _instructions.VectorType() };
        for (var i = _random.Next(1, 5); i > 0; i--)
        {
            words.Add(_instructions.Vector());
            if (_random.Next(3) == 0)
            {
                words.Add(_random.Next(2) == 0 ? Encode.Csr(2, 0x140, 0, 7) : _instructions.VectorType());
            }
        }

        Add(LockstepEvent.Code([.. words]) with { Interrupt = (LockstepInterrupt)_random.Next(4), At = _random.Next(words.Count) });
    }

    private void Straight()
    {
        var words = new uint[_random.Next(1, 7)];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = _instructions.Any();
        }

        var interrupt = _random.Next(8) == 0 ? (LockstepInterrupt)_random.Next(1, 4) : LockstepInterrupt.None;
        Add(LockstepEvent.Code(words) with { Interrupt = interrupt, At = _random.Next(words.Length) });
    }

    /// <summary>sret to somewhere that is likely to have code.</summary>
    private void Return(bool user)
    {
        Set(7, _values.CodeAddress(user));
        Set(8, 0x100 | ((ulong)_random.Next(2) << 5));
        Set(9, (ulong)_random.Next(2) << 5);
        Code(
            Encode.Csr(1, 0x141, 7, 0),
            user ? Encode.Csr(3, 0x100, 8, 0) : Encode.Csr(2, 0x100, 8, 0),
            Encode.Csr(2, 0x100, 9, 0),
            Encode.Sret);
    }

    private void SwitchAddressSpace()
    {
        Set(5, _values.Satp());
        if (_random.Next(2) == 0)
        {
            Code(Encode.Csr(1, 0x180, 5, 0), Encode.SfenceVma(0, 0));
        }
        else
        {
            Code(Encode.Csr(1, 0x180, 5, 0));
        }
    }

    /// <summary>Changes an entry, and may or may not fence it.</summary>
    private void EditTable()
    {
        var entry = _values.Pick(_run.Image.Entries);
        if (!_values.TryReach(entry, Access.Store, out var va))
        {
            return;
        }

        Set(5, va);
        Set(6, _values.NewEntry(entry));
        Set(7, _values.Pick(_run.Image.Addresses) + (ulong)_random.Next(0x2000));
        Set(28, (ulong)_random.Next(4));
        var store = _random.Next(4) switch
        {
            0 => Encode.Atomic(_random.Next(9), 3, _random.Next(32), 5, 6),
            _ => Encode.Store(3, 5, 6, 0),
        };
        switch (_random.Next(6))
        {
            case 0:
                Code(store);
                break;
            case 1:
                Code(store, Encode.SfenceVma(7, 0), Encode.Load(_random.Next(7), 29, 7, 0));
                break;
            case 2:
                Code(store, Encode.SfenceVma(7, 28), Encode.Store(_random.Next(4), 7, 29, 0));
                break;
            case 3:
                Code(store, Encode.SfenceVma(0, 28));
                break;
            default:
                Code(store, Encode.SfenceVma(0, 0));
                break;
        }
    }

    /// <summary>Uses a page, changes its leaf, fences exactly that, and uses it again.</summary>
    private void Refence()
    {
        var satp = Hart.ReadCsr(CsrNumber.Satp);
        var leaves = _run.Image.Leaves.FindAll(leaf => leaf.Root >> 12 == (satp & 0xfff_ffff_ffff));
        if (leaves.Count == 0)
        {
            return;
        }

        var (_, entry, address, level) = _values.Pick(leaves);
        if (!_values.TryReach(entry, Access.Store, out var va))
        {
            return;
        }

        var (user, global) = (_random.Next(2) == 0, _random.Next(4) == 0);
        var next = _random.Next(4) switch
        {
            0 => _run.Image.GoodLeaf(level, user, global),
            1 => _run.Image.GoodLeaf(level, !user, _random.Next(2) == 0),
            2 => _run.Image.GoodLeaf(level, user, global) ^ (1UL << _random.Next(8)),
            _ => _run.Image.GoodLeaf(level, user, global) ^ (1UL << _random.Next(54, 64)),
        };
        var asid = (satp >> 44) & 0xffff;
        Set(5, va);
        Set(6, _run.Image.GoodLeaf(level, user, global) & ~(_random.Next(3) == 0 ? 0x80UL : 0));
        Set(7, address + ((ulong)_random.Next(512) << 3));
        // A large page is one leaf: what is fenced at one address counts at all others.
        Set(12, address + ((ulong)_random.Next(512 << (5 * level)) << 3));
        Set(28, _random.Next(8) == 0 ? asid ^ 1 : asid);
        Set(30, next);
        Set(31, (1UL << 18) | ((ulong)_random.Next(2) << 19));
        var fence = _random.Next(4) switch
        {
            0 => Encode.SfenceVma(7, 28),
            1 => Encode.SfenceVma(0, 28),
            _ => Encode.SfenceVma(7, 0),
        };
        Code(
            Encode.Csr(2 + _random.Next(2), 0x100, 31, 0),
            Encode.Store(3, 5, 6, 0),
            Encode.SfenceVma(7, 0),
            Encode.Load(3, 29, 7, 0),
            Encode.Load(3, 13, 12, 0),
            _random.Next(2) == 0 ? Encode.Nop : Encode.Store(0, 7, 29, 0),
            Encode.Store(3, 5, 30, 0),
            fence,
            Encode.Load(3, 13, 12, 0),
            Encode.Load(3, 29, 7, 0));
        Code(Encode.Store(3, 7, 5, 0), Encode.Load(3, 29, 7, 0));
    }

    private void FirmwareCall()
    {
        var now = _run.Reference.Machine.Clock ?? 0;
        switch (_random.Next(5))
        {
            case 0:
                Set(17, 0x5449_4d45);
                Set(16, 0);
                Set(10, _random.Next(3) switch { 0 => 0, 1 => ulong.MaxValue, _ => now + (ulong)_random.Next(20) });
                break;
            case 1:
                Set(17, 0x73_5049);
                Set(16, 0);
                Set(10, (ulong)_random.Next(_harts > 1 ? 8 : 3));
                Set(11, _random.Next(3) == 0 ? ulong.MaxValue : 0);
                break;
            case 2:
                Set(17, 0x5246_4e43);
                Set(16, (ulong)_random.Next(4));
                Set(10, _harts > 1 ? (ulong)_random.Next(8) : 1);
                Set(11, _harts > 1 && _random.Next(4) == 0 ? ulong.MaxValue : 0);
                Set(12, _random.Next(2) == 0 ? 0 : _values.Pick(_run.Image.Addresses));
                Set(13, _random.Next(3) switch { 0 => 0, 1 => ulong.MaxValue, _ => (ulong)_random.Next(0x4000) });
                Set(14, (ulong)_random.Next(4));
                break;
            case 3:
                Set(17, 0);
                Set(10, now + (ulong)_random.Next(20));
                break;
            default:
                Set(17, _values.Any() | 0x100_0000_0000);
                break;
        }

        Code(Encode.Ecall);
    }

    /// <summary>A store into the instruction behind the fence.i that follows it.</summary>
    private void SelfModify()
    {
        if (!_values.TryReachCode(Hart.Pc + 8, out var va))
        {
            return;
        }

        Set(5, va);
        Set(6, _instructions.Any());
        Code(Encode.Store(2, 5, 6, 0), Encode.FenceI, Encode.Nop, _instructions.Any());
    }

    private void Reserve()
    {
        var wide = _random.Next(2);
        Set(10, _values.Readable(Access.Store) & ~7UL);
        var words = new List<uint> { Encode.LoadReserved(2 + wide, 11, 10) };
        for (var i = _random.Next(3); i > 0; i--)
        {
            words.Add(_instructions.Any());
        }

        words.Add(Encode.StoreConditional(2 + wide, 12, 10, _random.Next(32)));
        Add(LockstepEvent.Code([.. words]) with { Interrupt = (LockstepInterrupt)_random.Next(4), At = _random.Next(words.Count) });
    }

    /// <summary>Takes the UART's byte away, as a driver does, where the devices can be reached.</summary>
    private void Claim()
    {
        if (!_values.TryReach(0x0c20_1004, Access.Load, out var claim) || !_values.TryReach(0x1000_0000, Access.Load, out var uart))
        {
            return;
        }

        Set(5, claim);
        Set(6, uart);
        Code(Encode.Load(2, 7, 5, 0), Encode.Load(4, 8, 6, 0), Encode.Store(2, 5, 7, 0));
    }

    private void SetCsr(int number, ulong value)
    {
        Set(5, value);
        Code(Encode.Csr(1, number, 5, 0));
    }

    private void Set(int register, ulong value) => Add(LockstepEvent.Set(register, value));

    private void Code(params uint[] words) =>
        Add(LockstepEvent.Code(words) with { TurnAt = _harts > 1 && _random.Next(8) == 0 ? _random.Next(words.Length) : -1 });

    private void Add(LockstepEvent e) => _queue.Enqueue(e);
}
