using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;

namespace Rvirt.Tool.Terminals;

/// <summary>Types on a line that may take bytes slowly, or not at all for a while, without holding up what it says.</summary>
public sealed class LineWriter
{
    private const int Plenty = 65536;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly Queue<byte[]> _queue = new();
    private readonly Stream _line;
    private int _waiting;
    private bool _gone;

    /// <summary>Takes over a line.</summary>
    public LineWriter(Stream line)
    {
        _line = line;
        new Thread(Run) { IsBackground = true, Name = "line" }.Start();
    }

    /// <summary>Types bytes, behind those that wait.</summary>
    public void Write(ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            if (!_gone)
            {
                _queue.Enqueue(bytes.ToArray());
                _waiting += bytes.Length;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Waits while plenty waits to be typed: who could type without end calls this in between.</summary>
    public void AwaitRoom()
    {
        lock (_gate)
        {
            while (_waiting > Plenty && !_gone)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Nothing is typed any more, once what waits was; a line that takes nothing is not waited for.</summary>
    public void Close()
    {
        lock (_gate)
        {
            while (_waiting != 0 && !_gone && Monitor.Wait(_gate, s_patience))
            {
                // Some of it has gone.
            }

            Drop();
        }
    }

    private void Drop()
    {
        lock (_gate)
        {
            _gone = true;
            Monitor.PulseAll(_gate);
        }
    }

    private byte[]? Next()
    {
        lock (_gate)
        {
            while (_queue.Count == 0 && !_gone)
            {
                Monitor.Wait(_gate);
            }

            return _gone ? null : _queue.Peek();
        }
    }

    private void Run()
    {
        try
        {
            while (Next() is { } bytes)
            {
                _line.Write(bytes);
                _line.Flush();
                lock (_gate)
                {
                    _queue.Dequeue();
                    _waiting -= bytes.Length;
                    Monitor.PulseAll(_gate);
                }
            }
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            // Who reads the line sees that it has ended.
            Drop();
        }
    }
}
