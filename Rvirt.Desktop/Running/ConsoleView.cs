using System;
using System.Globalization;
using Rvirt.Reference;

namespace Rvirt.Desktop.Running;

/// <summary>A guest's console on standard output, and below it, on a terminal, one line of progress.</summary>
internal sealed class ConsoleView
{
    private const string EraseLine = "\r\e[K";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    private readonly Machine _machine;
    private readonly string? _until;
    private readonly bool _live = !Console.IsOutputRedirected;
    private int _shown;
    private int _searched;
    private TimeSpan _last;
    private ulong _lastInstructions;
    private bool _progressShown;

    public ConsoleView(Machine machine, string? until)
    {
        _machine = machine;
        _until = until;
    }

    /// <summary>Whether the text that is waited for has appeared.</summary>
    public bool Found { get; private set; }

    /// <summary>Shows new output, and from time to time the progress.</summary>
    public void Progress(ulong instructions, TimeSpan elapsed, ulong? traps)
    {
        Show();
        if (!_live || elapsed - _last < Interval)
        {
            return;
        }

        var rate = (instructions - _lastInstructions) / (elapsed - _last).TotalSeconds / 1e6;
        (_last, _lastInstructions) = (elapsed, instructions);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"[{elapsed:mm\\:ss}] {instructions / 1e6:F0} million instructions, {rate:F0} million a second{(traps is { } count ? $", {count} traps" : "")}");
        Console.Write((_progressShown ? EraseLine : "\n") + text);
        _progressShown = true;
    }

    /// <summary>Shows what is left, and takes the progress away.</summary>
    public void End()
    {
        Show();
        Hide();
        Console.WriteLine();
    }

    private void Show()
    {
        var length = _machine.Uart.OutputLength;
        if (length == _shown)
        {
            return;
        }

        Hide();
        var output = _machine.Uart.Output;
        Console.Write(output[_shown..]);
        _shown = length;
        if (_until is { Length: > 0 } && output.IndexOf(_until, _searched, StringComparison.Ordinal) >= 0)
        {
            Found = true;
        }

        _searched = Math.Max(0, length - (_until?.Length ?? 0));
    }

    private void Hide()
    {
        // The progress stands one line below the guest's line, which goes on where it was.
        if (_progressShown)
        {
            var output = _machine.Uart.Output.AsSpan(0, _shown);
            Console.Write(EraseLine + "\e[A" + EraseLine);
            Console.Write(output[(output.LastIndexOf('\n') + 1)..]);
            _progressShown = false;
        }
    }
}
