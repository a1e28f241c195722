using System;
using System.Collections.Generic;
using System.Text;

namespace Rvirt.Tests.Tool;

/// <summary>A console with a monitor at the other end of a serial line, as docs/consoles.md has it: one guest that echoes, and commands that a test answers.</summary>
internal sealed class FakeLine(Action<string> say, Func<string, string> answer)
{
    private readonly StringBuilder _command = new();
    private string _open = "";
    private bool _escaped;
    private bool _monitor;

    /// <summary>What the guest was typed.</summary>
    public StringBuilder Typed { get; } = new();

    /// <summary>The lines that the monitor was typed.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>The guest prints.</summary>
    public void Print(string text)
    {
        foreach (var letter in text)
        {
            _open = letter == '\n' ? "" : _open + letter;
        }

        if (!_monitor)
        {
            say(text);
        }
    }

    public void Type(ReadOnlyMemory<byte> bytes)
    {
        foreach (var value in bytes.Span)
        {
            Type((char)value);
        }
    }

    private void Type(char key)
    {
        if (!_escaped && key == '\x1d')
        {
            _escaped = true;
            return;
        }

        var escaped = _escaped;
        _escaped = false;
        if (escaped && key == 'M')
        {
            _monitor = true;
            say((_open.Length == 0 ? "" : "\r\n") + "--- monitor (last 7 bytes, 0 lost) ---\r\nrvirt> ");
        }
        else if (escaped && key == 'B')
        {
            _monitor = false;
            say($"\r\n--- web (last {_open.Length} bytes, 0 lost) ---\r\n{_open}");
        }
        else if (!_monitor)
        {
            Typed.Append(key);
        }
        else if (key == '\r')
        {
            Asked.Add(_command.ToString());
            say("\r\n" + answer(_command.ToString()) + "rvirt> ");
            _command.Clear();
        }
        else if (key != '\x15')
        {
            _command.Append(key);
            say(key.ToString());
        }
    }
}
