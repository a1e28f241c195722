using System;
using System.Collections.Generic;

namespace Rvirt.Reference.Instructions;

/// <summary>One row of the instruction table.</summary>
/// <param name="Name">Mnemonic without aliases.</param>
/// <param name="Op">What it does.</param>
/// <param name="Mask">The bits that are fixed.</param>
/// <param name="Match">Their values.</param>
/// <param name="Format">Its operands.</param>
internal sealed record Instruction(string Name, Op Op, uint Mask, uint Match, Format Format);

/// <summary>The 32-bit instructions of RV64IMAFD with Zicsr and Zifencei and the privileged ones (Unprivileged spec 20240411 §35).</summary>
internal static class InstructionTable
{
    /// <summary>All rows; where two match, the first counts.</summary>
    public static readonly Instruction[] Rows =
    [
        new("lui", Op.Lui, 0x0000007f, 0x00000037, Format.U),
        new("auipc", Op.Auipc, 0x0000007f, 0x00000017, Format.U),
        new("jal", Op.Jal, 0x0000007f, 0x0000006f, Format.J),
        new("jalr", Op.Jalr, 0x0000707f, 0x00000067, Format.Load),
        new("beq", Op.Beq, 0x0000707f, 0x00000063, Format.B),
        new("bne", Op.Bne, 0x0000707f, 0x00001063, Format.B),
        new("blt", Op.Blt, 0x0000707f, 0x00004063, Format.B),
        new("bge", Op.Bge, 0x0000707f, 0x00005063, Format.B),
        new("bltu", Op.Bltu, 0x0000707f, 0x00006063, Format.B),
        new("bgeu", Op.Bgeu, 0x0000707f, 0x00007063, Format.B),
        new("lb", Op.Lb, 0x0000707f, 0x00000003, Format.Load),
        new("lh", Op.Lh, 0x0000707f, 0x00001003, Format.Load),
        new("lw", Op.Lw, 0x0000707f, 0x00002003, Format.Load),
        new("ld", Op.Ld, 0x0000707f, 0x00003003, Format.Load),
        new("lbu", Op.Lbu, 0x0000707f, 0x00004003, Format.Load),
        new("lhu", Op.Lhu, 0x0000707f, 0x00005003, Format.Load),
        new("lwu", Op.Lwu, 0x0000707f, 0x00006003, Format.Load),
        new("sb", Op.Sb, 0x0000707f, 0x00000023, Format.S),
        new("sh", Op.Sh, 0x0000707f, 0x00001023, Format.S),
        new("sw", Op.Sw, 0x0000707f, 0x00002023, Format.S),
        new("sd", Op.Sd, 0x0000707f, 0x00003023, Format.S),
        new("addi", Op.Addi, 0x0000707f, 0x00000013, Format.I),
        new("slti", Op.Slti, 0x0000707f, 0x00002013, Format.I),
        new("sltiu", Op.Sltiu, 0x0000707f, 0x00003013, Format.I),
        new("xori", Op.Xori, 0x0000707f, 0x00004013, Format.I),
        new("ori", Op.Ori, 0x0000707f, 0x00006013, Format.I),
        new("andi", Op.Andi, 0x0000707f, 0x00007013, Format.I),
        new("slli", Op.Slli, 0xfc00707f, 0x00001013, Format.Shift),
        new("srli", Op.Srli, 0xfc00707f, 0x00005013, Format.Shift),
        new("srai", Op.Srai, 0xfc00707f, 0x40005013, Format.Shift),
        new("add", Op.Add, 0xfe00707f, 0x00000033, Format.R),
        new("sub", Op.Sub, 0xfe00707f, 0x40000033, Format.R),
        new("sll", Op.Sll, 0xfe00707f, 0x00001033, Format.R),
        new("slt", Op.Slt, 0xfe00707f, 0x00002033, Format.R),
        new("sltu", Op.Sltu, 0xfe00707f, 0x00003033, Format.R),
        new("xor", Op.Xor, 0xfe00707f, 0x00004033, Format.R),
        new("srl", Op.Srl, 0xfe00707f, 0x00005033, Format.R),
        new("sra", Op.Sra, 0xfe00707f, 0x40005033, Format.R),
        new("or", Op.Or, 0xfe00707f, 0x00006033, Format.R),
        new("and", Op.And, 0xfe00707f, 0x00007033, Format.R),
        new("addiw", Op.Addiw, 0x0000707f, 0x0000001b, Format.I),
        new("slliw", Op.Slliw, 0xfe00707f, 0x0000101b, Format.ShiftW),
        new("srliw", Op.Srliw, 0xfe00707f, 0x0000501b, Format.ShiftW),
        new("sraiw", Op.Sraiw, 0xfe00707f, 0x4000501b, Format.ShiftW),
        new("addw", Op.Addw, 0xfe00707f, 0x0000003b, Format.R),
        new("subw", Op.Subw, 0xfe00707f, 0x4000003b, Format.R),
        new("sllw", Op.Sllw, 0xfe00707f, 0x0000103b, Format.R),
        new("srlw", Op.Srlw, 0xfe00707f, 0x0000503b, Format.R),
        new("sraw", Op.Sraw, 0xfe00707f, 0x4000503b, Format.R),
        new("mul", Op.Mul, 0xfe00707f, 0x02000033, Format.R),
        new("mulh", Op.Mulh, 0xfe00707f, 0x02001033, Format.R),
        new("mulhsu", Op.Mulhsu, 0xfe00707f, 0x02002033, Format.R),
        new("mulhu", Op.Mulhu, 0xfe00707f, 0x02003033, Format.R),
        new("div", Op.Div, 0xfe00707f, 0x02004033, Format.R),
        new("divu", Op.Divu, 0xfe00707f, 0x02005033, Format.R),
        new("rem", Op.Rem, 0xfe00707f, 0x02006033, Format.R),
        new("remu", Op.Remu, 0xfe00707f, 0x02007033, Format.R),
        new("mulw", Op.Mulw, 0xfe00707f, 0x0200003b, Format.R),
        new("divw", Op.Divw, 0xfe00707f, 0x0200403b, Format.R),
        new("divuw", Op.Divuw, 0xfe00707f, 0x0200503b, Format.R),
        new("remw", Op.Remw, 0xfe00707f, 0x0200603b, Format.R),
        new("remuw", Op.Remuw, 0xfe00707f, 0x0200703b, Format.R),
        new("fence.tso", Op.FenceTso, 0xffffffff, 0x8330000f, Format.None),
        new("fence", Op.Fence, 0x0000707f, 0x0000000f, Format.Fence),
        new("fence.i", Op.FenceI, 0x0000707f, 0x0000100f, Format.None),
        new("ecall", Op.Ecall, 0xffffffff, 0x00000073, Format.None),
        new("ebreak", Op.Ebreak, 0xffffffff, 0x00100073, Format.None),
        new("sret", Op.Sret, 0xffffffff, 0x10200073, Format.None),
        new("mret", Op.Mret, 0xffffffff, 0x30200073, Format.None),
        new("wfi", Op.Wfi, 0xffffffff, 0x10500073, Format.None),
        new("sfence.vma", Op.SfenceVma, 0xfe007fff, 0x12000073, Format.SfenceVma),
        new("csrrw", Op.Csrrw, 0x0000707f, 0x00001073, Format.Csr),
        new("csrrs", Op.Csrrs, 0x0000707f, 0x00002073, Format.Csr),
        new("csrrc", Op.Csrrc, 0x0000707f, 0x00003073, Format.Csr),
        new("csrrwi", Op.Csrrwi, 0x0000707f, 0x00005073, Format.CsrImmediate),
        new("csrrsi", Op.Csrrsi, 0x0000707f, 0x00006073, Format.CsrImmediate),
        new("csrrci", Op.Csrrci, 0x0000707f, 0x00007073, Format.CsrImmediate),
        new("lr.w", Op.LrW, 0xf9f0707f, 0x1000202f, Format.Lr),
        new("sc.w", Op.ScW, 0xf800707f, 0x1800202f, Format.Amo),
        new("amoswap.w", Op.AmoswapW, 0xf800707f, 0x0800202f, Format.Amo),
        new("amoadd.w", Op.AmoaddW, 0xf800707f, 0x0000202f, Format.Amo),
        new("amoxor.w", Op.AmoxorW, 0xf800707f, 0x2000202f, Format.Amo),
        new("amoand.w", Op.AmoandW, 0xf800707f, 0x6000202f, Format.Amo),
        new("amoor.w", Op.AmoorW, 0xf800707f, 0x4000202f, Format.Amo),
        new("amomin.w", Op.AmominW, 0xf800707f, 0x8000202f, Format.Amo),
        new("amomax.w", Op.AmomaxW, 0xf800707f, 0xa000202f, Format.Amo),
        new("amominu.w", Op.AmominuW, 0xf800707f, 0xc000202f, Format.Amo),
        new("amomaxu.w", Op.AmomaxuW, 0xf800707f, 0xe000202f, Format.Amo),
        new("lr.d", Op.LrD, 0xf9f0707f, 0x1000302f, Format.Lr),
        new("sc.d", Op.ScD, 0xf800707f, 0x1800302f, Format.Amo),
        new("amoswap.d", Op.AmoswapD, 0xf800707f, 0x0800302f, Format.Amo),
        new("amoadd.d", Op.AmoaddD, 0xf800707f, 0x0000302f, Format.Amo),
        new("amoxor.d", Op.AmoxorD, 0xf800707f, 0x2000302f, Format.Amo),
        new("amoand.d", Op.AmoandD, 0xf800707f, 0x6000302f, Format.Amo),
        new("amoor.d", Op.AmoorD, 0xf800707f, 0x4000302f, Format.Amo),
        new("amomin.d", Op.AmominD, 0xf800707f, 0x8000302f, Format.Amo),
        new("amomax.d", Op.AmomaxD, 0xf800707f, 0xa000302f, Format.Amo),
        new("amominu.d", Op.AmominuD, 0xf800707f, 0xc000302f, Format.Amo),
        new("amomaxu.d", Op.AmomaxuD, 0xf800707f, 0xe000302f, Format.Amo),
        new("flw", Op.Flw, 0x0000707f, 0x00002007, Format.FloatLoad),
        new("fld", Op.Fld, 0x0000707f, 0x00003007, Format.FloatLoad),
        new("fsw", Op.Fsw, 0x0000707f, 0x00002027, Format.FloatStore),
        new("fsd", Op.Fsd, 0x0000707f, 0x00003027, Format.FloatStore),
        new("fmadd.s", Op.FmaddS, 0x0600007f, 0x00000043, Format.FloatTernary),
        new("fmsub.s", Op.FmsubS, 0x0600007f, 0x00000047, Format.FloatTernary),
        new("fnmsub.s", Op.FnmsubS, 0x0600007f, 0x0000004b, Format.FloatTernary),
        new("fnmadd.s", Op.FnmaddS, 0x0600007f, 0x0000004f, Format.FloatTernary),
        new("fadd.s", Op.FaddS, 0xfe00007f, 0x00000053, Format.FloatBinary),
        new("fsub.s", Op.FsubS, 0xfe00007f, 0x08000053, Format.FloatBinary),
        new("fmul.s", Op.FmulS, 0xfe00007f, 0x10000053, Format.FloatBinary),
        new("fdiv.s", Op.FdivS, 0xfe00007f, 0x18000053, Format.FloatBinary),
        new("fsqrt.s", Op.FsqrtS, 0xfff0007f, 0x58000053, Format.FloatUnary),
        new("fsgnj.s", Op.FsgnjS, 0xfe00707f, 0x20000053, Format.FloatPlain),
        new("fsgnjn.s", Op.FsgnjnS, 0xfe00707f, 0x20001053, Format.FloatPlain),
        new("fsgnjx.s", Op.FsgnjxS, 0xfe00707f, 0x20002053, Format.FloatPlain),
        new("fmin.s", Op.FminS, 0xfe00707f, 0x28000053, Format.FloatPlain),
        new("fmax.s", Op.FmaxS, 0xfe00707f, 0x28001053, Format.FloatPlain),
        new("feq.s", Op.FeqS, 0xfe00707f, 0xa0002053, Format.FloatCompare),
        new("flt.s", Op.FltS, 0xfe00707f, 0xa0001053, Format.FloatCompare),
        new("fle.s", Op.FleS, 0xfe00707f, 0xa0000053, Format.FloatCompare),
        new("fclass.s", Op.FclassS, 0xfff0707f, 0xe0001053, Format.FloatMoveToInteger),
        new("fcvt.w.s", Op.FcvtWS, 0xfff0007f, 0xc0000053, Format.FloatToInteger),
        new("fcvt.s.w", Op.FcvtSW, 0xfff0007f, 0xd0000053, Format.IntegerToFloat),
        new("fcvt.wu.s", Op.FcvtWuS, 0xfff0007f, 0xc0100053, Format.FloatToInteger),
        new("fcvt.s.wu", Op.FcvtSWu, 0xfff0007f, 0xd0100053, Format.IntegerToFloat),
        new("fcvt.l.s", Op.FcvtLS, 0xfff0007f, 0xc0200053, Format.FloatToInteger),
        new("fcvt.s.l", Op.FcvtSL, 0xfff0007f, 0xd0200053, Format.IntegerToFloat),
        new("fcvt.lu.s", Op.FcvtLuS, 0xfff0007f, 0xc0300053, Format.FloatToInteger),
        new("fcvt.s.lu", Op.FcvtSLu, 0xfff0007f, 0xd0300053, Format.IntegerToFloat),
        new("fmv.x.w", Op.FmvXW, 0xfff0707f, 0xe0000053, Format.FloatMoveToInteger),
        new("fmv.w.x", Op.FmvWX, 0xfff0707f, 0xf0000053, Format.FloatMoveFromInteger),
        new("fmadd.d", Op.FmaddD, 0x0600007f, 0x02000043, Format.FloatTernary),
        new("fmsub.d", Op.FmsubD, 0x0600007f, 0x02000047, Format.FloatTernary),
        new("fnmsub.d", Op.FnmsubD, 0x0600007f, 0x0200004b, Format.FloatTernary),
        new("fnmadd.d", Op.FnmaddD, 0x0600007f, 0x0200004f, Format.FloatTernary),
        new("fadd.d", Op.FaddD, 0xfe00007f, 0x02000053, Format.FloatBinary),
        new("fsub.d", Op.FsubD, 0xfe00007f, 0x0a000053, Format.FloatBinary),
        new("fmul.d", Op.FmulD, 0xfe00007f, 0x12000053, Format.FloatBinary),
        new("fdiv.d", Op.FdivD, 0xfe00007f, 0x1a000053, Format.FloatBinary),
        new("fsqrt.d", Op.FsqrtD, 0xfff0007f, 0x5a000053, Format.FloatUnary),
        new("fsgnj.d", Op.FsgnjD, 0xfe00707f, 0x22000053, Format.FloatPlain),
        new("fsgnjn.d", Op.FsgnjnD, 0xfe00707f, 0x22001053, Format.FloatPlain),
        new("fsgnjx.d", Op.FsgnjxD, 0xfe00707f, 0x22002053, Format.FloatPlain),
        new("fmin.d", Op.FminD, 0xfe00707f, 0x2a000053, Format.FloatPlain),
        new("fmax.d", Op.FmaxD, 0xfe00707f, 0x2a001053, Format.FloatPlain),
        new("feq.d", Op.FeqD, 0xfe00707f, 0xa2002053, Format.FloatCompare),
        new("flt.d", Op.FltD, 0xfe00707f, 0xa2001053, Format.FloatCompare),
        new("fle.d", Op.FleD, 0xfe00707f, 0xa2000053, Format.FloatCompare),
        new("fclass.d", Op.FclassD, 0xfff0707f, 0xe2001053, Format.FloatMoveToInteger),
        new("fcvt.w.d", Op.FcvtWD, 0xfff0007f, 0xc2000053, Format.FloatToInteger),
        new("fcvt.d.w", Op.FcvtDW, 0xfff0007f, 0xd2000053, Format.IntegerToFloat),
        new("fcvt.wu.d", Op.FcvtWuD, 0xfff0007f, 0xc2100053, Format.FloatToInteger),
        new("fcvt.d.wu", Op.FcvtDWu, 0xfff0007f, 0xd2100053, Format.IntegerToFloat),
        new("fcvt.l.d", Op.FcvtLD, 0xfff0007f, 0xc2200053, Format.FloatToInteger),
        new("fcvt.d.l", Op.FcvtDL, 0xfff0007f, 0xd2200053, Format.IntegerToFloat),
        new("fcvt.lu.d", Op.FcvtLuD, 0xfff0007f, 0xc2300053, Format.FloatToInteger),
        new("fcvt.d.lu", Op.FcvtDLu, 0xfff0007f, 0xd2300053, Format.IntegerToFloat),
        new("fmv.x.d", Op.FmvXD, 0xfff0707f, 0xe2000053, Format.FloatMoveToInteger),
        new("fmv.d.x", Op.FmvDX, 0xfff0707f, 0xf2000053, Format.FloatMoveFromInteger),
        new("fcvt.s.d", Op.FcvtSD, 0xfff0007f, 0x40100053, Format.FloatUnary),
        new("fcvt.d.s", Op.FcvtDS, 0xfff0007f, 0x42000053, Format.FloatUnary),
    ];

    private static readonly Instruction[][] _byOpcode = BuildByOpcode();
    private static readonly Dictionary<string, Instruction> _byName = BuildByName();
    private static readonly Instruction?[] _byOp = BuildByOp();

    /// <summary>The row an uncompressed word matches, if any.</summary>
    public static Instruction? Find(uint word)
    {
        foreach (var row in _byOpcode[word & 0x7f])
        {
            if ((word & row.Mask) == row.Match)
            {
                return row;
            }
        }

        return null;
    }

    /// <summary>The row of a mnemonic, if there is one.</summary>
    public static Instruction? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The row of an operation.</summary>
    public static Instruction Of(Op op) => _byOp[(int)op] ?? throw new ArgumentOutOfRangeException(nameof(op));

    private static Instruction[][] BuildByOpcode()
    {
        var lists = new List<Instruction>[128];
        for (var i = 0; i < lists.Length; i++)
        {
            lists[i] = [];
        }

        foreach (var row in Rows)
        {
            lists[row.Match & 0x7f].Add(row);
        }

        return Array.ConvertAll(lists, list => list.ToArray());
    }

    private static Dictionary<string, Instruction> BuildByName()
    {
        var names = new Dictionary<string, Instruction>();
        foreach (var row in Rows)
        {
            names.Add(row.Name, row);
        }

        return names;
    }

    private static Instruction?[] BuildByOp()
    {
        var ops = new Instruction?[Enum.GetValues<Op>().Length];
        foreach (var row in Rows)
        {
            ops[(int)row.Op] = row;
        }

        return ops;
    }
}
