using System;

namespace Rvirt.Devices.Console;

/// <summary>One guest's side of the shared console: its name, the line it is printing, and the input that waits for it.</summary>
public unsafe struct GuestConsole
{
    /// <summary>Bytes of a line that are held back until it ends, or the guest falls silent.</summary>
    public const int LineCapacity = 256;

    /// <summary>Bytes of input that can wait; a power of two.</summary>
    public const int InputCapacity = 1024;

    /// <summary>Longest name kept.</summary>
    public const int NameCapacity = 31;

    internal int LineLength;
    internal int LineShown;
    internal fixed byte Line[LineCapacity];

    private fixed ushort _input[InputCapacity];
    private fixed byte _name[NameCapacity];
    private byte _nameLength;
    private uint _inputHead;
    private uint _inputTail;

    /// <summary>Number of input bytes that wait.</summary>
    public readonly int InputCount => (int)(_inputTail - _inputHead);

    /// <summary>Sets the name; what is too long is cut.</summary>
    public void SetName(ReadOnlySpan<byte> name)
    {
        _nameLength = (byte)Math.Min(name.Length, NameCapacity);
        for (var i = 0; i < _nameLength; i++)
        {
            // SAFETY: below the length, which is at most the name's capacity.
            _name[i] = name[i];
        }
    }

    /// <summary>Length of the name in bytes.</summary>
    public readonly int NameLength => _nameLength;

    /// <summary>A byte of the name.</summary>
    /// <param name="index">0 to <see cref="NameLength"/> - 1; behind that it is zero.</param>
    // SAFETY: the index is checked here, and the length is at most the name's capacity.
    public readonly byte NameByte(int index) => (uint)index < _nameLength ? _name[index] : (byte)0;

    /// <summary>Puts a byte of input behind the others.</summary>
    /// <param name="value">The byte; zero for a break.</param>
    /// <param name="errors">What the UART's line status says of it.</param>
    /// <returns>False where there is no room.</returns>
    public bool TryPutInput(byte value, byte errors = 0)
    {
        if (InputCount == InputCapacity)
        {
            return false;
        }

        // SAFETY: here and where it is taken: the place is a remainder by the array's length.
        _input[_inputTail++ % InputCapacity] = (ushort)(value | (errors << 8));
        return true;
    }

    /// <summary>Takes the oldest byte of input, its line status in bits 15 to 8; -1 where none waits.</summary>
    public int TakeInput() => InputCount == 0 ? -1 : _input[_inputHead++ % InputCapacity];

    /// <summary>Forgets input that waits and a line that was begun.</summary>
    public void Clear()
    {
        _inputHead = _inputTail;
        LineLength = 0;
        LineShown = 0;
    }
}
