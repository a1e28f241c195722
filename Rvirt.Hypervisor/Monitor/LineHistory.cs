using System;
using System.Runtime.CompilerServices;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The last lines that were typed.</summary>
internal struct LineHistory
{
    /// <summary>Most lines kept.</summary>
    public const int Capacity = 8;

    private Lines _lines;
    private int _next;

    /// <summary>Number of lines.</summary>
    public int Count { get; private set; }

    /// <summary>Keeps a line, unless it is empty or the same as the last.</summary>
    public void Add(in CommandLine line)
    {
        if (line.Length == 0 || (Count != 0 && Back(1).Text.SequenceEqual(line.Text)))
        {
            return;
        }

        _lines[_next] = line;
        _next = (_next + 1) % Capacity;
        Count = Math.Min(Count + 1, Capacity);
    }

    /// <summary>A line before.</summary>
    /// <param name="lines">1 for the last one, up to <see cref="Count"/>.</param>
    public readonly CommandLine Back(int lines) => _lines[(_next + Capacity - lines) % Capacity];

    [InlineArray(Capacity)]
    private struct Lines
    {
        private CommandLine _first;
    }
}
