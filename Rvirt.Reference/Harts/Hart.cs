using System;
using System.Runtime.InteropServices;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>
/// The reference hart: RV64IMAFDC, and Zve64x where it is asked for, with M, S and U modes, interpreted from the specification. It shares nothing with the libraries it judges.
/// </summary>
public sealed unsafe partial class Hart : IDisposable
{
    private const int DecodeBits = 14;

    private readonly HartBoard _machine;
    private readonly HartOptions _options;
    private readonly ulong* _x;
    private readonly ulong* _f;
    private readonly byte* _v;
    private readonly Decoded* _decoded;
    private readonly byte* _ram;
    private readonly ulong _ramBase;
    private readonly ulong _ramSize;

    private ulong _pc;
    private ulong _count;
    private ulong _notRetired;
    private ulong _deadline;
    private ulong _stopAt;
    private ulong _sliceStart;
    private PrivilegeLevel _mode = PrivilegeLevel.Machine;
    private bool _waiting;
    private bool _stopped;

    private ulong _trapCause;
    private ulong _trapValue;
    private ulong _value;

    private ulong _reservation = NoReservation;
    private ulong _reservedValue;

    internal Hart(HartBoard machine, int id, HartOptions options)
    {
        _machine = machine;
        _options = options;
        Id = id;
        // SAFETY: fixed sizes, freed in Dispose; x has one more slot, which takes writes to x0.
        _x = (ulong*)NativeMemory.AllocZeroed(33, 8);
        _f = (ulong*)NativeMemory.AllocZeroed(33, 8);
        _v = AllocateVectors(options.VectorBits, out _vlenb);
        _decoded = (Decoded*)NativeMemory.AlignedAlloc((nuint)sizeof(Decoded) << DecodeBits, 64);
        _loadTable = (FastEntry*)NativeMemory.AlignedAlloc((nuint)(sizeof(FastEntry) * FastEntries), 64);
        _storeTable = (FastEntry*)NativeMemory.AlignedAlloc((nuint)(sizeof(FastEntry) * FastEntries), 64);
        _fetchTable = (FastEntry*)NativeMemory.AlignedAlloc((nuint)(sizeof(FastEntry) * FastEntries), 64);
        _ram = machine.Ram;
        _ramBase = machine.RamBase;
        _ramSize = machine.RamSize;
        // An empty slot holds the word 0, which only slot 0 is asked for, and there it is right.
        new Span<Decoded>(_decoded, 1 << DecodeBits).Clear();
        _decoded[0] = Decoder.Decode(0);
        ClearFastTables();
        UpdateContext();
    }

    /// <summary>Value of <c>mhartid</c>.</summary>
    public int Id { get; }

    /// <summary>What this hart does where the specification leaves a choice.</summary>
    public HartOptions Options => _options;

    /// <summary>The machine it is part of.</summary>
    public HartBoard Machine => _machine;

    /// <summary>x0 to x31; writes to x0 are lost.</summary>
    /// <param name="register">Its number, of which the lowest five bits count.</param>
    public ulong this[int register]
    {
        get => _x[register & 31];
        set
        {
            if ((register & 31) != 0)
            {
                _x[register & 31] = value;
            }
        }
    }

    /// <summary>f0 to f31 as bits; a number of 32 bits has ones above it.</summary>
    public Span<ulong> Float => new(_f, 32);

    /// <summary>x0 to x31 as one block. Slot 0 is zero and stays so.</summary>
    public Span<ulong> X => new(_x, 32);

    /// <summary>Address of the next instruction.</summary>
    public ulong Pc
    {
        get => _pc;
        set
        {
            _pc = value;
            DropFetchPage();
        }
    }

    /// <summary>Privilege mode; what is set counts from the next instruction.</summary>
    public PrivilegeLevel Mode
    {
        get => _mode;
        set
        {
            _mode = value;
            UpdateContext();
        }
    }

    /// <summary>S-mode software in C#, if any.</summary>
    public ISupervisor? Supervisor { get; set; }

    /// <summary>M-mode software in C#, if any.</summary>
    public IFirmware? Firmware { get; set; }

    /// <summary>Instructions begun, trapping ones and interrupt entries among them: value of <c>mcycle</c> without offset.</summary>
    public ulong Cycles => _count;

    /// <summary>Instructions completed.</summary>
    public ulong Retired => _count - _notRetired;

    /// <summary>True while <c>wfi</c> waits.</summary>
    public bool Waiting => _waiting;

    /// <summary>A stopped hart does not run (SBI HSM); set by firmware.</summary>
    public bool Stopped
    {
        get => _stopped;
        set
        {
            _stopped = value;
            Attention();
        }
    }

    /// <summary>Number of traps taken, interrupts among them.</summary>
    public ulong Traps { get; private set; }

    /// <summary>Cause of the last trap, as <c>mcause</c>.</summary>
    public ulong LastCause { get; private set; }

    /// <summary>Value of the last trap, as <c>mtval</c>.</summary>
    public ulong LastValue { get; private set; }

    /// <summary><c>mtimecmp</c>, in ticks; all ones: no timer.</summary>
    internal ulong MachineTimer { get; set; } = ulong.MaxValue;

    internal ulong SliceCycles => _count - _sliceStart;

    internal void BeginSlice() => _sliceStart = _count;

    /// <summary>Makes the hart look at interrupts, timers and the step limit before its next instruction.</summary>
    internal void Attention() => _deadline = 0;

    /// <summary>Frees registers and caches. The machine does it; a hart is not used afterwards.</summary>
    public void Dispose()
    {
        // SAFETY: allocated in the constructor; the hart is not used afterwards.
        NativeMemory.Free(_x);
        NativeMemory.Free(_f);
        NativeMemory.Free(_v);
        NativeMemory.AlignedFree(_decoded);
        NativeMemory.AlignedFree(_loadTable);
        NativeMemory.AlignedFree(_storeTable);
        NativeMemory.AlignedFree(_fetchTable);
        FreeInstructionCache();
    }

    private static uint Slot(uint raw) => (raw * 0x9e3779b1) >> (32 - DecodeBits);

    private bool Fail(ulong cause, ulong value)
    {
        _trapCause = cause;
        _trapValue = value;
        return false;
    }
}
