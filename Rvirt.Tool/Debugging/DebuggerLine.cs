using System;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;

namespace Rvirt.Tool.Debugging;

/// <summary>Packets of gdb's remote protocol, <c>$TEXT#SUM</c>, over a pair of streams.</summary>
public sealed class DebuggerLine : IDisposable
{
    private const int End = -1;
    private const int Interrupt = 3;

    private readonly BlockingCollection<int> _bytes = [];
    private readonly Stream _to;
    private bool _acknowledges = true;

    /// <summary>Reads one stream, on a thread of its own, and writes another.</summary>
    public DebuggerLine(Stream from, Stream to)
    {
        _to = to;
        new Thread(() => Read(from)) { IsBackground = true, Name = "gdb" }.Start();
    }

    /// <summary>The next packet.</summary>
    /// <returns>Null where the line ended.</returns>
    public string? Next()
    {
        while (true)
        {
            var first = _bytes.Take();
            if (first == End)
            {
                return null;
            }

            if (first != '$')
            {
                continue;
            }

            var text = new StringBuilder();
            int value;
            while ((value = _bytes.Take()) != '#' && value != End)
            {
                text.Append((char)value);
            }

            if (value == End)
            {
                return null;
            }

            var sum = $"{(char)_bytes.Take()}{(char)_bytes.Take()}";
            var right = int.TryParse(sum, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var said) && said == Sum(text.ToString());
            if (_acknowledges)
            {
                Write(right ? "+" : "-");
            }

            if (right)
            {
                return text.ToString();
            }
        }
    }

    /// <summary>Whether gdb wants what runs to stop, or has gone, within a time.</summary>
    public bool IsInterrupted(TimeSpan patience)
    {
        while (_bytes.TryTake(out var value, patience))
        {
            if (value is Interrupt or End)
            {
                if (value == End)
                {
                    _bytes.Add(End);
                }

                return true;
            }
        }

        return false;
    }

    /// <summary>As if gdb had gone.</summary>
    public void Close()
    {
        // As many as the end of a packet has bytes: one that was cut off is no packet.
        _bytes.Add(End);
        _bytes.Add(End);
        _bytes.Add(End);
    }

    /// <summary>Answers.</summary>
    public void Answer(string text) => Write($"${text}#{Sum(text):x2}");

    /// <summary>From now on packets come whole, and none is acknowledged.</summary>
    public void TrustLine() => _acknowledges = false;

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private static int Sum(string text) => text.Sum(letter => letter) & 0xff;

    private void Write(string text)
    {
        try
        {
            _to.Write(Encoding.Latin1.GetBytes(text));
            _to.Flush();
        }
        catch (IOException)
        {
            // It has gone, which the reader sees.
        }
    }

    private void Read(Stream from)
    {
        var buffer = new byte[4096];
        try
        {
            int count;
            while ((count = from.Read(buffer)) != 0)
            {
                foreach (var value in buffer.AsSpan(0, count))
                {
                    _bytes.Add(value);
                }
            }
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            // As where it ends.
        }

        try
        {
            Close();
        }
        catch (ObjectDisposedException)
        {
            // Nobody listens any more.
        }
    }
}
