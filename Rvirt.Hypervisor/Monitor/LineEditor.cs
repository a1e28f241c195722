using System;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>A line as it is typed on a terminal: echo, moves, deletions, and the lines before it.</summary>
/// <remarks>Of the terminal it wants backspace, the bell and "erase to the end of the line" (ECMA-48 §8.3.41), which all have.</remarks>
internal struct LineEditor
{
    private const byte Bell = 7;
    private const byte Backspace = 8;

    private CommandLine _line;
    private CommandLine _own;
    private LineHistory _history;
    private int _cursor;
    private int _back;
    private KeyDecoder _keys;
    private bool _afterReturn;

    /// <summary>The line.</summary>
    public readonly CommandLine Line => _line;

    /// <summary>Begins a new line.</summary>
    public void Clear()
    {
        _line = default;
        _cursor = 0;
        _back = 0;
    }

    /// <summary>Keeps the line for the cursor keys.</summary>
    public void Remember() => _history.Add(_line);

    /// <summary>Takes a byte that was typed, and shows what it does.</summary>
    public EditEvent Take<THost, TSink>(ConsoleWriter<THost, TSink> output, byte value)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var key = _keys.Take(value);
        var afterReturn = _afterReturn;
        _afterReturn = value == (byte)'\r';
        switch (key)
        {
            case Key.None:
                return EditEvent.None;
            case Key.Return:
                if (value == (byte)'\n' && afterReturn)
                {
                    return EditEvent.None;
                }

                output.Newline();
                return EditEvent.Line;
            case Key.Cancel:
                output.Text("^C\n"u8);
                return EditEvent.Cancelled;
            case Key.Tab:
                return EditEvent.Completion;
            case Key.Text:
                Insert(output, new ReadOnlySpan<byte>(in value));
                break;
            case Key.Backspace:
                Erase(output, 1);
                break;
            case Key.Delete when _cursor < _line.Length:
                MoveTo(output, _cursor + 1);
                Erase(output, 1);
                break;
            case Key.EraseWord:
                Erase(output, _cursor - WordStart());
                break;
            case Key.EraseToStart:
                Erase(output, _cursor);
                break;
            case Key.EraseToEnd:
                _line.Remove(_cursor, _line.Length - _cursor);
                output.Text("\u001b[K"u8);
                break;
            case Key.Left:
                MoveTo(output, _cursor - 1);
                break;
            case Key.Right:
                MoveTo(output, _cursor + 1);
                break;
            case Key.Home:
                MoveTo(output, 0);
                break;
            case Key.End:
                MoveTo(output, _line.Length);
                break;
            case Key.Up:
                Recall(output, _back + 1);
                break;
            case Key.Down:
                Recall(output, _back - 1);
                break;
        }

        return EditEvent.None;
    }

    /// <summary>Puts text in at the cursor.</summary>
    public void Insert<THost, TSink>(ConsoleWriter<THost, TSink> output, ReadOnlySpan<byte> text)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!_line.TryInsert(_cursor, text[i]))
            {
                Ring(output);
                return;
            }

            _cursor++;
            output.Text(text.Slice(i, 1));
            ShowRest(output);
        }
    }

    /// <summary>What stands before the cursor.</summary>
    public readonly CommandLine BeforeCursor
    {
        get
        {
            var before = default(CommandLine);
            before.Set(_line.Text[.._cursor]);
            return before;
        }
    }

    /// <summary>Shows the line again, behind a prompt.</summary>
    public readonly void Show<THost, TSink>(ConsoleWriter<THost, TSink> output)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        output.Text(_line.Text);
        Repeat(output, Backspace, _line.Length - _cursor);
    }

    /// <summary>Says that there is nothing to be done.</summary>
    public static void Ring<THost, TSink>(ConsoleWriter<THost, TSink> output)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        Repeat(output, Bell, 1);

    // Erases what stands before the cursor.
    private void Erase<THost, TSink>(ConsoleWriter<THost, TSink> output, int count)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (count == 0 || _cursor < count)
        {
            return;
        }

        _cursor -= count;
        _line.Remove(_cursor, count);
        Repeat(output, Backspace, count);
        output.Text("\u001b[K"u8);
        ShowRest(output);
    }

    private readonly void ShowRest<THost, TSink>(ConsoleWriter<THost, TSink> output)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        output.Text(_line.Text[_cursor..]);
        Repeat(output, Backspace, _line.Length - _cursor);
    }

    private void MoveTo<THost, TSink>(ConsoleWriter<THost, TSink> output, int place)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if ((uint)place > (uint)_line.Length)
        {
            return;
        }

        Repeat(output, Backspace, _cursor - place);
        if (place > _cursor)
        {
            output.Text(_line.Text[_cursor..place]);
        }

        _cursor = place;
    }

    private void Recall<THost, TSink>(ConsoleWriter<THost, TSink> output, int back)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (back < 0 || back > _history.Count)
        {
            return;
        }

        if (_back == 0)
        {
            _own = _line;
        }

        Repeat(output, Backspace, _cursor);
        output.Text("\u001b[K"u8);
        _back = back;
        _line = back == 0 ? _own : _history.Back(back);
        _cursor = _line.Length;
        output.Text(_line.Text);
    }

    private readonly int WordStart()
    {
        var text = _line.Text;
        var start = _cursor;
        while (start > 0 && text[start - 1] == (byte)' ')
        {
            start--;
        }

        while (start > 0 && text[start - 1] != (byte)' ')
        {
            start--;
        }

        return start;
    }

    private static void Repeat<THost, TSink>(ConsoleWriter<THost, TSink> output, byte value, int count)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        for (; count > 0; count--)
        {
            output.Text(new ReadOnlySpan<byte>(in value));
        }
    }
}
