using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Reference;

/// <summary>One vector instruction and the state it starts from.</summary>
/// <param name="Word">The instruction.</param>
/// <param name="Status">What <c>mstatus</c> is given: VS, and the translation of its accesses.</param>
/// <param name="Type">Operand of a vsetvl before it.</param>
/// <param name="Length">The other.</param>
/// <param name="Controls"><c>vcsr</c>.</param>
/// <param name="Start"><c>vstart</c>.</param>
/// <param name="Block">Which registers it finds.</param>
/// <param name="X">x10 to x15.</param>
internal sealed record VectorStep(uint Word, ulong Status, ulong Type, ulong Length, ulong Controls, ulong Start, int Block, ulong[] X);

/// <summary>
/// A program in M-mode that puts a hart into a state, runs one vector instruction, and stores all that has become of it, for each of many
/// instructions: the same words on the reference hart and under QEMU.
/// </summary>
internal sealed class VectorPayload : IDisposable
{
    public const ulong Base = 0x8000_0000, Data = 0x80c0_0000;
    public const ulong Ram = 16 << 20;
    public const int Scalars = 14;

    /// <summary>Which of the scalars is <c>mstatus.VS</c>.</summary>
    public const int State = 13;

    private const ulong Descriptions = 0x8010_0000, Blocks = 0x8030_0000, Tables = 0x80b0_0000, Results = 0x8040_0000;
    private const int Described = 12 * 8;

    // Two pages to write, a hole, one to read, a hole, one to write.
    private static ReadOnlySpan<ulong> Pages => [0, 1, 3, 5];

    private readonly Machine _machine;
    private readonly int _bytes;
    private readonly IReadOnlyList<VectorStep> _steps;
    private readonly ulong _flag;
    private readonly ulong _end;

    public VectorPayload(int bits, IReadOnlyList<VectorStep> steps, IReadOnlyList<byte[]> blocks)
    {
        _bytes = bits / 8;
        _steps = steps;
        _machine = new Machine(Ram, options: new HartOptions { VectorBits = bits });
        if ((ulong)(steps.Count * Record) > Tables - Results || (ulong)(steps.Count * Described) > Blocks - Descriptions)
        {
            throw new ArgumentException("too many steps", nameof(steps));
        }

        var tables = new PageTableBuilder(_machine, 8, Tables);
        const ulong Flags = PageTableBuilder.V | PageTableBuilder.R | PageTableBuilder.A | PageTableBuilder.D;
        foreach (var page in Pages)
        {
            tables.Map(Data + (page << 12), Data + (page << 12), Flags | (page == 3 ? 0 : PageTableBuilder.W));
            var random = new Random((int)page);
            random.NextBytes(_machine.Memory(Data + (page << 12), 4096));
        }

        for (var i = 0; i < blocks.Count; i++)
        {
            _machine.Load(Blocks + (ulong)(i * 32 * _bytes), blocks[i]);
        }

        for (var i = 0; i < steps.Count; i++)
        {
            var s = steps[i];
            ulong[] words = [s.Status, s.Type, s.Length, s.Controls, s.Start, Blocks + (ulong)(s.Block * 32 * _bytes), .. s.X];
            MemoryMarshal.AsBytes(words.AsSpan()).CopyTo(_machine.Memory(Descriptions + (ulong)(i * Described), Described));
        }

        _machine.Load(Source(tables.Satp()));
        _flag = Base + 8;
        _end = Base + 16;
    }

    /// <summary>Bytes of what is stored of one instruction.</summary>
    private int Record => (Scalars * 8) + (32 * _bytes);

    /// <summary>All of RAM, for another machine, which is told to print what is stored.</summary>
    public byte[] Image()
    {
        _machine.Write64(_flag, 1);
        var image = _machine.Memory(Base, (int)Ram).ToArray();
        _machine.Write64(_flag, 0);
        return image;
    }

    /// <summary>Runs it on the reference hart.</summary>
    /// <returns>What is stored of all instructions.</returns>
    public byte[] Run()
    {
        _machine.Run(ulong.MaxValue);
        return _machine.Read64(_end) == 1
            ? _machine.Memory(Results, _steps.Count * Record).ToArray()
            : throw new InvalidOperationException($"the program did not come to its end: {_machine.Hart.Pc:x}");
    }

    /// <summary>Where two machines differ in what is stored of one instruction, as text; or null.</summary>
    public string? Difference(int step, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        var a = expected.Slice(step * Record, Record);
        var b = actual.Slice(step * Record, Record);
        ReadOnlySpan<string> names = ["cause+1", "tval", "vstart", "vl", "vtype", "vcsr", "x10", "x11", "x12", "x13", "x14", "x15", "memory"];
        var text = new StringBuilder();
        for (var i = 0; i < names.Length; i++)
        {
            var (x, y) = (MemoryMarshal.Read<ulong>(a[(i * 8)..]), MemoryMarshal.Read<ulong>(b[(i * 8)..]));
            if (x != y)
            {
                text.Append(CultureInfo.InvariantCulture, $" {names[i]} {x:x} {y:x}");
            }
        }

        for (var register = 0; register < 32; register++)
        {
            var x = a.Slice((Scalars * 8) + (register * _bytes), _bytes);
            var y = b.Slice((Scalars * 8) + (register * _bytes), _bytes);
            if (!x.SequenceEqual(y))
            {
                text.Append(CultureInfo.InvariantCulture, $" v{register} {Convert.ToHexStringLower(x)} {Convert.ToHexStringLower(y)}");
            }
        }

        return text.Length == 0 ? null : text.ToString();
    }

    /// <summary>A scalar of what is stored of one instruction.</summary>
    public ulong Scalar(int step, int index, ReadOnlySpan<byte> results) => MemoryMarshal.Read<ulong>(results[((step * Record) + (index * 8))..]);

    public void Dispose() => _machine.Dispose();

    private string Source(ulong satp)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            j start
            .org 8
            .dword 0
            .dword 0
            .align 2
            trap:
                csrr s11, mcause
                addi s11, s11, 1
                csrr s10, mtval
                csrr t0, mepc
                addi t0, t0, 4
                csrw mepc, t0
                mret

            prepare:
                ld t1, 40(s0)
                csrw vstart, zero
                {Whole(0x07, 0, 6)}
                add t1, t1, s2
                {Whole(0x07, 8, 6)}
                add t1, t1, s2
                {Whole(0x07, 16, 6)}
                add t1, t1, s2
                {Whole(0x07, 24, 6)}
                ld t0, 16(s0)
                ld t1, 8(s0)
                .word {0x8062f057}
                ld t0, 24(s0)
                csrw vcsr, t0
                ld t0, 32(s0)
                csrw vstart, t0
                ld a0, 48(s0)
                ld a1, 56(s0)
                ld a2, 64(s0)
                ld a3, 72(s0)
                ld a4, 80(s0)
                ld a5, 88(s0)
                li s11, 0
                li s10, 0
                ld t0, 0(s0)
                csrw mstatus, t0
                ret

            record:
                csrr t1, mstatus
                li t0, 0x600
                and t1, t1, t0
                csrw mstatus, t0
                sd t1, 104(s1)
                sd s11, 0(s1)
                sd s10, 8(s1)
                csrr t0, vstart
                sd t0, 16(s1)
                csrr t0, vl
                sd t0, 24(s1)
                csrr t0, vtype
                sd t0, 32(s1)
                csrr t0, vcsr
                sd t0, 40(s1)
                sd a0, 48(s1)
                sd a1, 56(s1)
                sd a2, 64(s1)
                sd a3, 72(s1)
                sd a4, 80(s1)
                sd a5, 88(s1)
                li t0, 0x80c00000
                li t1, 0x80c06000
                li t2, 0
            sum:
                ld t3, 0(t0)
                slli t4, t2, 5
                add t2, t2, t4
                xor t2, t2, t3
                addi t0, t0, 8
                bltu t0, t1, sum
                sd t2, 96(s1)
                csrw vstart, zero
                addi t1, s1, {Scalars * 8}
                {Whole(0x27, 0, 6)}
                add t1, t1, s2
                {Whole(0x27, 8, 6)}
                add t1, t1, s2
                {Whole(0x27, 16, 6)}
                add t1, t1, s2
                {Whole(0x27, 24, 6)}
                add s1, t1, s2
                addi s0, s0, {Described}
                ret

            start:
                la t0, trap
                csrw mtvec, t0
                li t0, {satp}
                csrw satp, t0
                li t0, -1
                csrw pmpaddr0, t0
                li t0, 0x1f
                csrw pmpcfg0, t0
                li t0, 0x600
                csrw mstatus, t0
                li s0, {Descriptions}
                li s1, {Results}
                csrr s2, vlenb
                slli s2, s2, 3

            """);
        foreach (var step in _steps)
        {
            text.Append(CultureInfo.InvariantCulture, $"    jal ra, prepare\n    .word {step.Word}\n    jal ra, record\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"""
                li t0, {Base}
                li t1, 1
                sd t1, 16(t0)
                ld t1, 8(t0)
                beqz t1, finish
                li t0, {Results}
                li t1, 0x10000000
            print:
                lbu t2, 5(t1)
                andi t2, t2, 0x20
                beqz t2, print
                lbu t2, 0(t0)
                sb t2, 0(t1)
                addi t0, t0, 1
                bltu t0, s1, print
            finish:
                li t0, 0x100000
                li t1, 0x5555
                sw t1, 0(t0)
                j finish
            """);
        return text.ToString();
    }

    /// <summary>A load or store of eight whole registers at an x register.</summary>
    private static string Whole(uint opcode, int register, int at) =>
        string.Create(CultureInfo.InvariantCulture, $".word {opcode | (7u << 29) | (1u << 25) | (8u << 20) | ((uint)at << 15) | ((uint)register << 7)}");
}
