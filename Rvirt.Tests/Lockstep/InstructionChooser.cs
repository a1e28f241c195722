using System;
using Rvirt.Reference.Instructions;

namespace Rvirt.Tests.Lockstep;

/// <summary>Chooses single instructions, with weights that favour privileged ones and accesses that succeed now and then.</summary>
public sealed class InstructionChooser(Random random, LockstepRun run, ValueChooser values)
{
    /// <summary>The CSRs a guest has.</summary>
    private static readonly int[] _csrs =
    [
        0x100, 0x100, 0x100, 0x104, 0x144, 0x140, 0x140, 0x141, 0x142, 0x143, 0x106, 0x10a, 0xc00, 0xc01, 0xc02, 0x001, 0x002, 0x003, 0x180, 0x105,
    ];

    private readonly Random _random = random;
    private readonly LockstepRun _run = run;
    private readonly ValueChooser _values = values;

    private static readonly int[] _vectorCsrs = [0x008, 0x009, 0x00a, 0x00f, 0xc20, 0xc21, 0xc22];

    private bool HasVectors => _run.Reference.Hart.VectorRegisters.Length != 0;

    /// <summary>Any instruction.</summary>
    public uint Any() => HasVectors && _random.Next(5) == 0 ? Vector() : _random.Next(40) switch
    {
        < 10 => CsrAccess(),
        < 19 => Access(),
        < 23 => Arithmetic(),
        < 27 => Compressed(),
        < 29 => Branch(),
        29 => Encode.Sret,
        30 => _random.Next(2) == 0 && ReferenceFirmwareTakes ? Encode.Ecall : Encode.Ebreak,
        31 => Encode.Wfi,
        32 => Encode.FenceI,
        33 or 34 => Encode.SfenceVma(Register(), Register()),
        35 => (uint)_random.NextInt64(1L << 32) | 3,
        36 => Encode.Csr(_random.Next(1, 8), _random.Next(4096), Register(), Register()),
        37 => Float(),
        _ => Jump(),
    };

    /// <summary>A load, a store or an atomic, mostly through a register that leads somewhere.</summary>
    public uint Access()
    {
        var b = Base(out var store);
        return _random.Next(12) switch
        {
            < 5 when !store => Encode.Load(_random.Next(7), Register(), b, Offset()),
            5 => Encode.LoadReserved(2 + _random.Next(2), Register(), b),
            6 => Encode.StoreConditional(2 + _random.Next(2), _random.Next(1, 32), b, Register()),
            < 9 when store => Encode.Atomic(_random.Next(9), 2 + _random.Next(2), Register(), b, Register()),
            _ => Encode.Store(_random.Next(4), b, Register(), Offset()),
        };
    }

    /// <summary>A vector instruction or an access to a CSR of vectors; a load or store only where all tables are fenced.</summary>
    public uint Vector()
    {
        if (_random.Next(4) == 0)
        {
            return Encode.Csr(_random.Next(1, 4), _values.Pick(_vectorCsrs), Register(), Register());
        }

        var row = _values.Pick(VectorTable.Rows);
        var memory = VectorTable.IsMemory(row.Op);
        if (memory && _run.Reference.Entries.Pending)
        {
            return VectorType();
        }

        var word = (uint)_random.NextInt64(1L << 32);
        // Groups of registers begin at multiples of their size.
        word &= ~(((uint)_random.Next(8) << 7) | ((uint)_random.Next(8) << 20));
        word |= _random.Next(3) == 0 ? 0u : 1 << 25;
        if (memory)
        {
            word = (word & ~(31u << 15)) | ((uint)Base(out _) << 15);
            word &= _random.Next(2) == 0 ? 0x1fff_ffff : ~0u;
        }

        return row.Match | (word & ~row.Mask);
    }

    /// <summary>vsetvli to a type that there is, and mostly few elements.</summary>
    public uint VectorType() => _random.Next(4) == 0
        ? 0x7057u | ((uint)_random.Next(256) << 20) | ((uint)Register() << 15) | ((uint)Register() << 7)
        : 0xc000_7057u | ((uint)_random.Next(256) << 20) | ((uint)_random.Next(1, 32) << 15) | ((uint)Register() << 7);

    // An ecall from S-mode is a call of the firmware, and most of its calls are left out.
    private bool ReferenceFirmwareTakes => !ReferenceFirmware.IsLeftOut(_run.Reference.Hart[17]);

    private int Register() => _random.Next(5) == 0 ? 0 : _random.Next(32);

    private int Offset() => _random.Next(3) == 0 ? _random.Next(-16, 16) : 0;

    private int Base(out bool store)
    {
        var hart = _run.Reference.Hart;
        store = _random.Next(2) == 0;
        if (_random.Next(5) != 0)
        {
            var first = _random.Next(1, 32);
            for (var i = 0; i < 31; i++)
            {
                var register = 1 + ((first + i) % 31);
                if (hart.TryProbe(hart[register], store ? Rvirt.Reference.Harts.Access.Store : Rvirt.Reference.Harts.Access.Load, out _))
                {
                    return register;
                }
            }
        }

        return _random.Next(32);
    }

    private uint CsrAccess()
    {
        var form = _random.Next(1, 8);
        return Encode.Csr(form == 4 ? 1 : form, _values.Pick(_csrs), Register(), Register());
    }

    private uint Arithmetic()
    {
        var row = InstructionTable.Of((Op)_random.Next((int)Op.Addi, (int)Op.Remuw + 1));
        return row.Match | ((uint)_random.NextInt64(1L << 32) & ~row.Mask);
    }

    private uint Compressed() => ((uint)_random.Next(16384) << 2) | (uint)_random.Next(3);

    private uint Branch() =>
        // Forward over one instruction, back by one, or to a half of it.
        ((uint)_random.Next(32) << 20) | ((uint)_random.Next(32) << 15) | ((uint)_random.Next(8) << 12) | 0x63 | (_random.Next(3) switch
        {
            0 => 8u << 7,
            1 => 6u << 7,
            _ => 0xfe00_0e80,
        });

    private uint Jump()
    {
        var hart = _run.Reference.Hart;
        var first = _random.Next(1, 32);
        for (var i = 0; i < 31; i++)
        {
            var register = 1 + ((first + i) % 31);
            if (hart.TryProbe(hart[register], Rvirt.Reference.Harts.Access.Fetch, out _))
            {
                return ((uint)register << 15) | ((uint)Register() << 7) | 0x67;
            }
        }

        return ((uint)_random.Next(8) << 21) | ((uint)Register() << 7) | 0x6f;
    }

    private uint Float()
    {
        var row = InstructionTable.Of((Op)_random.Next((int)Op.Flw, (int)Op.FcvtDS + 1));
        return row.Match | ((uint)_random.NextInt64(1L << 32) & ~row.Mask);
    }
}
