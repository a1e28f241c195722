using System;
using System.Buffers.Binary;
using Rvirt.Core.Instructions;

namespace Rvirt.Core.Images;

/// <summary>Tells a flat S-mode payload, which has no header, from a file that is none.</summary>
/// <remarks>
/// The rule: the first sixteen instructions, found by decoding from the first byte and following direct jumps, must each be one that
/// start-up code can hold: an RV64IMAC or Zicsr instruction with no reserved field, a jump or branch that stays in the file. A
/// jump to itself ends the check early, and so does an indirect jump after two other instructions, or the end of the file. Of random
/// files about two in a thousand pass; a file of zeros or ones does not.
/// </remarks>
internal static unsafe class FlatBinary
{
    private const int InstructionsChecked = 16;

    private enum Step : byte
    {
        /// <summary>No instruction of start-up code.</summary>
        Wrong,

        /// <summary>The next instruction follows.</summary>
        Next,

        /// <summary>The next instruction is at the target.</summary>
        Jump,

        /// <summary>Goes on at the next instruction or the target, which must be in the file.</summary>
        Branch,

        /// <summary>It goes on forever where it is.</summary>
        Halt,

        /// <summary>Where it goes on is not known.</summary>
        Unknown,
    }

    public static bool LooksLikeCode(byte* file, ulong length)
    {
        var at = 0UL;
        for (var i = 0; i < InstructionsChecked; i++)
        {
            if (length - at < 2)
            {
                return i > 0;
            }

            // SAFETY: at is never more than the length, and the bytes read are checked against it.
            var half = BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(file + at, 2));
            var size = (half & 3) == 3 ? 4UL : 2UL;
            if (length - at < size)
            {
                return false;
            }

            var step = size == 2
                ? Compressed(half, out var offset)
                : Full(BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(file + at, 4)), out offset);
            var target = at + (ulong)offset;
            switch (step)
            {
                case Step.Wrong:
                    return false;
                case Step.Halt:
                    return true;
                case Step.Unknown:
                    return i > 1;
                case Step.Jump or Step.Branch when target >= length:
                    return false;
                case Step.Jump:
                    at = target;
                    break;
                default:
                    at += size;
                    break;
            }
        }

        return true;
    }

    private static Step Full(uint instruction, out long offset)
    {
        offset = 0;
        var function = (instruction >> 12) & 7;
        switch (instruction & Encodings.OpcodeMask)
        {
            case Encodings.LoadOpcode:
                return function == 7 ? Step.Wrong : Step.Next;
            case Encodings.StoreOpcode:
                return function > 3 ? Step.Wrong : Step.Next;
            case Encodings.FenceOpcode:
                return function > 1 ? Step.Wrong : Step.Next;
            case Encodings.ImmediateOpcode or Encodings.AuipcOpcode or Encodings.LuiOpcode:
                return Step.Next;
            case Encodings.ImmediateWordOpcode:
                return function is 0 or 1 or 5 ? Step.Next : Step.Wrong;
            case Encodings.RegisterOpcode or Encodings.RegisterWordOpcode:
                return (instruction >> 25) switch
                {
                    0 or 1 => Step.Next,
                    0x20 => function is 0 or 5 ? Step.Next : Step.Wrong,
                    _ => Step.Wrong,
                };
            case Encodings.AtomicOpcode:
                return function is 2 or 3 && (instruction >> 27 <= 4 || ((instruction >> 27) & 3) == 0) ? Step.Next : Step.Wrong;
            case Encodings.BranchOpcode:
                offset = BranchOffset(instruction);
                return function is 2 or 3 ? Step.Wrong : Step.Branch;
            case Encodings.JalrOpcode:
                return function == 0 ? Step.Unknown : Step.Wrong;
            case Encodings.JalOpcode:
                offset = JumpOffset(instruction);
                return offset == 0 ? Step.Halt : Step.Jump;
            case Encodings.SystemOpcode:
                return SystemInstruction(instruction, function);
            default:
                return Step.Wrong;
        }
    }

    private static Step SystemInstruction(uint instruction, uint function)
    {
        if (function != 0)
        {
            // The number's bits 9 and 8 are the least mode that has the CSR: no S-mode payload starts with one of M-mode's.
            return function == 4 || ((instruction >> 28) & 3) > 1 ? Step.Wrong : Step.Next;
        }

        return instruction switch
        {
            Encodings.Ecall or Encodings.Wfi => Step.Next,
            Encodings.Ebreak or Encodings.Sret => Step.Unknown,
            _ => (instruction & Encodings.SfenceVmaMask) == Encodings.SfenceVma ? Step.Next : Step.Wrong,
        };
    }

    private static Step Compressed(uint instruction, out long offset)
    {
        offset = 0;
        var function = instruction >> 13;
        var register = (instruction >> 7) & 31;
        var immediate = ((instruction >> 2) & 31) | ((instruction >> 7) & 32);
        switch (instruction & 3)
        {
            case 0:
                return function switch
                {
                    0 => (instruction & 0x1fe0) == 0 ? Step.Wrong : Step.Next, // addi4spn
                    2 or 3 or 6 or 7 => Step.Next, // lw, ld, sw, sd
                    _ => Step.Wrong,
                };
            case 1:
                switch (function)
                {
                    case 1: // addiw
                        return register == 0 ? Step.Wrong : Step.Next;
                    case 3: // lui, addi16sp
                        return immediate == 0 ? Step.Wrong : Step.Next;
                    case 5: // j
                        offset = CompressedJumpOffset(instruction);
                        return offset == 0 ? Step.Halt : Step.Jump;
                    case 6 or 7: // beqz, bnez
                        offset = CompressedBranchOffset(instruction);
                        return Step.Branch;
                    default: // addi, li, arithmetic
                        return Step.Next;
                }

            default:
                return function switch
                {
                    0 => register == 0 ? Step.Wrong : Step.Next, // slli
                    2 or 3 => register == 0 ? Step.Wrong : Step.Next, // lwsp, ldsp
                    4 => (instruction & 0x7c) != 0 ? Step.Next : register == 0 && (instruction & 0x1000) == 0 ? Step.Wrong : Step.Unknown, // mv, add; jr, jalr, ebreak
                    6 or 7 => Step.Next, // swsp, sdsp
                    _ => Step.Wrong,
                };
        }
    }

    private static long BranchOffset(uint instruction) => SignExtend(
        ((instruction >> 7) & 0x1e) | ((instruction >> 20) & 0x7e0) | ((instruction << 4) & 0x800) | ((instruction >> 19) & 0x1000), 13);

    private static long JumpOffset(uint instruction) => SignExtend(
        ((instruction >> 20) & 0x7fe) | ((instruction >> 9) & 0x800) | (instruction & 0xff000) | ((instruction >> 11) & 0x100000), 21);

    private static long CompressedJumpOffset(uint instruction) => SignExtend(
        ((instruction >> 2) & 0xe) | ((instruction >> 7) & 0x10) | ((instruction << 3) & 0x20) | ((instruction >> 1) & 0x40)
        | ((instruction << 1) & 0x80) | ((instruction >> 1) & 0x300) | ((instruction << 2) & 0x400) | ((instruction >> 1) & 0x800), 12);

    private static long CompressedBranchOffset(uint instruction) => SignExtend(
        ((instruction >> 2) & 6) | ((instruction >> 7) & 0x18) | ((instruction << 3) & 0x20) | ((instruction << 1) & 0xc0) | ((instruction >> 4) & 0x100), 9);

    private static long SignExtend(uint value, int bits) => (long)((ulong)value << (64 - bits)) >> (64 - bits);
}
