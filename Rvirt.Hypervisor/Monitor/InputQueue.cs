using System.Runtime.CompilerServices;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What was typed while a command ran.</summary>
internal struct InputQueue
{
    /// <summary>Most bytes kept; a power of two.</summary>
    public const int Capacity = 256;

    private Bytes _bytes;
    private uint _head;
    private uint _tail;

    /// <summary>Whether nothing waits.</summary>
    public readonly bool IsEmpty => _head == _tail;

    /// <summary>Whether there is no room.</summary>
    public readonly bool IsFull => _tail - _head == Capacity;

    /// <summary>Puts a byte behind the others, if there is room.</summary>
    public bool TryPut(byte value)
    {
        if (IsFull)
        {
            return false;
        }

        _bytes[(int)(_tail++ % Capacity)] = value;
        return true;
    }

    /// <summary>Takes the oldest byte.</summary>
    public bool TryTake(out byte value)
    {
        value = 0;
        if (IsEmpty)
        {
            return false;
        }

        value = _bytes[(int)(_head++ % Capacity)];
        return true;
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => _head = _tail;

    [InlineArray(Capacity)]
    private struct Bytes
    {
        private byte _first;
    }
}
