using System;

namespace Rvirt.Devices.Console;

/// <summary>
/// One side of the shared terminal: a guest's name, what it printed last, and the input that waits for it. The monitor and the hypervisor's own
/// messages have one too.
/// </summary>
/// <remarks>
/// Everything is written under the console's lock. Without it other harts read whether input waits and whether output is unshown: a stale answer
/// means an interrupt or a look later. Positions count bytes from the first that was ever printed, so that they never go back.
/// </remarks>
public unsafe struct GuestConsole
{
    /// <summary>Bytes of output that are kept; a power of two.</summary>
    public const int OutputCapacity = 0x1_0000;

    /// <summary>Bytes of input that can wait for a guest; a power of two.</summary>
    public const int InputCapacity = 0x1_0000;

    /// <summary>Bytes of a line that are held back until it ends, or the guest falls silent.</summary>
    public const int LineCapacity = 256;

    /// <summary>Longest name kept.</summary>
    public const int NameCapacity = 31;

    private byte* _output;
    private ushort* _input;
    private uint _inputCapacity;
    private uint _inputHead;
    private uint _inputTail;
    private ulong _written;
    private ulong _shown;
    private ulong _lineStart;
    private ulong _flushed;
    private ulong _lines;
    private fixed byte _name[NameCapacity];
    private byte _nameLength;

    /// <summary>Gives it its memory.</summary>
    /// <param name="output"><see cref="OutputCapacity"/> bytes.</param>
    /// <param name="input">Room for as many bytes of input with their line status; null with a capacity of 0.</param>
    /// <param name="inputCapacity">A power of two, or 0.</param>
    internal void Place(byte* output, ushort* input, int inputCapacity)
    {
        // SAFETY: here and below: the caller owns the memory for as long as the console exists; every place in it is a remainder by its length.
        _output = output;
        _input = input;
        _inputCapacity = (uint)inputCapacity;
    }

    /// <summary>Number of input bytes that wait.</summary>
    internal readonly int InputCount => (int)(_inputTail - _inputHead);

    /// <summary>Input bytes that were dropped because the buffer was full.</summary>
    internal ulong LostInput { get; set; }

    /// <summary>Bytes of output that later ones took the place of before they were shown, since that was last said on the terminal.</summary>
    internal ulong UntoldBytes { get; private set; }

    /// <summary>Ends of lines among those.</summary>
    internal ulong UntoldLines { get; private set; }

    /// <summary>Whether the terminal was rung for input that is lost, and no byte found room since.</summary>
    internal bool Rang { get; set; }

    /// <summary>Whether the last byte shown of the line was a carriage return.</summary>
    internal bool Returned { get; set; }

    /// <summary>Whether a line is shown again from its start however long it has become: what is edited is one line until it ends.</summary>
    internal bool KeepsWholeLines { get; set; }

    /// <summary>What was printed up to here goes before the hypervisor's message that waits.</summary>
    internal ulong BeforeMessage { get; private set; }

    /// <summary>Bytes of output that were not shown.</summary>
    internal readonly ulong Unshown => _written - _shown;

    /// <summary>Whether all that was printed was shown, or may be without a line's end.</summary>
    internal readonly bool IsFlushed => _flushed == _written;

    /// <summary>Whether there is unshown output that the hypervisor's message must not overtake.</summary>
    internal readonly bool HoldsMessage => BeforeMessage > _shown;

    /// <summary>Whether there is something to show where lines of several share the terminal: a line that ended or is long, or one of a guest that fell silent.</summary>
    internal readonly bool HasLine => _shown != _written && (_lines != 0 || _flushed > _shown || _written - _lineStart >= LineCapacity);

    /// <summary>Whether the byte printed last ended a line.</summary>
    internal readonly bool EndsLine => _written == 0 || _output[(_written - 1) % OutputCapacity] == (byte)'\n';

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
    internal readonly int NameLength => _nameLength;

    /// <summary>A byte of the name.</summary>
    /// <param name="index">0 to <see cref="NameLength"/> - 1; behind that it is zero.</param>
    // SAFETY: the index is checked here, and the length is at most the name's capacity.
    internal readonly byte NameByte(int index) => (uint)index < _nameLength ? _name[index] : (byte)0;

    /// <summary>Puts a byte of output behind the others. Where there is no room the oldest is lost.</summary>
    internal void Put(byte value)
    {
        if (_written - _shown == OutputCapacity)
        {
            LoseOldest();
        }

        _output[_written++ % OutputCapacity] = value;
        _lines += value == (byte)'\n' ? 1u : 0;
    }

    /// <summary>Takes the oldest byte that was not shown; there must be one.</summary>
    internal byte Show()
    {
        var value = _output[_shown++ % OutputCapacity];
        if (value == (byte)'\n')
        {
            _lines--;
            _lineStart = _shown;
        }
        else if (_shown - _lineStart == LineCapacity && !KeepsWholeLines)
        {
            _lineStart = _shown;
        }

        return value;
    }

    /// <summary>Whether a piece of a line ends here: the line, or as much of it as is held back.</summary>
    internal readonly bool AtPiece => _lineStart == _shown;

    /// <summary>Shows a line again from where it began: another came between.</summary>
    internal void Rewind()
    {
        if (_written - _lineStart > OutputCapacity)
        {
            _lineStart = _shown;
        }

        _shown = _lineStart;
        Returned = false;
    }

    /// <summary>Lets what was printed be shown, whether its line has ended or not.</summary>
    internal void Flush() => _flushed = _written;

    /// <summary>What follows begins a line of its own.</summary>
    internal void BeginLine() => _lineStart = _shown;

    /// <summary>A message of the hypervisor's comes behind what was printed so far.</summary>
    internal void MessageFollows() => BeforeMessage = _written;

    /// <summary>What was lost has been said.</summary>
    internal void Told()
    {
        UntoldBytes = 0;
        UntoldLines = 0;
    }

    /// <summary>Puts a byte of input behind the others.</summary>
    /// <param name="value">The byte; zero for a break.</param>
    /// <param name="errors">What the UART's line status says of it.</param>
    /// <returns>False where there is no room.</returns>
    internal bool TryPutInput(byte value, byte errors = 0)
    {
        if (_inputTail - _inputHead == _inputCapacity)
        {
            return false;
        }

        // SAFETY: see Place; with a capacity of zero this is not reached.
        _input[_inputTail++ % _inputCapacity] = (ushort)(value | (errors << 8));
        Rang = false;
        return true;
    }

    /// <summary>Takes the oldest byte of input, its line status in bits 15 to 8; -1 where none waits.</summary>
    // SAFETY: see Place; with a capacity of zero none waits.
    internal int TakeInput() => InputCount == 0 ? -1 : _input[_inputHead++ % _inputCapacity];

    /// <summary>Forgets input that waits.</summary>
    internal void ForgetInput() => _inputHead = _inputTail;

    private void LoseOldest()
    {
        if (_output[_shown++ % OutputCapacity] == (byte)'\n')
        {
            _lines--;
            UntoldLines++;
        }

        UntoldBytes++;
        _lineStart = Math.Max(_lineStart, _shown);
    }
}
