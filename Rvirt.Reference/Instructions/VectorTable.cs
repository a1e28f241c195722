using System;
using System.Collections.Generic;

namespace Rvirt.Reference.Instructions;

/// <summary>One row of the table of vector instructions.</summary>
/// <param name="Name">Mnemonic without aliases.</param>
/// <param name="Op">What it does.</param>
/// <param name="Mask">The bits that are fixed.</param>
/// <param name="Match">Their values.</param>
internal sealed record VectorInstruction(string Name, VectorOp Op, uint Mask, uint Match)
{
    // For messages.
    public override string ToString() => Name;
}

/// <summary>The integer and fixed-point vector instructions, which are those of Zve64x and the multiplications of 64 bits that V adds (Unprivileged spec, V 1.0 §5 to §17).</summary>
internal static class VectorTable
{
    private const uint Unmasked = 1 << 25;
    private const uint Source2 = 31u << 20;
    private const uint Source1 = 31u << 15;
    private const uint Arithmetic = 0xfc00_707f;
    private const uint Memory = 0x1c00_707f;

    // funct3 (V 1.0 §10.1): whole numbers, and those of masks and multiplications.
    private const uint IntegerVector = 0, IntegerImmediate = 3, IntegerScalar = 4, MaskVector = 2, MaskScalar = 6;

    /// <summary>All rows; no two match the same word.</summary>
    public static readonly IReadOnlyList<VectorInstruction> Rows = Build();

    private static readonly VectorInstruction[][] _byFunction = BuildByFunction();

    /// <summary>The row that a word matches, if any.</summary>
    public static VectorInstruction? Find(uint word)
    {
        foreach (var row in _byFunction[Key(word)])
        {
            if ((word & row.Mask) == row.Match)
            {
                return row;
            }
        }

        return null;
    }

    /// <summary>Whether an operation reads or writes memory.</summary>
    public static bool IsMemory(VectorOp op) => op is >= VectorOp.LoadUnit and <= VectorOp.StoreIndexed;

    private static int Key(uint word) => (int)(((word >> 2) & 31) | ((word >> 7) & 0xe0));

    private static List<VectorInstruction> Build()
    {
        var rows = new List<VectorInstruction>
        {
            new("vsetvli", VectorOp.SetI, 0x8000_707f, 0x0000_7057),
            new("vsetivli", VectorOp.SetII, 0xc000_707f, 0xc000_7057),
            new("vsetvl", VectorOp.Set, 0xfe00_707f, 0x8000_7057),
        };
        AddMemory(rows);
        foreach (var (name, op, function, forms) in (ReadOnlySpan<(string, VectorOp, uint, string)>)[
            ("vadd", VectorOp.Add, 0b000000, "vxi"),
            ("vsub", VectorOp.Sub, 0b000010, "vx"),
            ("vrsub", VectorOp.ReverseSub, 0b000011, "xi"),
            ("vminu", VectorOp.MinU, 0b000100, "vx"),
            ("vmin", VectorOp.Min, 0b000101, "vx"),
            ("vmaxu", VectorOp.MaxU, 0b000110, "vx"),
            ("vmax", VectorOp.Max, 0b000111, "vx"),
            ("vand", VectorOp.And, 0b001001, "vxi"),
            ("vor", VectorOp.Or, 0b001010, "vxi"),
            ("vxor", VectorOp.Xor, 0b001011, "vxi"),
            ("vrgather", VectorOp.Gather, 0b001100, "vxi"),
            ("vrgatherei16", VectorOp.Gather16, 0b001110, "v"),
            ("vslideup", VectorOp.SlideUp, 0b001110, "xi"),
            ("vslidedown", VectorOp.SlideDown, 0b001111, "xi"),
            ("vmseq", VectorOp.Equal, 0b011000, "vxi"),
            ("vmsne", VectorOp.NotEqual, 0b011001, "vxi"),
            ("vmsltu", VectorOp.LessU, 0b011010, "vx"),
            ("vmslt", VectorOp.Less, 0b011011, "vx"),
            ("vmsleu", VectorOp.LessOrEqualU, 0b011100, "vxi"),
            ("vmsle", VectorOp.LessOrEqual, 0b011101, "vxi"),
            ("vmsgtu", VectorOp.GreaterU, 0b011110, "xi"),
            ("vmsgt", VectorOp.Greater, 0b011111, "xi"),
            ("vsaddu", VectorOp.SaturatingAddU, 0b100000, "vxi"),
            ("vsadd", VectorOp.SaturatingAdd, 0b100001, "vxi"),
            ("vssubu", VectorOp.SaturatingSubU, 0b100010, "vx"),
            ("vssub", VectorOp.SaturatingSub, 0b100011, "vx"),
            ("vsll", VectorOp.ShiftLeft, 0b100101, "vxi"),
            ("vsmul", VectorOp.FractionalMultiply, 0b100111, "vx"),
            ("vsrl", VectorOp.ShiftRight, 0b101000, "vxi"),
            ("vsra", VectorOp.ShiftRightArithmetic, 0b101001, "vxi"),
            ("vssrl", VectorOp.ScalingShiftRight, 0b101010, "vxi"),
            ("vssra", VectorOp.ScalingShiftRightArithmetic, 0b101011, "vxi"),
            ("vnsrl.w*", VectorOp.NarrowShiftRight, 0b101100, "vxi"),
            ("vnsra.w*", VectorOp.NarrowShiftRightArithmetic, 0b101101, "vxi"),
            ("vnclipu.w*", VectorOp.NarrowClipU, 0b101110, "vxi"),
            ("vnclip.w*", VectorOp.NarrowClip, 0b101111, "vxi"),
            ("vwredsumu.vs", VectorOp.WideReduceSumU, 0b110000, "v"),
            ("vwredsum.vs", VectorOp.WideReduceSum, 0b110001, "v")])
        {
            Integer(rows, name, op, function, forms, 0, 0);
        }

        Integer(rows, "vadc.v*m", VectorOp.AddCarry, 0b010000, "vxi", Unmasked, 0);
        Integer(rows, "vsbc.v*m", VectorOp.SubBorrow, 0b010010, "vx", Unmasked, 0);
        Integer(rows, "vmadc.v*m", VectorOp.CarryOut, 0b010001, "vxi", Unmasked, 0);
        Integer(rows, "vmadc", VectorOp.CarryOut, 0b010001, "vxi", Unmasked, Unmasked);
        Integer(rows, "vmsbc.v*m", VectorOp.BorrowOut, 0b010011, "vx", Unmasked, 0);
        Integer(rows, "vmsbc", VectorOp.BorrowOut, 0b010011, "vx", Unmasked, Unmasked);
        Integer(rows, "vmerge.v*m", VectorOp.Merge, 0b010111, "vxi", Unmasked, 0);
        Integer(rows, "vmv.v.*", VectorOp.Move, 0b010111, "vxi", Unmasked | Source2, Unmasked);
        foreach (var count in (ReadOnlySpan<uint>)[1, 2, 4, 8])
        {
            rows.Add(new($"vmv{count}r.v", VectorOp.MoveWhole, Arithmetic | Unmasked | Source1, Word(0b100111, IntegerImmediate) | Unmasked | ((count - 1) << 15)));
        }

        foreach (var (name, op, function, forms) in (ReadOnlySpan<(string, VectorOp, uint, string)>)[
            ("vredsum.vs", VectorOp.ReduceSum, 0b000000, "v"),
            ("vredand.vs", VectorOp.ReduceAnd, 0b000001, "v"),
            ("vredor.vs", VectorOp.ReduceOr, 0b000010, "v"),
            ("vredxor.vs", VectorOp.ReduceXor, 0b000011, "v"),
            ("vredminu.vs", VectorOp.ReduceMinU, 0b000100, "v"),
            ("vredmin.vs", VectorOp.ReduceMin, 0b000101, "v"),
            ("vredmaxu.vs", VectorOp.ReduceMaxU, 0b000110, "v"),
            ("vredmax.vs", VectorOp.ReduceMax, 0b000111, "v"),
            ("vaaddu", VectorOp.AveragingAddU, 0b001000, "vx"),
            ("vaadd", VectorOp.AveragingAdd, 0b001001, "vx"),
            ("vasubu", VectorOp.AveragingSubU, 0b001010, "vx"),
            ("vasub", VectorOp.AveragingSub, 0b001011, "vx"),
            ("vslide1up", VectorOp.Slide1Up, 0b001110, "x"),
            ("vslide1down", VectorOp.Slide1Down, 0b001111, "x"),
            ("vdivu", VectorOp.DivideU, 0b100000, "vx"),
            ("vdiv", VectorOp.Divide, 0b100001, "vx"),
            ("vremu", VectorOp.RemainderU, 0b100010, "vx"),
            ("vrem", VectorOp.Remainder, 0b100011, "vx"),
            ("vmulhu", VectorOp.MultiplyHighU, 0b100100, "vx"),
            ("vmul", VectorOp.Multiply, 0b100101, "vx"),
            ("vmulhsu", VectorOp.MultiplyHighSU, 0b100110, "vx"),
            ("vmulh", VectorOp.MultiplyHigh, 0b100111, "vx"),
            ("vmadd", VectorOp.MultiplyAdd, 0b101001, "vx"),
            ("vnmsub", VectorOp.NegatedMultiplySub, 0b101011, "vx"),
            ("vmacc", VectorOp.MultiplyAccumulate, 0b101101, "vx"),
            ("vnmsac", VectorOp.NegatedMultiplyAccumulate, 0b101111, "vx"),
            ("vwaddu", VectorOp.WideAddU, 0b110000, "vx"),
            ("vwadd", VectorOp.WideAdd, 0b110001, "vx"),
            ("vwsubu", VectorOp.WideSubU, 0b110010, "vx"),
            ("vwsub", VectorOp.WideSub, 0b110011, "vx"),
            ("vwaddu.w*", VectorOp.WiderAddU, 0b110100, "vx"),
            ("vwadd.w*", VectorOp.WiderAdd, 0b110101, "vx"),
            ("vwsubu.w*", VectorOp.WiderSubU, 0b110110, "vx"),
            ("vwsub.w*", VectorOp.WiderSub, 0b110111, "vx"),
            ("vwmulu", VectorOp.WideMultiplyU, 0b111000, "vx"),
            ("vwmulsu", VectorOp.WideMultiplySU, 0b111010, "vx"),
            ("vwmul", VectorOp.WideMultiply, 0b111011, "vx"),
            ("vwmaccu", VectorOp.WideAccumulateU, 0b111100, "vx"),
            ("vwmacc", VectorOp.WideAccumulate, 0b111101, "vx"),
            ("vwmaccus", VectorOp.WideAccumulateUS, 0b111110, "x"),
            ("vwmaccsu", VectorOp.WideAccumulateSU, 0b111111, "vx")])
        {
            Multiply(rows, name, op, function, forms);
        }

        AddMasks(rows);
        return rows;
    }

    private static void AddMasks(List<VectorInstruction> rows)
    {
        foreach (var (name, op, function) in (ReadOnlySpan<(string, VectorOp, uint)>)[
            ("vmandn.mm", VectorOp.MaskAndNot, 0b011000),
            ("vmand.mm", VectorOp.MaskAnd, 0b011001),
            ("vmor.mm", VectorOp.MaskOr, 0b011010),
            ("vmxor.mm", VectorOp.MaskXor, 0b011011),
            ("vmorn.mm", VectorOp.MaskOrNot, 0b011100),
            ("vmnand.mm", VectorOp.MaskNand, 0b011101),
            ("vmnor.mm", VectorOp.MaskNor, 0b011110),
            ("vmxnor.mm", VectorOp.MaskXnor, 0b011111),
            ("vcompress.vm", VectorOp.Compress, 0b010111)])
        {
            rows.Add(new(name, op, Arithmetic | Unmasked, Word(function, MaskVector) | Unmasked));
        }

        // One source; which instruction it is, the other source's field says.
        foreach (var (name, op, function, number) in (ReadOnlySpan<(string, VectorOp, uint, uint)>)[
            ("vcpop.m", VectorOp.CountPopulation, 0b010000, 0b10000),
            ("vfirst.m", VectorOp.FindFirst, 0b010000, 0b10001),
            ("vzext.vf8", VectorOp.ZeroExtend8, 0b010010, 0b00010),
            ("vsext.vf8", VectorOp.SignExtend8, 0b010010, 0b00011),
            ("vzext.vf4", VectorOp.ZeroExtend4, 0b010010, 0b00100),
            ("vsext.vf4", VectorOp.SignExtend4, 0b010010, 0b00101),
            ("vzext.vf2", VectorOp.ZeroExtend2, 0b010010, 0b00110),
            ("vsext.vf2", VectorOp.SignExtend2, 0b010010, 0b00111),
            ("vmsbf.m", VectorOp.SetBeforeFirst, 0b010100, 0b00001),
            ("vmsof.m", VectorOp.SetOnlyFirst, 0b010100, 0b00010),
            ("vmsif.m", VectorOp.SetIncludingFirst, 0b010100, 0b00011),
            ("viota.m", VectorOp.Iota, 0b010100, 0b10000)])
        {
            rows.Add(new(name, op, Arithmetic | Source1, Word(function, MaskVector) | (number << 15)));
        }

        rows.Add(new("vid.v", VectorOp.Index, Arithmetic | Source1 | Source2, Word(0b010100, MaskVector) | (0b10001 << 15)));
        rows.Add(new("vmv.x.s", VectorOp.MoveToScalar, Arithmetic | Source1 | Unmasked, Word(0b010000, MaskVector) | Unmasked));
        rows.Add(new("vmv.s.x", VectorOp.MoveFromScalar, Arithmetic | Source2 | Unmasked, Word(0b010000, MaskScalar) | Unmasked));
    }

    private static void AddMemory(List<VectorInstruction> rows)
    {
        foreach (var (bits, width) in (ReadOnlySpan<(int, uint)>)[(8, 0), (16, 5), (32, 6), (64, 7)])
        {
            var load = (width << 12) | 0x07;
            var store = (width << 12) | 0x27;
            rows.Add(new($"vle{bits}.v", VectorOp.LoadUnit, Memory | Source2, load));
            rows.Add(new($"vle{bits}ff.v", VectorOp.LoadFirst, Memory | Source2, load | (0b10000 << 20)));
            rows.Add(new($"vlse{bits}.v", VectorOp.LoadStrided, Memory, load | (2 << 26)));
            rows.Add(new($"vluxei{bits}.v", VectorOp.LoadIndexed, Memory, load | (1 << 26)));
            rows.Add(new($"vloxei{bits}.v", VectorOp.LoadIndexed, Memory, load | (3 << 26)));
            rows.Add(new($"vse{bits}.v", VectorOp.StoreUnit, Memory | Source2, store));
            rows.Add(new($"vsse{bits}.v", VectorOp.StoreStrided, Memory, store | (2 << 26)));
            rows.Add(new($"vsuxei{bits}.v", VectorOp.StoreIndexed, Memory, store | (1 << 26)));
            rows.Add(new($"vsoxei{bits}.v", VectorOp.StoreIndexed, Memory, store | (3 << 26)));
            foreach (var count in (ReadOnlySpan<uint>)[1, 2, 4, 8])
            {
                const uint Whole = (0b01000 << 20) | Unmasked;
                var fields = (count - 1) << 29;
                rows.Add(new($"vl{count}re{bits}.v", VectorOp.LoadWhole, 0xfff0_707f, load | Whole | fields));
                if (bits == 8)
                {
                    rows.Add(new($"vs{count}r.v", VectorOp.StoreWhole, 0xfff0_707f, store | Whole | fields));
                }
            }
        }

        rows.Add(new("vlm.v", VectorOp.LoadMask, 0xfff0_707f, 0x07 | Unmasked | (0b01011 << 20)));
        rows.Add(new("vsm.v", VectorOp.StoreMask, 0xfff0_707f, 0x27 | Unmasked | (0b01011 << 20)));
    }

    private static void Integer(List<VectorInstruction> rows, string name, VectorOp op, uint function, string forms, uint mask, uint match)
    {
        foreach (var form in forms)
        {
            var funct3 = form switch { 'v' => IntegerVector, 'x' => IntegerScalar, _ => IntegerImmediate };
            rows.Add(new(Name(name, form), op, Arithmetic | mask, Word(function, funct3) | match));
        }
    }

    private static void Multiply(List<VectorInstruction> rows, string name, VectorOp op, uint function, string forms)
    {
        foreach (var form in forms)
        {
            rows.Add(new(Name(name, form), op, Arithmetic, Word(function, form == 'v' ? MaskVector : MaskScalar)));
        }
    }

    /// <summary>A name with the letter of its last operand, which stands at the star or behind the vector's.</summary>
    private static string Name(string name, char form) =>
        name.Contains('.', StringComparison.Ordinal) ? name.Replace('*', form) : $"{name}.v{form}";

    private static uint Word(uint function, uint funct3) => (function << 26) | (funct3 << 12) | 0x57;

    private static VectorInstruction[][] BuildByFunction()
    {
        var lists = new List<VectorInstruction>[256];
        for (var i = 0; i < lists.Length; i++)
        {
            lists[i] = [];
        }

        foreach (var row in Rows)
        {
            lists[Key(row.Match)].Add(row);
        }

        return Array.ConvertAll(lists, list => list.ToArray());
    }
}
