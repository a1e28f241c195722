using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Rvirt.Tool.Terminals;

/// <summary>One serial line of Rvirt, for the people at it and for scripts that ask the monitor: questions take turns, and nobody sees another's.</summary>
/// <remarks>
/// A question is typed by the console's keys M and B (docs/consoles.md), which leave what was shown as it was. What belongs to it is cut out of what
/// people see, from the monitor's title to the title of what is shown again; what they type meanwhile waits. A begun line that the console shows again
/// then is not shown twice.
/// </remarks>
public sealed class SharedLine
{
    private const string Title = "--- ";
    private const string Message = "rvirt: ";
    private const string MonitorTitle = "--- monitor (last ";
    private const string AllTitle = "--- all guests; ";
    private const string NoMonitor = "--- there is no monitor ---";
    private const int LongestTail = 256;

    private readonly Lock _gate = new();
    private readonly Action<ReadOnlyMemory<byte>> _toLine;
    private readonly Action<ReadOnlyMemory<byte>> _toPeople;
    private byte? _escape;
    private readonly Queue<Question> _questions = new();
    private readonly MemoryStream _typed = new();
    private readonly List<byte> _line = [];
    private readonly List<string> _answer = [];
    private byte[] _tail = [];
    private byte[] _again = [];
    private int _matched;
    private Stage _stage;
    private MonitorAnswer? _result;
    private string? _closed;

    /// <param name="toLine">Types on the serial line.</param>
    /// <param name="toPeople">Shows bytes to everyone who looks.</param>
    /// <param name="escape">The console's escape, null where it has none. What a question of this line changes it to is followed.</param>
    public SharedLine(Action<ReadOnlyMemory<byte>> toLine, Action<ReadOnlyMemory<byte>> toPeople, byte? escape = 0x1d)
    {
        _toLine = toLine;
        _toPeople = toPeople;
        _escape = escape;
    }

    private enum Stage
    {
        // Nobody asks: all that comes is for people.
        Free,

        // The monitor's title is awaited.
        Called,

        // The monitor's echo of the question is awaited.
        Asked,

        // Lines of the answer come.
        Answering,

        // The title of what is shown again is awaited.
        Leaving,
    }

    private sealed record Question(string Command, TaskCompletionSource<MonitorAnswer> Source);

    /// <summary>Takes bytes that a person typed.</summary>
    public void Type(ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            if (_stage == Stage.Free)
            {
                _toLine(bytes);
            }
            else
            {
                _typed.Write(bytes.Span);
            }
        }
    }

    /// <summary>Asks the monitor, as a script: nothing is asked back.</summary>
    /// <param name="command">The command.</param>
    /// <param name="patience">When it is cancelled nobody waits for the answer any more, and the line goes on without it.</param>
    /// <exception cref="IOException">The line ended before the answer.</exception>
    public Task<MonitorAnswer> Ask(string command, CancellationToken patience = default)
    {
        if (command.Any(letter => letter is < ' ' or > '~'))
        {
            throw new FormatException("a command for the monitor is one line of ASCII");
        }

        // A script's has that in front of it already.
        command = command.Trim().TrimStart('!').TrimStart();
        if (command.Length == 0)
        {
            throw new FormatException("no command for the monitor: help names all");
        }

        if (EscapeIn(command) == "none")
        {
            throw new FormatException("without an escape nobody would reach the monitor over this line again");
        }

        lock (_gate)
        {
            if (_closed is { } why)
            {
                throw new IOException(why);
            }

            if (_escape is null)
            {
                throw new IOException("the console of this machine has no escape, and so no way to the monitor");
            }

            var question = new Question(command, new TaskCompletionSource<MonitorAnswer>(TaskCreationOptions.RunContinuationsAsynchronously));
            _questions.Enqueue(question);
            if (_stage == Stage.Free)
            {
                Call();
            }

            patience.Register(() => Forget(question));
            return question.Source.Task;
        }
    }

    /// <summary>Takes bytes that came over the serial line.</summary>
    public void Receive(ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            var shown = new MemoryStream();
            foreach (var value in bytes.Span)
            {
                Take(value, shown);
            }

            if (shown.Length != 0)
            {
                _toPeople(shown.ToArray());
            }
        }
    }

    /// <summary>The line is gone: whoever asked is told.</summary>
    public void Close(string why)
    {
        lock (_gate)
        {
            _closed = why;
            if (_stage == Stage.Leaving)
            {
                // All that it waited for was what comes behind the answer.
                Answer();
                _stage = Stage.Free;
            }

            while (_questions.TryDequeue(out var question))
            {
                question.Source.TrySetException(new IOException(why));
            }
        }
    }

    // What a command makes the console's escape, as it says it; null for any other command.
    private static string? EscapeIn(string command) => command.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["escape", var key] ? key : null;

    private void Forget(Question question)
    {
        lock (_gate)
        {
            if (!question.Source.TrySetException(new IOException(MonitorAnswer.None)) || _questions.Peek() != question)
            {
                return;
            }

            if (_stage != Stage.Leaving)
            {
                _toLine(new[] { _escape!.Value, (byte)'B' });
            }

            Finish();
        }
    }

    private void Call()
    {
        _stage = Stage.Called;
        _line.Clear();
        _again = [];
        _matched = 0;
        _toLine(new[] { _escape!.Value, (byte)'M' });
    }

    private void Take(byte value, MemoryStream shown)
    {
        switch (_stage)
        {
            case Stage.Free:
                if (IsAgain(value, shown))
                {
                    return;
                }

                Remember(value);
                shown.WriteByte(value);
                return;
            default:
                _line.Add(value);
                if (value == '\n')
                {
                    var line = Encoding.Latin1.GetString([.. _line]).TrimEnd('\r', '\n');
                    EndLine(line, shown);
                    _line.Clear();
                }

                return;
        }
    }

    private void EndLine(string line, MemoryStream shown)
    {
        if (_stage != Stage.Called && line.StartsWith(Message, StringComparison.Ordinal) && !MonitorAnswer.Ends(line))
        {
            // The hypervisor says something meanwhile: that is for people.
            Show([.. _tail.Length == 0 ? [] : "\r\n"u8.ToArray(), .. _line], shown);
            return;
        }

        switch (_stage)
        {
            case Stage.Called when line.StartsWith(MonitorTitle, StringComparison.Ordinal):
                _stage = Stage.Asked;
                _answer.Clear();
                // What was typed there before goes first, and the command is a script's.
                _toLine(Encoding.ASCII.GetBytes($"\u0015!{_questions.Peek().Command}\r"));
                return;
            case Stage.Called when line == NoMonitor:
                _result = new MonitorAnswer([], $"{MonitorAnswer.Error} there is no monitor on this line");
                Answer();
                Finish();
                return;
            case Stage.Called:
                // It was on its way when the monitor was called: it is for people, but for the end of the line that the call has ended.
                Show(line.Length == 0 ? [] : [.. _line], shown);
                return;
            case Stage.Asked when line.EndsWith($"!{_questions.Peek().Command}", StringComparison.Ordinal):
                _stage = Stage.Answering;
                return;
            case Stage.Answering when MonitorAnswer.Ends(line):
                _result = new MonitorAnswer([.. _answer], line);
                _escape = (_result.IsOk ? ControlKey.Read(EscapeIn(_questions.Peek().Command)?.ToUpperInvariant()) : null) ?? _escape;
                _stage = Stage.Leaving;
                _toLine(new[] { _escape!.Value, (byte)'B' });
                return;
            case Stage.Answering:
                _answer.Add(line);
                return;
            case Stage.Leaving when TitleIn(line) is { } title:
                if (_questions.Peek().Command.StartsWith("focus", StringComparison.Ordinal))
                {
                    // What is shown is to be another: people see which.
                    Show(Encoding.Latin1.GetBytes($"{(_tail.Length == 0 ? "" : "\r\n")}{title}\r\n"), shown);
                }
                else if (title.StartsWith(AllTitle, StringComparison.Ordinal))
                {
                    // The console has ended the line that was open; with a guest alone it shows it again.
                    Show(_tail.Length == 0 ? [] : "\r\n"u8.ToArray(), shown);
                }
                else
                {
                    _again = _tail;
                    _matched = 0;
                }

                Answer();
                Finish();
                return;
        }
    }

    // Behind the monitor's prompt, which has no end of its own.
    private static string? TitleIn(string line)
    {
        var at = line.LastIndexOf(Title, StringComparison.Ordinal);
        return at >= 0 && line.EndsWith(" ---", StringComparison.Ordinal) ? line[at..] : null;
    }

    private void Answer() => _questions.Peek().Source.TrySetResult(_result!);

    // Whoever gave up waiting is passed over.
    private void Finish()
    {
        _questions.Dequeue();
        _stage = Stage.Free;
        while (_questions.TryPeek(out var next) && next.Source.Task.IsCompleted)
        {
            _questions.Dequeue();
        }

        if (_typed.Length != 0)
        {
            _toLine(_typed.ToArray());
            _typed.SetLength(0);
        }

        if (_questions.Count != 0)
        {
            Call();
        }
    }

    private void Show(byte[] bytes, MemoryStream shown)
    {
        shown.Write(bytes);
        foreach (var value in bytes)
        {
            Remember(value);
        }
    }

    private void Remember(byte value) => _tail = value == '\n' || _tail.Length == LongestTail ? [] : [.. _tail, value];

    // Whether a byte is one of the begun line that people have seen before.
    private bool IsAgain(byte value, MemoryStream shown)
    {
        if (_matched == _again.Length)
        {
            return false;
        }

        if (_again[_matched] == value)
        {
            _matched++;
            return true;
        }

        // It is another line after all.
        Show([.. "\r\n"u8, .. _again[.._matched]], shown);
        _again = [];
        _matched = 0;
        return false;
    }
}
