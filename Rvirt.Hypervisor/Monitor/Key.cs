namespace Rvirt.Hypervisor.Monitor;

/// <summary>A key of a terminal, as <see cref="KeyDecoder"/> knows it.</summary>
internal enum Key
{
    /// <summary>No key, or not all of one yet.</summary>
    None,

    /// <summary>A character.</summary>
    Text,

    /// <summary>The line is complete.</summary>
    Return,

    /// <summary>Gives the line up: Ctrl-C.</summary>
    Cancel,

    /// <summary>Completes what was typed.</summary>
    Tab,

    /// <summary>Erases the character before the cursor.</summary>
    Backspace,

    /// <summary>Erases the character at the cursor.</summary>
    Delete,

    /// <summary>Erases the word before the cursor: Ctrl-W.</summary>
    EraseWord,

    /// <summary>Erases all before the cursor: Ctrl-U.</summary>
    EraseToStart,

    /// <summary>Erases all from the cursor on: Ctrl-K.</summary>
    EraseToEnd,

    /// <summary>Moves the cursor back: also Ctrl-B.</summary>
    Left,

    /// <summary>Moves the cursor forward: also Ctrl-F.</summary>
    Right,

    /// <summary>Moves the cursor to the start: also Ctrl-A.</summary>
    Home,

    /// <summary>Moves the cursor to the end: also Ctrl-E.</summary>
    End,

    /// <summary>The line before: also Ctrl-P.</summary>
    Up,

    /// <summary>The line after: also Ctrl-N.</summary>
    Down,
}
