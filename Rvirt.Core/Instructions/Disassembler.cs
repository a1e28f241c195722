using System;

namespace Rvirt.Core.Instructions;

/// <summary>Writes an instruction as binutils would, for dumps: those of <see cref="InstructionTable"/> by name, others as a number.</summary>
public static class Disassembler
{
    /// <summary>Bytes that are always enough for one instruction.</summary>
    public const int MaximumLength = 48;

    private static ReadOnlySpan<byte> FloatRegisterNames =>
        "ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10fs11ft8 ft9 ft10ft11"u8;

    /// <summary>Writes an instruction in ASCII.</summary>
    /// <param name="word">The instruction; of a 16-bit one only the lower half counts.</param>
    /// <param name="text">Where to; cut off where it is shorter than <see cref="MaximumLength"/>.</param>
    /// <returns>The number of bytes written.</returns>
    public static int Write(uint word, Span<byte> text)
    {
        var line = new Line(text);
        var id = InstructionTable.Find(word);
        if (id == InstructionId.Unknown || IsReserved(word, id))
        {
            line.Put(".insn "u8);
            line.PutHex((word & 3) == 3 ? word : word & 0xffff);
            return line.Length;
        }

        line.Put(InstructionTable.Name(id));
        switch (InstructionTable.Format(id))
        {
            case InstructionFormat.None:
                break;
            case InstructionFormat.CsrRegister:
                line.PutFirst(Register(word >> 7));
                line.PutNextHex(word >> 20);
                line.PutNext(Register(word >> 15));
                break;
            case InstructionFormat.CsrImmediate:
                line.PutFirst(Register(word >> 7));
                line.PutNextHex(word >> 20);
                line.Put(","u8);
                line.PutDecimal((word >> 15) & 31);
                break;
            case InstructionFormat.Fence:
                line.PutFirst(Register(word >> 15));
                line.PutNext(Register(word >> 20));
                break;
            case InstructionFormat.Atomic:
                PutOrdering(ref line, word);
                line.PutFirst(Register(word >> 7));
                if (id is not (InstructionId.LrW or InstructionId.LrD))
                {
                    line.PutNext(Register(word >> 20));
                }

                line.Put(",("u8);
                line.Put(Register(word >> 15));
                line.Put(")"u8);
                break;
            default:
                PutMemory(ref line, word, id);
                break;
        }

        return line.Length;
    }

    private static void PutOrdering(ref Line line, uint word)
    {
        var ordering = (word >> 25) & 3;
        if (ordering != 0)
        {
            line.Put(ordering switch { 1 => ".rl"u8, 2 => ".aq"u8, _ => ".aqrl"u8 });
        }
    }

    private static void PutMemory(ref Line line, uint word, InstructionId id)
    {
        MemoryOperation.TryDecode(word, out var operation);
        var register = operation.Destination | operation.Source;
        line.PutFirst(IsFloat(id) ? FloatRegisterNames.Slice(register * 4, 4).TrimEnd((byte)' ') : Register((uint)register));
        line.Put(","u8);
        if (operation.Offset < 0)
        {
            line.Put("-"u8);
        }

        line.PutDecimal((ulong)(operation.Offset < 0 ? -operation.Offset : operation.Offset));
        line.Put("("u8);
        line.Put(Register(operation.Base));
        line.Put(")"u8);
    }

    // c.lwsp and c.ldsp into x0 (Unprivileged spec §28.2).
    private static bool IsReserved(uint word, InstructionId id) =>
        id is InstructionId.CLwsp or InstructionId.CLdsp && !MemoryOperation.TryDecode(word, out _);

    private static bool IsFloat(InstructionId id) => id
        is InstructionId.Flw or InstructionId.Fld or InstructionId.Fsw or InstructionId.Fsd
        or InstructionId.CFld or InstructionId.CFldsp or InstructionId.CFsd or InstructionId.CFsdsp;

    private static ReadOnlySpan<byte> Register(uint number) => RegisterName.Of((int)number);

    private ref struct Line
    {
        private readonly Span<byte> _text;

        public Line(Span<byte> text) => _text = text;

        public int Length { get; private set; }

        public void Put(ReadOnlySpan<byte> part)
        {
            foreach (var b in part)
            {
                if (Length < _text.Length)
                {
                    _text[Length++] = b;
                }
            }
        }

        public void PutFirst(ReadOnlySpan<byte> operand)
        {
            Put(" "u8);
            Put(operand);
        }

        public void PutNext(ReadOnlySpan<byte> operand)
        {
            Put(","u8);
            Put(operand);
        }

        public void PutNextHex(ulong value)
        {
            Put(","u8);
            PutHex(value);
        }

        public void PutHex(ulong value)
        {
            Put("0x"u8);
            var shift = 60;
            while (shift > 0 && value >> shift == 0)
            {
                shift -= 4;
            }

            for (; shift >= 0; shift -= 4)
            {
                Put("0123456789abcdef"u8.Slice((int)((value >> shift) & 15), 1));
            }
        }

        public void PutDecimal(ulong value)
        {
            var divisor = 1UL;
            while (value / divisor >= 10)
            {
                divisor *= 10;
            }

            for (; divisor != 0; divisor /= 10)
            {
                Put("0123456789"u8.Slice((int)(value / divisor % 10), 1));
            }
        }
    }
}
