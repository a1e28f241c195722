using System;
using System.Collections.Generic;
using System.Linq;
using Rvirt.Core.Instructions;

namespace Rvirt.Tool.Debugging;

/// <summary>Where a hart goes on behind an instruction (Unprivileged spec 20240411, chapters 2, 13 and 27), for breakpoints that make a step.</summary>
public static class NextInstruction
{
    // What compilers put between a load-reserved and its store-conditional (Unprivileged spec §13.3).
    private const int LongestSequence = 16;

    /// <summary>Where it can go on next, once the instruction, or the sequence that a reservation spans, is done.</summary>
    /// <param name="registers">The hart's registers.</param>
    /// <param name="fetch">Gives the instruction at an address, the upper half zero where it has two bytes; null where none can be read.</param>
    public static IReadOnlyList<ulong> After(HartRegisters registers, Func<ulong, uint?> fetch)
    {
        if (fetch(registers.Pc) is not { } word)
        {
            // Its fetch faults: it goes to its handler.
            return [registers["stvec"] & ~3UL];
        }

        return IsLoadReserved(word) && Sequence(registers.Pc, fetch) is { } ends ? ends : [Of(registers, registers.Pc, word)];
    }

    private static ulong Of(HartRegisters registers, ulong pc, uint word)
    {
        var x = registers.X;
        if (word == Encodings.Sret)
        {
            return registers["sepc"];
        }

        if (JumpBase(word) is { } number)
        {
            return (x[number] + (ulong)(IsLong(word) ? (int)word >> 20 : 0)) & ~1UL;
        }

        return Target(pc, word) is { } target && IsTaken(word, x) ? target : pc + Length(word);
    }

    /// <summary>Bytes of an instruction.</summary>
    public static uint Length(uint word) => IsLong(word) ? 4u : 2u;

    private static bool IsLong(uint word) => (word & 3) == 3;

    private static bool IsLoadReserved(uint word) => (word & Encodings.OpcodeMask) == Encodings.AtomicOpcode && word >> 27 == 2;

    private static bool IsStoreConditional(uint word) => (word & Encodings.OpcodeMask) == Encodings.AtomicOpcode && word >> 27 == 3;

    // A reservation does not outlast a trap: the whole sequence is one step.
    private static List<ulong>? Sequence(ulong start, Func<ulong, uint?> fetch)
    {
        List<ulong> targets = [];
        var at = start;
        for (var i = 0; i < LongestSequence && fetch(at) is { } word; i++)
        {
            var next = at + Length(word);
            if (IsStoreConditional(word))
            {
                return [next, .. targets.Where(target => target < start || target > at)];
            }

            if (JumpBase(word) is not null || IsUnconditional(word) || word == Encodings.Sret)
            {
                return null;
            }

            if (Target(at, word) is { } target)
            {
                targets.Add(target);
            }

            at = next;
        }

        return null;
    }

    // The register of jalr, c.jr and c.jalr.
    private static int? JumpBase(uint word)
    {
        if (IsLong(word))
        {
            return (word & Encodings.OpcodeMask) == Encodings.JalrOpcode ? (int)(word >> 15) & 31 : null;
        }

        var number = (int)(word >> 7) & 31;
        return (word & Encodings.CompressedRegisterMask) is Encodings.CompressedJumpRegister or Encodings.CompressedCallRegister && number != 0 ? number : null;
    }

    private static bool IsUnconditional(uint word) => IsLong(word) ? (word & Encodings.OpcodeMask) == Encodings.JalOpcode : (word & Encodings.CompressedMask) == Encodings.CompressedJump;

    // Of a jump or branch whose target is in the instruction.
    private static ulong? Target(ulong pc, uint word)
    {
        long? offset = (IsLong(word), word & (IsLong(word) ? Encodings.OpcodeMask : Encodings.CompressedMask)) switch
        {
            (true, Encodings.JalOpcode) => Signed(Bits(word, 31, 1, 20) | Bits(word, 12, 8, 12) | Bits(word, 20, 1, 11) | Bits(word, 21, 10, 1), 21),
            (true, Encodings.BranchOpcode) => Signed(Bits(word, 31, 1, 12) | Bits(word, 7, 1, 11) | Bits(word, 25, 6, 5) | Bits(word, 8, 4, 1), 13),
            (false, Encodings.CompressedJump) => Signed(
                Bits(word, 12, 1, 11) | Bits(word, 11, 1, 4) | Bits(word, 9, 2, 8) | Bits(word, 8, 1, 10) | Bits(word, 7, 1, 6) | Bits(word, 6, 1, 7) | Bits(word, 3, 3, 1)
                | Bits(word, 2, 1, 5), 12),
            (false, Encodings.CompressedBranchZero or Encodings.CompressedBranchNotZero) => Signed(Bits(word, 12, 1, 8) | Bits(word, 10, 2, 3) | Bits(word, 5, 2, 6) | Bits(word, 3, 2, 1) | Bits(word, 2, 1, 5), 9),
            _ => null,
        };
        return offset is { } distance ? pc + (ulong)distance : null;
    }

    private static bool IsTaken(uint word, IReadOnlyList<ulong> x)
    {
        if (IsUnconditional(word))
        {
            return true;
        }

        if (!IsLong(word))
        {
            // c.beqz and c.bnez, of x8 to x15.
            var value = x[8 + (int)((word >> 7) & 7)];
            return (word & Encodings.CompressedMask) == Encodings.CompressedBranchZero ? value == 0 : value != 0;
        }

        var (left, right) = (x[(int)(word >> 15) & 31], x[(int)(word >> 20) & 31]);
        return ((word >> 12) & 7) switch
        {
            0 => left == right,
            1 => left != right,
            4 => (long)left < (long)right,
            5 => (long)left >= (long)right,
            6 => left < right,
            7 => left >= right,
            _ => false,
        };
    }

    private static long Bits(uint word, int from, int count, int to) => (long)((word >> from) & ((1u << count) - 1)) << to;

    private static long Signed(long value, int bits) => value << (64 - bits) >> (64 - bits);
}
