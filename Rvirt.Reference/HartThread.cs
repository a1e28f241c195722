using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using Rvirt.Reference.Harts;

namespace Rvirt.Reference;

/// <summary>
/// A thread of its own for a hart, so that S-mode software in C# can wait in the middle of a trap while other harts run. Threads take
/// turns: only one runs at any time, and runs repeat exactly.
/// </summary>
internal sealed class HartThread : IDisposable
{
    private readonly Hart _hart;
    private readonly Action? _begin;
    private readonly Thread _thread;
    private readonly SemaphoreSlim _go = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private ulong _slice;
    private bool _ending;
    private bool _relaxed;
    private Exception? _problem;

    public HartThread(Hart hart, Action? begin)
    {
        _hart = hart;
        _begin = begin;
        _thread = new Thread(Loop) { IsBackground = true, Name = "hart " + hart.Id };
        _thread.Start();
    }

    /// <summary>Runs the hart for a slice, or until its software waits.</summary>
    /// <returns>Steps made.</returns>
    public ulong Run(ulong slice)
    {
        _slice = slice;
        _go.Release();
        _done.Wait();
        if (_problem is { } problem)
        {
            _problem = null;
            ExceptionDispatchInfo.Throw(problem);
        }

        // A wait for another hart takes time: were it none, the machine could seem to stand still.
        var relaxed = _relaxed;
        _relaxed = false;
        return relaxed ? Math.Max(_hart.SliceCycles, 1) : _hart.SliceCycles;
    }

    /// <summary>Called by the hart's software: lets the others run, until the hart's next turn.</summary>
    public void Wait()
    {
        _done.Release();
        _go.Wait();
        if (_ending)
        {
            throw new OperationCanceledException("the machine is gone");
        }
    }

    /// <summary>Called by the hart's software: lets the others run, until the hart's next turn, and is no standstill.</summary>
    public void Relax()
    {
        _relaxed = true;
        Wait();
    }

    public void Dispose()
    {
        _ending = true;
        _go.Release();
        _thread.Join();
        _go.Dispose();
        _done.Dispose();
    }

    private void Loop()
    {
        _go.Wait();
        var begin = _begin;
        while (!_ending)
        {
            try
            {
                var first = begin;
                begin = null;
                first?.Invoke();
                _hart.Run(_slice);
            }
            catch (OperationCanceledException) when (_ending)
            {
                return;
            }
            catch (Exception problem)
            {
                // Whoever runs the machine gets it.
                _problem = problem;
            }

            _done.Release();
            _go.Wait();
        }
    }
}
