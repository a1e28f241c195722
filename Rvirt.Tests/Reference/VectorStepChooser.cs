using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Rvirt.Reference;
using Rvirt.Reference.Harts;
using Rvirt.Reference.Instructions;

namespace Rvirt.Tests.Reference;

/// <summary>Chooses vector instructions with states in which they do something, and sometimes any.</summary>
internal sealed class VectorStepChooser : IDisposable
{
    public const int BlockCount = 24;

    private const ulong Translated = (1UL << 17) | (1UL << 11);
    private const uint Vsetvl = 0x8062f057;

    private readonly Random _random;
    private readonly int _bits;
    private readonly Machine _scratch;

    public VectorStepChooser(int seed, int bits)
    {
        _random = new Random(seed);
        _bits = bits;
        _scratch = new Machine(1 << 16, options: new HartOptions { VectorBits = bits });
        _scratch.Hart.WriteCsr(CsrNumber.Mtvec, Machine.DefaultRamBase + 0x100);
        for (var i = 0; i < BlockCount; i++)
        {
            Blocks.Add(Block());
        }
    }

    /// <summary>What all vector registers hold at the start of a step.</summary>
    public List<byte[]> Blocks { get; } = [];

    /// <summary>A step for an instruction: mostly one whose operands are not reserved, where a few tries find it.</summary>
    public VectorStep Choose(VectorInstruction row)
    {
        var step = Any(row);
        if (_random.Next(16) != 0 || step.Start != 0)
        {
            for (var i = 0; i < 60 && IsOdd(step); i++)
            {
                step = Any(row);
            }
        }

        return step;
    }

    /// <summary>Whether the reference hart refuses it, or it begins behind its last element.</summary>
    private bool IsOdd(VectorStep step)
    {
        var hart = _scratch.Hart;
        hart.Mode = PrivilegeLevel.Machine;
        hart.WriteCsr(CsrNumber.Mstatus, Status.Vs);
        _scratch.Write64(Machine.DefaultRamBase, Vsetvl | ((ulong)step.Word << 32));
        (hart[5], hart[6]) = (step.Length, step.Type);
        hart.Pc = Machine.DefaultRamBase;
        hart.Run(1);
        if (step.Start != 0 && step.Start >= hart.ReadCsr(CsrNumber.Vl))
        {
            return true;
        }

        for (var i = 0; i < 6; i++)
        {
            hart[10 + i] = step.X[i];
        }

        hart.WriteCsr(CsrNumber.Mstatus, step.Status & Status.Vs);
        hart.WriteCsr(CsrNumber.Vstart, step.Start);
        hart.WriteCsr(CsrNumber.Mstatus, step.Status & Status.Vs);
        var traps = hart.Traps;
        hart.Run(1);
        return hart.Traps != traps && hart.LastCause == Cause.IllegalInstruction;
    }

    public void Dispose() => _scratch.Dispose();

    private VectorStep Any(VectorInstruction row)
    {
        var memory = VectorTable.IsMemory(row.Op);
        var word = row.Match | ((uint)_random.NextInt64(1L << 32) & ~row.Mask);
        // x registers that are described, and groups of registers.
        var scalar = memory || (word & 0x7000) is 0x4000 or 0x6000 || row.Op is VectorOp.Set or VectorOp.SetI;
        if (scalar)
        {
            word = (word & ~(31u << 15)) | ((row.Op is VectorOp.Set or VectorOp.SetI && _random.Next(4) == 0 ? 0u : 10u) << 15);
        }
        else if (_random.Next(4) != 0 && row.Op != VectorOp.SetII && (word & 0x7000) != 0x3000)
        {
            word &= ~(uint)(_random.Next(8) << 15) | row.Mask;
        }

        if (row.Op is VectorOp.LoadStrided or VectorOp.StoreStrided or VectorOp.Set)
        {
            word = (word & ~(31u << 20)) | ((uint)_random.Next(11, 13) << 20);
        }
        else if (_random.Next(4) != 0)
        {
            word &= ~(uint)(_random.Next(8) << 20) | row.Mask;
        }

        if (row.Op is VectorOp.MoveToScalar or VectorOp.CountPopulation or VectorOp.FindFirst or <= VectorOp.Set)
        {
            word = (word & ~(31u << 7)) | ((uint)(_random.Next(4) == 0 ? 0 : _random.Next(12, 16)) << 7);
        }
        else if (_random.Next(4) != 0)
        {
            word &= ~(uint)(_random.Next(8) << 7) | row.Mask;
        }

        if (memory && (row.Mask >> 29) == 0 && _random.Next(2) == 0)
        {
            word &= 0x1fff_ffff;
        }

        word = (word & ~row.Mask) | row.Match;
        var type = _random.Next(40) == 0 ? (ulong)_random.Next(512) : (ulong)((_random.Next(4) << 6) | (_random.Next(4) << 3) | _random.Next(8));
        var x = new ulong[6];
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = Value();
        }

        if (memory)
        {
            x[0] = Address();
            x[1] = (ulong)(_random.Next(-6, 7) * 8);
            x[2] = (ulong)_random.Next(-40, 41);
        }
        else if (row.Op is VectorOp.Set or VectorOp.SetI)
        {
            x[0] = Length();
            x[1] = type ^ (_random.Next(8) == 0 ? 1UL << _random.Next(64) : 0);
            x[2] = (ulong)_random.Next(256);
        }
        else if (_random.Next(2) == 0)
        {
            x[0] = (ulong)_random.Next(2 * _bits);
        }

        var status = (ulong)(_random.Next(60) == 0 ? 0 : _random.Next(1, 4)) << 9;
        return new VectorStep(
            word, status | Translated, type, Length(), (ulong)_random.Next(8), Start(row.Op), _random.Next(BlockCount), x);
    }

    // QEMU 7.2 forgets to clear vstart behind some instructions, and behind all that find it no less than vl.
    private ulong Start(VectorOp op) =>
        op is VectorOp.LoadWhole or VectorOp.StoreWhole or VectorOp.MoveToScalar or VectorOp.MoveFromScalar or VectorOp.SlideUp || _random.Next(6) != 0
            ? 0
            : (ulong)_random.Next(20);

    private ulong Length() => _random.Next(8) switch
    {
        0 => ulong.MaxValue,
        1 => (ulong)_random.Next(_bits),
        _ => (ulong)_random.Next(18),
    };

    private ulong Address()
    {
        var size = 1 << _random.Next(4);
        var at = _random.Next(8) switch
        {
            0 => 0x1000 * _random.Next(7),
            < 4 => 0x2000 - (size * _random.Next(1, 40)),
            4 => 0x4000 - (size * _random.Next(1, 40)),
            5 => 0x5000 + (size * _random.Next(40)),
            _ => size * _random.Next(100),
        };
        return VectorPayload.Data + (ulong)at + (_random.Next(12) == 0 ? 1u : 0);
    }

    private ulong Value() => _random.Next(4) switch
    {
        0 => (ulong)_random.Next(-20, 20),
        1 => 1UL << _random.Next(64),
        2 => ~(1UL << _random.Next(64)),
        _ => (ulong)_random.NextInt64() << 1,
    };

    /// <summary>Registers with elements of one size that are any, small, or at the edges of what a number holds.</summary>
    private byte[] Block()
    {
        var block = new byte[32 * _bits / 8];
        for (var register = 0; register < 32; register++)
        {
            var size = 1 << _random.Next(4);
            var style = _random.Next(5);
            var one = new byte[8];
            for (var at = 0; at < _bits / 8; at += size)
            {
                var value = style switch
                {
                    0 => (ulong)_random.Next(40),
                    1 => (ulong)_random.Next(256) * (ulong)size,
                    2 => (_random.Next(4) switch { 0 => 0, 1 => 1UL << ((size * 8) - 1), 2 => (1UL << ((size * 8) - 1)) - 1, _ => ulong.MaxValue }) + (ulong)_random.Next(-1, 2),
                    _ => (ulong)_random.NextInt64() ^ ((ulong)_random.NextInt64() << 1),
                };
                BinaryPrimitives.WriteUInt64LittleEndian(one, value);
                one.AsSpan(0, size).CopyTo(block.AsSpan((register * _bits / 8) + at));
            }
        }

        return block;
    }
}
