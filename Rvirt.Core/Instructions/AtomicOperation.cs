namespace Rvirt.Core.Instructions;

/// <summary>What an atomic memory operation makes of a word (Unprivileged spec, "A" extension, Zaamo), for memory that the hart cannot do it on.</summary>
public readonly struct AtomicOperation
{
    private readonly ulong _operand;
    private readonly InstructionId _id;
    private readonly byte _size;

    private AtomicOperation(InstructionId id, int size, ulong operand)
    {
        _id = id;
        _size = (byte)size;
        _operand = operand;
    }

    /// <summary>Bytes of the word, 4 or 8.</summary>
    public int Size => _size;

    /// <summary>Takes an instruction.</summary>
    /// <param name="id">The instruction.</param>
    /// <param name="size">Bytes of its word.</param>
    /// <param name="operand">Its register operand.</param>
    /// <param name="operation">The operation.</param>
    /// <returns>False where it is none of these instructions.</returns>
    internal static bool TryMake(InstructionId id, int size, ulong operand, out AtomicOperation operation)
    {
        operation = new AtomicOperation(id, size, SignExtend(operand, size));
        return size is 4 or 8 && operation.TryCompute(0, out _);
    }

    /// <summary>The word as it is loaded into a register.</summary>
    internal ulong Loaded(ulong word) => SignExtend(word, _size);

    /// <summary>The word that takes a word's place.</summary>
    public ulong Apply(ulong word)
    {
        TryCompute(SignExtend(word, _size), out var result);
        return _size == 4 ? (uint)result : result;
    }

    private bool TryCompute(ulong old, out ulong result)
    {
        switch (_id)
        {
            case InstructionId.AmoswapW:
            case InstructionId.AmoswapD:
                result = _operand;
                return true;
            case InstructionId.AmoaddW:
            case InstructionId.AmoaddD:
                result = old + _operand;
                return true;
            case InstructionId.AmoxorW:
            case InstructionId.AmoxorD:
                result = old ^ _operand;
                return true;
            case InstructionId.AmoandW:
            case InstructionId.AmoandD:
                result = old & _operand;
                return true;
            case InstructionId.AmoorW:
            case InstructionId.AmoorD:
                result = old | _operand;
                return true;
            case InstructionId.AmominW:
            case InstructionId.AmominD:
                result = (long)old < (long)_operand ? old : _operand;
                return true;
            case InstructionId.AmomaxW:
            case InstructionId.AmomaxD:
                result = (long)old > (long)_operand ? old : _operand;
                return true;
            case InstructionId.AmominuW:
            case InstructionId.AmominuD:
                // Sign extension keeps the order of unsigned words.
                result = old < _operand ? old : _operand;
                return true;
            case InstructionId.AmomaxuW:
            case InstructionId.AmomaxuD:
                result = old > _operand ? old : _operand;
                return true;
            default:
                result = old;
                return false;
        }
    }

    private static ulong SignExtend(ulong value, int size) => size == 4 ? (ulong)(int)value : value;
}
