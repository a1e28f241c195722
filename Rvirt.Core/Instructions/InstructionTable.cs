using System;
using System.Runtime.CompilerServices;

namespace Rvirt.Core.Instructions;

/// <summary>
/// The one table of the instructions that Rvirt decodes: bit patterns, operand formats and names. Decoder, disassembler and tests
/// all read it.
/// </summary>
/// <remarks>Rows stand in the order of <see cref="InstructionId"/>, grouped by bucket: the major opcode, or quadrant and funct3 of a compressed one.</remarks>
public static class InstructionTable
{
    /// <summary>Number of rows.</summary>
    public const int Count = 60;

    private const int RowWords = 3;

    private const int NameWidth = 12;

    private const int CompressedBuckets = 32;

    // match, mask, format
    private static ReadOnlySpan<uint> Rows =>
    [
        0x00000003, 0x0000707f, (uint)InstructionFormat.Load, // lb
        0x00001003, 0x0000707f, (uint)InstructionFormat.Load, // lh
        0x00002003, 0x0000707f, (uint)InstructionFormat.Load, // lw
        0x00003003, 0x0000707f, (uint)InstructionFormat.Load, // ld
        0x00004003, 0x0000707f, (uint)InstructionFormat.Load, // lbu
        0x00005003, 0x0000707f, (uint)InstructionFormat.Load, // lhu
        0x00006003, 0x0000707f, (uint)InstructionFormat.Load, // lwu
        0x00002007, 0x0000707f, (uint)InstructionFormat.Load, // flw
        0x00003007, 0x0000707f, (uint)InstructionFormat.Load, // fld
        0x00000023, 0x0000707f, (uint)InstructionFormat.Store, // sb
        0x00001023, 0x0000707f, (uint)InstructionFormat.Store, // sh
        0x00002023, 0x0000707f, (uint)InstructionFormat.Store, // sw
        0x00003023, 0x0000707f, (uint)InstructionFormat.Store, // sd
        0x00002027, 0x0000707f, (uint)InstructionFormat.Store, // fsw
        0x00003027, 0x0000707f, (uint)InstructionFormat.Store, // fsd
        0x1000202f, 0xf9f0707f, (uint)InstructionFormat.Atomic, // lr.w
        0x1000302f, 0xf9f0707f, (uint)InstructionFormat.Atomic, // lr.d
        0x1800202f, 0xf800707f, (uint)InstructionFormat.Atomic, // sc.w
        0x1800302f, 0xf800707f, (uint)InstructionFormat.Atomic, // sc.d
        0x0800202f, 0xf800707f, (uint)InstructionFormat.Atomic, // amoswap.w
        0x0800302f, 0xf800707f, (uint)InstructionFormat.Atomic, // amoswap.d
        0x0000202f, 0xf800707f, (uint)InstructionFormat.Atomic, // amoadd.w
        0x0000302f, 0xf800707f, (uint)InstructionFormat.Atomic, // amoadd.d
        0x2000202f, 0xf800707f, (uint)InstructionFormat.Atomic, // amoxor.w
        0x2000302f, 0xf800707f, (uint)InstructionFormat.Atomic, // amoxor.d
        0x6000202f, 0xf800707f, (uint)InstructionFormat.Atomic, // amoand.w
        0x6000302f, 0xf800707f, (uint)InstructionFormat.Atomic, // amoand.d
        0x4000202f, 0xf800707f, (uint)InstructionFormat.Atomic, // amoor.w
        0x4000302f, 0xf800707f, (uint)InstructionFormat.Atomic, // amoor.d
        0x8000202f, 0xf800707f, (uint)InstructionFormat.Atomic, // amomin.w
        0x8000302f, 0xf800707f, (uint)InstructionFormat.Atomic, // amomin.d
        0xa000202f, 0xf800707f, (uint)InstructionFormat.Atomic, // amomax.w
        0xa000302f, 0xf800707f, (uint)InstructionFormat.Atomic, // amomax.d
        0xc000202f, 0xf800707f, (uint)InstructionFormat.Atomic, // amominu.w
        0xc000302f, 0xf800707f, (uint)InstructionFormat.Atomic, // amominu.d
        0xe000202f, 0xf800707f, (uint)InstructionFormat.Atomic, // amomaxu.w
        0xe000302f, 0xf800707f, (uint)InstructionFormat.Atomic, // amomaxu.d
        0x00001073, 0x0000707f, (uint)InstructionFormat.CsrRegister, // csrrw
        0x00002073, 0x0000707f, (uint)InstructionFormat.CsrRegister, // csrrs
        0x00003073, 0x0000707f, (uint)InstructionFormat.CsrRegister, // csrrc
        0x00005073, 0x0000707f, (uint)InstructionFormat.CsrImmediate, // csrrwi
        0x00006073, 0x0000707f, (uint)InstructionFormat.CsrImmediate, // csrrsi
        0x00007073, 0x0000707f, (uint)InstructionFormat.CsrImmediate, // csrrci
        Encodings.Ecall, uint.MaxValue, (uint)InstructionFormat.None, // ecall
        Encodings.Ebreak, uint.MaxValue, (uint)InstructionFormat.None, // ebreak
        Encodings.Sret, uint.MaxValue, (uint)InstructionFormat.None, // sret
        Encodings.Wfi, uint.MaxValue, (uint)InstructionFormat.None, // wfi
        Encodings.SfenceVma, Encodings.SfenceVmaMask, (uint)InstructionFormat.Fence, // sfence.vma
        0x00002000, 0x0000e003, (uint)InstructionFormat.CompressedLoadDouble, // c.fld
        Encodings.CompressedLoadWord, Encodings.CompressedMask, (uint)InstructionFormat.CompressedLoadWord, // c.lw
        0x00006000, 0x0000e003, (uint)InstructionFormat.CompressedLoadDouble, // c.ld
        0x0000a000, 0x0000e003, (uint)InstructionFormat.CompressedStoreDouble, // c.fsd
        0x0000c000, 0x0000e003, (uint)InstructionFormat.CompressedStoreWord, // c.sw
        0x0000e000, 0x0000e003, (uint)InstructionFormat.CompressedStoreDouble, // c.sd
        0x00002002, 0x0000e003, (uint)InstructionFormat.CompressedLoadDoubleStack, // c.fldsp
        0x00004002, 0x0000e003, (uint)InstructionFormat.CompressedLoadWordStack, // c.lwsp
        0x00006002, 0x0000e003, (uint)InstructionFormat.CompressedLoadDoubleStack, // c.ldsp
        0x0000a002, 0x0000e003, (uint)InstructionFormat.CompressedStoreDoubleStack, // c.fsdsp
        0x0000c002, 0x0000e003, (uint)InstructionFormat.CompressedStoreWordStack, // c.swsp
        0x0000e002, 0x0000e003, (uint)InstructionFormat.CompressedStoreDoubleStack, // c.sdsp
    ];

    private static ReadOnlySpan<byte> Names =>
        "lb          "u8 +
        "lh          "u8 +
        "lw          "u8 +
        "ld          "u8 +
        "lbu         "u8 +
        "lhu         "u8 +
        "lwu         "u8 +
        "flw         "u8 +
        "fld         "u8 +
        "sb          "u8 +
        "sh          "u8 +
        "sw          "u8 +
        "sd          "u8 +
        "fsw         "u8 +
        "fsd         "u8 +
        "lr.w        "u8 +
        "lr.d        "u8 +
        "sc.w        "u8 +
        "sc.d        "u8 +
        "amoswap.w   "u8 +
        "amoswap.d   "u8 +
        "amoadd.w    "u8 +
        "amoadd.d    "u8 +
        "amoxor.w    "u8 +
        "amoxor.d    "u8 +
        "amoand.w    "u8 +
        "amoand.d    "u8 +
        "amoor.w     "u8 +
        "amoor.d     "u8 +
        "amomin.w    "u8 +
        "amomin.d    "u8 +
        "amomax.w    "u8 +
        "amomax.d    "u8 +
        "amominu.w   "u8 +
        "amominu.d   "u8 +
        "amomaxu.w   "u8 +
        "amomaxu.d   "u8 +
        "csrrw       "u8 +
        "csrrs       "u8 +
        "csrrc       "u8 +
        "csrrwi      "u8 +
        "csrrsi      "u8 +
        "csrrci      "u8 +
        "ecall       "u8 +
        "ebreak      "u8 +
        "sret        "u8 +
        "wfi         "u8 +
        "sfence.vma  "u8 +
        "c.fld       "u8 +
        "c.lw        "u8 +
        "c.ld        "u8 +
        "c.fsd       "u8 +
        "c.sw        "u8 +
        "c.sd        "u8 +
        "c.fldsp     "u8 +
        "c.lwsp      "u8 +
        "c.ldsp      "u8 +
        "c.fsdsp     "u8 +
        "c.swsp      "u8 +
        "c.sdsp      "u8;

    // First row of each bucket; the next bucket's first row ends it.
    private static ReadOnlySpan<byte> Buckets =>
    [
        0, 7, 9, 9, 9, 9, 9, 9, 9, 13, 15, 15, 37, 37, 37, 37,
        37, 37, 37, 37, 37, 37, 37, 37, 37, 37, 37, 37, 37, 48, 48, 48,
        48, 48, 49, 50, 51, 51, 52, 53, 54, 54, 54, 54, 54, 54, 54, 54,
        54, 54, 55, 56, 57, 57, 58, 59, 60,
    ];

    /// <summary>Finds the instruction that a 16-bit or 32-bit word encodes.</summary>
    /// <param name="word">The instruction; the upper half of a 16-bit one is not looked at.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static InstructionId Find(uint word)
    {
        var compressed = (word & 3) != 3;
        var bucket = compressed
            ? CompressedBuckets + (int)(((word & 3) << 3) | ((word >> 13) & 7))
            : (int)((word >> 2) & 31);
        for (int row = Buckets[bucket]; row < Buckets[bucket + 1]; row++)
        {
            if ((word & Rows[(row * RowWords) + 1]) == Rows[row * RowWords])
            {
                return (InstructionId)(row + 1);
            }
        }

        return InstructionId.Unknown;
    }

    /// <summary>The bits that are fixed in an instruction's encoding.</summary>
    internal static uint Mask(InstructionId id) => Rows[(((int)id - 1) * RowWords) + 1];

    /// <summary>The value of the bits that are fixed in an instruction's encoding.</summary>
    internal static uint Match(InstructionId id) => Rows[((int)id - 1) * RowWords];

    /// <summary>Where an instruction keeps its operands.</summary>
    internal static InstructionFormat Format(InstructionId id) => (InstructionFormat)Rows[(((int)id - 1) * RowWords) + 2];

    /// <summary>The assembler's name of an instruction, without trailing blanks.</summary>
    public static ReadOnlySpan<byte> Name(InstructionId id) =>
        id == InstructionId.Unknown ? "unknown"u8 : Names.Slice(((int)id - 1) * NameWidth, NameWidth).TrimEnd((byte)' ');
}
