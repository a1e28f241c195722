namespace Rvirt.Hypervisor.Monitor;

/// <summary>Makes keys of the bytes that a terminal sends, sequences for cursor keys among them (ECMA-48 §5.4, and SS3 as xterm sends it).</summary>
internal struct KeyDecoder
{
    private const byte EscapeByte = 0x1b;

    private State _state;
    private int _parameter;

    private enum State : byte
    {
        Plain,
        AfterEscape,
        InSequence,
    }

    /// <summary>Takes a byte.</summary>
    /// <returns>The key that it ends; None where it does not end one, or one that means nothing here.</returns>
    public Key Take(byte value)
    {
        switch (_state)
        {
            case State.AfterEscape when value is (byte)'[' or (byte)'O':
                _state = State.InSequence;
                _parameter = 0;
                return Key.None;
            case State.InSequence when value is >= 0x20 and < 0x40:
                // Only the first parameter counts, and only its last two digits: no key has more.
                _parameter = value is >= (byte)'0' and <= (byte)'9' ? ((_parameter * 10) + value - '0') % 100 : _parameter;
                return Key.None;
            case State.InSequence when value is >= 0x40 and < 0x7f:
                _state = State.Plain;
                return OfSequence(value);
        }

        _state = value == EscapeByte ? State.AfterEscape : State.Plain;
        return value switch
        {
            >= 0x20 and < 0x7f => Key.Text,
            (byte)'\r' or (byte)'\n' => Key.Return,
            (byte)'\t' => Key.Tab,
            0x08 or 0x7f => Key.Backspace,
            1 => Key.Home,
            2 => Key.Left,
            3 => Key.Cancel,
            4 => Key.Delete,
            5 => Key.End,
            6 => Key.Right,
            0x0b => Key.EraseToEnd,
            0x0e => Key.Down,
            0x10 => Key.Up,
            0x15 => Key.EraseToStart,
            0x17 => Key.EraseWord,
            _ => Key.None,
        };
    }

    private readonly Key OfSequence(byte final) => final switch
    {
        (byte)'A' => Key.Up,
        (byte)'B' => Key.Down,
        (byte)'C' => Key.Right,
        (byte)'D' => Key.Left,
        (byte)'H' => Key.Home,
        (byte)'F' => Key.End,
        (byte)'~' => _parameter switch
        {
            1 or 7 => Key.Home,
            3 => Key.Delete,
            4 or 8 => Key.End,
            _ => Key.None,
        },
        _ => Key.None,
    };
}
