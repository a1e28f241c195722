using System;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The monitor: takes what is typed byte by byte, and answers line by line.</summary>
/// <remarks>
/// <para>A command runs in pieces of at most <see cref="LinesOfPiece"/> lines, so that the hart which serves the console is soon back at its
/// guest: where <see cref="HasMore"/> says so, <see cref="Continue"/> is called when there is room for more output, and when another hart has answered.
/// What is typed meanwhile waits; Ctrl-C ends the command.</para>
/// <para>A line that begins with <c>!</c> is a script's: nothing is asked back, and where a person was asked for a name it is a command all the same. Used by one hart, the console's, alone.</para>
/// </remarks>
internal struct MonitorSession
{
    /// <summary>Most lines that one call says.</summary>
    public const int LinesOfPiece = 16;

    private const byte CancelByte = 3;
    private const byte ScriptMark = (byte)'!';

    private LineEditor _editor;
    private InputQueue _waiting;
    private CommandRun _run;
    private int _command;
    private State _state;
    private bool _awaits;

    private enum State : byte
    {
        Typing,
        Running,
        Confirming,
    }

    /// <summary>Whether a command has more to say, or something typed waits. Not while a command waits for another hart.</summary>
    public readonly bool HasMore => _state == State.Running ? !_awaits : !_waiting.IsEmpty;

    /// <summary>Whether there is room for a byte that was typed.</summary>
    public readonly bool HasRoom => !_waiting.IsFull;

    private readonly bool IsBusy => _state == State.Running || !_waiting.IsEmpty;

    /// <summary>Shows the prompt, and what was typed behind it before: a person looks at the monitor.</summary>
    public readonly void Show<THost, TSink>(ConsoleWriter<THost, TSink> output)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (_state != State.Running)
        {
            output.Text(_state == State.Confirming ? "type the name again: "u8 : "rvirt> "u8);
            _editor.Show(output);
        }
    }

    /// <summary>Takes a byte that was typed.</summary>
    /// <returns>Whether a line was complete: that is enough for a call.</returns>
    public bool Take<TView, THost, TSink>(ref TView view, ConsoleWriter<THost, TSink> output, byte value)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (!IsBusy)
        {
            return Type(ref view, output, value);
        }

        if (value == CancelByte)
        {
            _waiting.Clear();
            if (_state == State.Running)
            {
                Answer.Error(output, "stopped by Ctrl-C"u8);
                Prompt(output);
            }
        }
        else if (!_waiting.TryPut(value))
        {
            LineEditor.Ring(output);
        }

        return false;
    }

    /// <summary>Goes on where it had to stop: says the next lines of a command, or takes what was typed meanwhile, up to the end of a line.</summary>
    public void Continue<TView, THost, TSink>(ref TView view, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (_state == State.Running)
        {
            Run(ref view, output);
            return;
        }

        while (_state != State.Running && _waiting.TryTake(out var value))
        {
            if (Type(ref view, output, value))
            {
                return;
            }
        }
    }

    private bool Type<TView, THost, TSink>(ref TView view, ConsoleWriter<THost, TSink> output, byte value)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        switch (_editor.Take(output, value))
        {
            case EditEvent.Line when _state == State.Confirming:
                Confirm(ref view, output);
                return true;
            case EditEvent.Line:
                Begin(ref view, output);
                return true;
            case EditEvent.Cancelled:
                if (_state == State.Confirming)
                {
                    Answer.Error(output, "not confirmed"u8);
                }

                Prompt(output);
                return true;
            case EditEvent.Completion when _state == State.Typing:
                if (Completion.Complete(ref view, ref _editor, output))
                {
                    Show(output);
                }

                break;
        }

        return false;
    }

    private void Begin<TView, THost, TSink>(ref TView view, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        _editor.Remember();
        _run = default;
        var line = _editor.Line;
        var text = line.Text;
        _run.IsConfirmed = !text.IsEmpty && text[0] == ScriptMark;
        _run.Line.Set(_run.IsConfirmed ? text[1..] : text);
        var words = _run.Line.Words;
        if (words == 0)
        {
            Prompt(output);
            return;
        }

        _command = CommandTable<TView, THost, TSink>.Find(_run.Line.Word(0));
        if (_command < 0)
        {
            Answer.Error(output, ": no command of that name; help names all"u8, _run.Line.Word(0));
            Prompt(output);
            return;
        }

        var row = CommandTable<TView, THost, TSink>.Row(_command);
        if (!row.Takes(words - 1))
        {
            output.Text("rvirt: error: use: "u8).Text(row.Name).Text(row.Arguments.IsEmpty ? default : " "u8).Text(row.Arguments).Newline();
            Prompt(output);
            return;
        }

        _state = State.Running;
        Run(ref view, output);
    }

    // SAFETY: handlers are those of a row of the table, methods of the image.
    private unsafe void Run<TView, THost, TSink>(ref TView view, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var row = CommandTable<TView, THost, TSink>.Row(_command);
        _awaits = false;
        for (var lines = 0; lines < LinesOfPiece; lines++)
        {
            var result = CommandResult.More;
            if (!_run.HasBegun && row.Begin != null)
            {
                result = row.Begin(ref view, ref _run, output);
            }

            if (result == CommandResult.More)
            {
                _run.HasBegun = true;
                result = row.Handler(ref view, ref _run, output);
            }

            switch (result)
            {
                case CommandResult.More:
                    _run.Step++;
                    break;
                case CommandResult.Waiting:
                    _awaits = true;
                    return;
                case CommandResult.Done:
                    Answer.Ok(output);
                    Prompt(output);
                    return;
                case CommandResult.Failed:
                    Prompt(output);
                    return;
                default:
                    _state = State.Confirming;
                    _editor.Clear();
                    Show(output);
                    return;
            }
        }
    }

    // What is to end is named by the command's first argument, the machine by the command itself.
    private void Confirm<TView, THost, TSink>(ref TView view, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var line = _editor.Line;
        if (!line.Text.IsEmpty && line.Text[0] == ScriptMark)
        {
            // A script's: what it is to confirm was asked of a person, who is not there.
            Begin(ref view, output);
            return;
        }

        if (line.Words == 1 && line.Word(0).SequenceEqual(_run.Line.Word(_run.Line.Words == 1 ? 0 : 1)))
        {
            _run.IsConfirmed = true;
            _state = State.Running;
            Run(ref view, output);
            return;
        }

        Answer.Error(output, "not confirmed"u8);
        Prompt(output);
    }

    private void Prompt<THost, TSink>(ConsoleWriter<THost, TSink> output)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        _state = State.Typing;
        _editor.Clear();
        Show(output);
    }
}
