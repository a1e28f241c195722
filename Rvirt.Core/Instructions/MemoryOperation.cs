using System.Runtime.CompilerServices;

namespace Rvirt.Core.Instructions;

/// <summary>What a load, store or atomic instruction does: enough to carry it out on a device register.</summary>
public struct MemoryOperation
{
    /// <summary>The instruction.</summary>
    public InstructionId Id;

    /// <summary>Base register.</summary>
    public byte Base;

    /// <summary>Register that a load, load-reserved or atomic writes.</summary>
    public byte Destination;

    /// <summary>Register that a store or atomic takes its value from.</summary>
    public byte Source;

    /// <summary>Bytes of the instruction: 2 or 4.</summary>
    public byte Length;

    /// <summary>Bytes of the access: 1, 2, 4 or 8.</summary>
    public byte Size;

    /// <summary>Offset added to the base register, sign-extended.</summary>
    public long Offset;

    /// <summary>Decodes a load, store or atomic instruction.</summary>
    /// <returns>False for any other instruction.</returns>
    public static bool TryDecode(uint word, out MemoryOperation operation)
    {
        operation = default;
        var id = InstructionTable.Find(word);
        if (id == InstructionId.Unknown)
        {
            return false;
        }

        operation.Id = id;
        operation.Length = (word & 3) == 3 ? (byte)4 : (byte)2;
        switch (InstructionTable.Format(id))
        {
            case InstructionFormat.Load:
                operation.Base = Register(word, 15);
                operation.Destination = Register(word, 7);
                operation.Size = (byte)(1 << (int)((word >> 12) & 3));
                operation.Offset = (int)word >> 20;
                return true;
            case InstructionFormat.Store:
                operation.Base = Register(word, 15);
                operation.Source = Register(word, 20);
                operation.Size = (byte)(1 << (int)((word >> 12) & 3));
                operation.Offset = ((int)word >> 25 << 5) | (int)((word >> 7) & 31);
                return true;
            case InstructionFormat.Atomic:
                operation.Base = Register(word, 15);
                operation.Source = Register(word, 20);
                operation.Destination = Register(word, 7);
                operation.Size = (byte)(1 << (int)((word >> 12) & 3));
                return true;
            case InstructionFormat.CompressedLoadWord:
                operation.Base = ShortRegister(word, 7);
                operation.Destination = ShortRegister(word, 2);
                operation.Size = 4;
                operation.Offset = WordOffset(word);
                return true;
            case InstructionFormat.CompressedLoadDouble:
                operation.Base = ShortRegister(word, 7);
                operation.Destination = ShortRegister(word, 2);
                operation.Size = 8;
                operation.Offset = DoubleOffset(word);
                return true;
            case InstructionFormat.CompressedStoreWord:
                operation.Base = ShortRegister(word, 7);
                operation.Source = ShortRegister(word, 2);
                operation.Size = 4;
                operation.Offset = WordOffset(word);
                return true;
            case InstructionFormat.CompressedStoreDouble:
                operation.Base = ShortRegister(word, 7);
                operation.Source = ShortRegister(word, 2);
                operation.Size = 8;
                operation.Offset = DoubleOffset(word);
                return true;
            case InstructionFormat.CompressedLoadWordStack:
                operation.Base = StackPointer;
                operation.Destination = Register(word, 7);
                operation.Size = 4;
                operation.Offset = (((word >> 4) & 7) << 2) | (((word >> 12) & 1) << 5) | (((word >> 2) & 3) << 6);
                return operation.Destination != 0;
            case InstructionFormat.CompressedLoadDoubleStack:
                operation.Base = StackPointer;
                operation.Destination = Register(word, 7);
                operation.Size = 8;
                operation.Offset = (((word >> 5) & 3) << 3) | (((word >> 12) & 1) << 5) | (((word >> 2) & 7) << 6);
                return id == InstructionId.CFldsp || operation.Destination != 0;
            case InstructionFormat.CompressedStoreWordStack:
                operation.Base = StackPointer;
                operation.Source = Register(word, 2);
                operation.Size = 4;
                operation.Offset = (((word >> 9) & 15) << 2) | (((word >> 7) & 3) << 6);
                return true;
            case InstructionFormat.CompressedStoreDoubleStack:
                operation.Base = StackPointer;
                operation.Source = Register(word, 2);
                operation.Size = 8;
                operation.Offset = (((word >> 10) & 7) << 3) | (((word >> 7) & 7) << 6);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Whether an instruction is of an opcode that accesses memory, known to <see cref="TryDecode"/> or not: extensions add such instructions.</summary>
    internal static bool IsAccess(uint word)
    {
        const uint Functions = 7;
        switch (word & 3)
        {
            case 0:
                return ((word >> 13) & Functions) != 0;
            case 1:
                return false;
            case 2:
                return ((word >> 13) & 3) != 0;
            default:
                // Loads, their floating-point and vector forms, stores and theirs, atomics, cache-block operations.
                return (word & Encodings.OpcodeMask) is Encodings.LoadOpcode or Encodings.LoadFloatOpcode or Encodings.StoreOpcode or Encodings.StoreFloatOpcode or Encodings.AtomicOpcode
                    || ((word & Encodings.OpcodeMask) == Encodings.FenceOpcode && ((word >> 12) & Functions) == 2);
        }
    }

    private const byte StackPointer = 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Register(uint word, int shift) => (byte)((word >> shift) & 31);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte ShortRegister(uint word, int shift) => (byte)(8 + ((word >> shift) & 7));

    private static long WordOffset(uint word) => (((word >> 10) & 7) << 3) | (((word >> 6) & 1) << 2) | (((word >> 5) & 1) << 6);

    private static long DoubleOffset(uint word) => (((word >> 10) & 7) << 3) | (((word >> 5) & 3) << 6);
}
